"""Waiting for an event: said first, then looked back, so that nothing slips between."""

from datetime import timedelta

import pytest

from functions.profiles.api import Arrival
from functions.shared.clock import format_instant
from functions.shared.events import Event
from tests.fakes.people import record
from tests.functions.journeys.published import NOON, journey, reentry


@pytest.fixture
def run(world):
    world.publish(journey(reentry=reentry("never")))
    world.deliver([world.happens("m-1", revenue=10)])
    return world.run()


def answered(world):
    return [(one["token"], one["event"]["messageId"]) for one in world.wire.answers]


def test_a_wait_is_registered_in_two_requests_and_every_five_seconds_one_for_the_switches(world, run):
    world.waiting(run, where="event.properties.revenue > 5", on="Order Completed")
    assert world.wire.requests == ["BatchGetItem", "UpdateItem", "BatchGetItem"]
    wait = world.run().wait
    assert (wait.step, wait.token, wait.on, wait.where) == (
        "second_order",
        "token-1",
        ("Order Completed",),
        "event.properties.revenue > 5",
    )
    assert answered(world) == []


def test_the_event_that_entered_is_no_answer(world, run):
    world.waiting(run)
    assert answered(world) == []


def test_an_event_that_happened_before_the_wait_answers_it_at_once(world, run):
    world.happens("m-2", at=world.later(hours=1), revenue=3)
    world.waiting(run, at=world.later(hours=1))
    assert answered(world) == [("token-1", "m-2")]
    assert world.wire.answers[0]["event"]["properties"] == {"revenue": 3}
    assert world.run().wait is None


def test_the_look_back_ends_at_the_last_step_that_was_not_a_wait(world, run):
    world.happens("m-2", at=world.later(hours=1))
    sent_at = world.later(hours=1)
    steps = {"hello": {"outcome": "sent", "message": "msg-1", "at": format_instant(sent_at)}}
    world.waiting(run, steps=steps, at=world.later(hours=1))
    assert answered(world) == []
    world.happens("m-3", at=sent_at)
    world.waiting(run, token="token-2", steps=steps, at=world.now)
    assert answered(world) == [("token-2", "m-3")]


def test_the_first_of_several_is_the_answer_and_the_condition_holds(world, run):
    for n, revenue in ((2, 1), (3, 50), (4, 60)):
        world.happens(f"m-{n}", at=world.later(hours=1), revenue=revenue)
    world.waiting(run, where="event.properties.revenue > entry.properties.revenue")
    assert answered(world) == [("token-1", "m-3")]


def test_only_receipts_of_the_named_message_count(world, run):
    steps = {"hello": {"outcome": "sent", "message": "msg-1"}, "other": {"outcome": "withheld"}}
    world.happens("m-2", "Email Opened", at=world.later(hours=1), message="msg-0")
    world.waiting(run, on="Email Opened", message="hello", steps=steps)
    assert answered(world) == []
    world.deliver([world.happens("m-3", "Email Opened", at=world.later(hours=1), message="msg-2")])
    assert answered(world) == []
    world.deliver([world.happens("m-4", "Email Opened", at=world.later(hours=1), message="msg-1")])
    assert answered(world) == [("token-1", "m-4")]


def test_a_message_that_was_never_sent_has_no_receipts(world, run):
    steps = {"hello": {"outcome": "failed", "reason": "unknown_outcome"}}
    world.waiting(run, on="Email Opened", message="hello", steps=steps)
    world.deliver([world.happens("m-2", "Email Opened", at=world.later(hours=1))])
    assert answered(world) == []


def test_an_event_that_ended_one_wait_ends_no_other(world, run):
    world.waiting(run)
    person = world.happens("m-2", at=world.later(hours=1))
    world.deliver([person])
    steps = {"second_order": {"outcome": "happened", "event": world.wire.answers[0]["event"]}}
    world.waiting(run, token="token-2", step="third_order", steps=steps, at=world.later(hours=1))
    world.deliver([person])
    assert answered(world) == [("token-1", "m-2")]
    world.deliver([world.happens("m-3", at=world.later(hours=1))])
    assert answered(world)[1:] == [("token-2", "m-3")]


