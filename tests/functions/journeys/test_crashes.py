"""The process may end around any AWS request: redelivery leaves one row and one execution, and loses no answer."""

from dataclasses import replace

import pytest

from tests.fakes.providers import Killed
from tests.functions.journeys.published import NOON, entered_by, goal, journey, reentry


def entering(world, person):
    world.publish(journey(goal=goal("Order Completed", keep=True), reentry=reentry("never")))
    return [[world.happens("m-1", profile=person)]]


def held_out(world, person):
    world.publish(journey(holdout=1.0))
    return [[world.happens("m-1", profile=person)]]


def leaving(world, person):
    world.publish(journey(exit=[entered_by("Subscription Cancelled")]))
    world.deliver([world.happens("m-1", profile=person)])
    return [[world.happens("m-2", "Subscription Cancelled", at=world.later(minutes=1), profile=person)]]


def leaving_and_entering(world, person):
    world.publish(journey(exit=[entered_by("Order Completed")], goal=goal("Order Completed", keep=True)))
    world.deliver([world.happens("m-1", profile=person)])
    return [[world.happens("m-2", at=world.later(minutes=1), profile=person, revenue=3)]]


def entering_and_leaving_at_once(world, person):
    world.publish(journey(exit=[entered_by("Subscription Cancelled")]))
    one = world.happens("m-1", profile=person)
    other = world.happens("m-2", "Subscription Cancelled", profile=person)
    return [[{"profile": other["profile"], "events": [*one["events"], *other["events"]]}]]


def waking(world, person):
    world.publish(journey(reentry=reentry("never")))
    world.deliver([world.happens("m-1", profile=person)])
    world.waiting(world.run(person), token=f"token-{person}")
    return [[world.happens("m-2", at=world.later(minutes=1), profile=person)]]


def state(world, person):
    runs = [replace(run, profile="", enrolment="", version="", arms={}) for run in world.runs(person)]
    executions = [
        status
        for run in world.runs(person)
        for name, status in world.executions().items()
        if name == run.execution_name
    ]
    answered = {str(one["event"]) for one in world.wire.answers if one["token"] == f"token-{person}"}
    return runs, executions, answered


CASES = (entering, held_out, leaving, leaving_and_entering, entering_and_leaving_at_once, waking)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_crash_around_any_request_changes_nothing_but_the_time(world, case):
    messages = case(world, "p-clean")
    clean = world.meanwhile(*messages)
    expected = state(world, "p-clean")
    assert len(clean) >= 2

    for point in range(1, len(clean) + 1):
        for moment in ("before", "after"):
            person = f"p-{point}-{moment}"
            world.now = NOON
            messages = case(world, person)
            world.handler("advance")
            world.wire.reset()
            world.wire.kill = (point, moment)
            with pytest.raises(Killed):
                world.deliver(*messages)
            assert world.wire.kill is None
            world.restart()
            assert world.deliver(*messages) == []
            assert state(world, person) == expected, f"killed {moment} request {point} ({clean[point - 1]})"


def test_between_row_and_execution_the_row_has_already_spoken(world):
    # The gate reads the row: a message queued before the crash is withheld although its execution still runs.
    messages = leaving(world, "ann")
    world.handler("advance")
    world.wire.reset()
    world.wire.kill = (3, "before")
    with pytest.raises(Killed):
        world.deliver(*messages)
    assert world.run().status == "exited"
    assert list(world.executions().values()) == ["RUNNING"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", [1, 2, 3, 4, 5])
def test_a_crash_while_registering_a_wait_never_loses_the_answer(world, point, moment):
    world.publish(journey(reentry=reentry("never")))
    world.deliver([world.happens("m-1")])
    run = world.run()
    world.happens("m-2", at=world.later(minutes=1))
    world.handler("register")
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.waiting(run, token="token-1", at=NOON)
    world.restart()
    # Step Functions invokes again with a token of its own; the first is dead.
    world.waiting(run, token="token-2", at=NOON)
    assert world.wire.answers[-1]["token"] == "token-2"
    assert world.wire.answers[-1]["event"]["messageId"] == "m-2"
    assert world.run().wait is None