def test_conditions_on_earlier_steps_hold_when_the_event_comes_later(world, run):
    steps = {"hello": {"outcome": "withheld", "at": format_instant(NOON)}}
    world.waiting(run, where='steps.hello.outcome == "sent"', steps=steps)
    world.deliver([world.happens("m-2", at=world.later(hours=1))])
    assert answered(world) == []
    world.waiting(run, token="token-2", where='steps.hello.outcome == "withheld"', steps=steps)
    assert answered(world) == [("token-2", "m-2")]


def test_an_event_that_comes_between_registering_and_looking_back_is_answered(world, run):
    late = []
    world.wire.before["BatchGetItem"] = lambda: late.append(world.happens("m-2", at=world.later(seconds=1)))
    world.waiting(run)
    world.wire.say["SendTaskSuccess"] = "late"
    assert world.deliver(late) == []
    assert {message for _, message in answered(world)} <= {"m-2"}
    assert world.run().wait is None


def test_a_run_that_was_ended_waits_for_nothing(world, run):
    world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    world.happens("m-2", at=world.later(hours=1))
    world.waiting(run)
    assert world.wire.requests[-1] == "UpdateItem"
    assert (answered(world), world.run().wait) == ([], None)


def test_a_registration_that_was_delayed_replaces_no_later_wait(world, run):
    world.waiting(run, token="token-2", step="later_step", at=NOON + timedelta(days=2))
    world.waiting(run, token="token-1", at=NOON + timedelta(days=1))
    assert world.run().wait.token == "token-2"
    world.waiting(run, token="token-2", step="later_step", at=NOON + timedelta(days=2))
    assert world.run().wait.token == "token-2"
    world.waiting(run, token="token-3", step="later_step", at=NOON + timedelta(days=2))
    assert world.run().wait.token == "token-3"


def test_a_person_without_a_profile_waits_without_an_answer(world, run):
    world.enrolments.enter(run_of_nobody(run), 0)
    world.waiting(run_of_nobody(run))
    assert world.runs("nobody")[0].wait.token == "token-1"


def run_of_nobody(run):
    from dataclasses import replace

    return replace(run, profile="nobody")


def test_what_was_recorded_before_anybody_waited_for_it_is_no_answer(world, run):
    at = world.later(hours=1)
    event = Event("m-2", "track", at, at, "test", True, {"type": "track", "event": "Order Completed"})
    record("profiles", "ann", Arrival(event), series=world.published.series, awaited=[])
    world.waiting(run, at=world.later(hours=1))
    assert answered(world) == []
    world.happens("m-3", at=world.now)
    world.waiting(run, token="token-2", at=world.now)
    assert answered(world) == [("token-2", "m-3")]


def test_the_receipts_of_any_channel_count_where_a_step_sent_on_several(world, run):
    steps = {"alert": {"outcome": "sent", "message": ["msg-1", "msg-2", ""]}}
    world.waiting(run, on="Email Opened", message="alert", steps=steps)
    assert world.run().wait.messages == ("msg-1", "msg-2")
    world.deliver([world.happens("m-4", "Email Opened", at=world.later(hours=1), message="msg-2")])
    assert "SendTaskSuccess" in world.wire.requests


def test_an_event_that_ended_a_wait_of_an_earlier_pass_ends_no_other(world, run):
    world.happens("m-2", at=world.later(hours=1))
    first = {"outcome": "happened", "event": {"messageId": "m-2"}}
    world.waiting(run, "token-2", steps={"second_order": first}, visit=2, at=world.later(hours=1))
    assert world.run().wait.visit == 2
    assert world.run().taken == {"m-2"}
    # The second pass ran out of time, and its answer is all that the machine carries on.
    world.waiting(run, "token-3", steps={"second_order": {"Error": "States.Timeout"}}, visit=3, at=world.later(days=1))
    assert world.wire.requests.count("SendTaskSuccess") == 0
    assert world.run().taken == {"m-2"}
