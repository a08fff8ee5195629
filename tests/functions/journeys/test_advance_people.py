"""The journeys consumer: entries, exits, goals and wakes, through the handler as SQS would deliver."""

import re
from datetime import timedelta

from functions.journeys.enrolment_ids import enrolment_id
from tests.functions.journeys.published import NOON, entered_by, goal, journey, reentry


def test_an_entry_costs_four_requests_and_every_five_seconds_one_for_the_switches(world):
    assert world.meanwhile([world.happens("m-1", revenue=40)]) == [
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
        "StartExecution",
        "UpdateItem",
    ]
    run = world.run()
    assert (run.status, run.journey, run.version, run.entered_at) == ("active", "welcome", "v1", NOON)
    assert run.enrolment == enrolment_id("a deployment's key", "welcome", "m-1")
    assert run.entry.properties == {"revenue": 40}
    assert world.executions() == {f"{run.enrolment}-1": "RUNNING"}
    assert world.input_of(run) == {
        "enrolment": run.enrolment,
        "profile": "ann",
        "arms": {},
        "contacts": {"email": "email#ann"},
        "steps": {},
        "loops": {"visit": 1, "passes": 0},
        "resume_at": "",
    }


def test_an_event_that_changes_nothing_costs_one_query(world):
    world.publish(journey(entry=entered_by("Order Completed", "event.properties.revenue > 100")))
    assert world.meanwhile([world.happens("m-1", revenue=40)]) == ["Query"]
    assert world.runs() == []


def test_the_same_delivery_again_changes_nothing(world):
    world.publish(journey(reentry=reentry("always"), exit=[entered_by("Order Completed")]))
    first, second = world.happens("m-1"), world.happens("m-2", at=world.later(minutes=1))
    world.deliver([first, second])
    before = world.runs()
    assert [run.status for run in before] == ["exited", "active"]
    for again in ([first, second], [second], [first], [second, first]):
        world.restart()
        assert world.deliver(again) == []
        assert world.runs() == before
    assert sorted(world.executions().values()) == ["ABORTED", "RUNNING"]


def test_an_exit_ends_row_and_execution_in_two_requests(world):
    world.publish(journey(exit=[entered_by("Subscription Cancelled")]))
    world.deliver([world.happens("m-1")])
    leaving = world.happens("m-2", "Subscription Cancelled", at=world.later(hours=2))
    assert world.meanwhile([leaving]) == ["Query", "UpdateItem", "StopExecution"]
    run = world.run()
    assert (run.status, run.reason, run.ended_by, run.ended_at) == (
        "exited",
        "Subscription Cancelled",
        "m-2",
        NOON + timedelta(hours=2),
    )
    assert list(world.executions().values()) == ["ABORTED"]


def test_an_exit_may_end_only_its_own_keys_run(world):
    world.publish(
        journey(
            reentry=reentry("per", key="event.properties.id"),
            exit=[entered_by("Order Cancelled", "event.properties.id == entry.properties.id")],
        )
    )
    world.deliver([world.happens("m-1", id="a"), world.happens("m-2", at=world.later(minutes=1), id="b")])
    world.deliver([world.happens("m-3", "Order Cancelled", at=world.later(minutes=1), id="a")])
    assert [(run.entry.properties["id"], run.status) for run in world.runs()] == [("a", "exited"), ("b", "active")]


def test_a_goal_ends_the_run_and_keeps_what_it_was_worth(world):
    world.publish(journey(goal=goal("Order Completed", within=3600, value="event.properties.revenue")))
    world.deliver([world.happens("m-1", revenue=10)])
    world.deliver([world.happens("m-2", at=world.later(minutes=5), revenue=12.5)])
    first, second = world.runs()
    assert (first.status, first.reason, first.goal_value) == ("exited", "Order Completed", 12.5)
    assert first.goal_reached_at == NOON + timedelta(minutes=5)
    assert (second.status, second.entry.message_id) == ("active", "m-2"), "exits and goals come before entries"


def test_a_kept_goal_is_recorded_once_and_the_run_goes_on(world):
    world.publish(journey(reentry=reentry("never"), goal=goal("Order Completed", keep=True)))
    world.deliver([world.happens("m-1")])
    world.deliver([world.happens("m-2", at=world.later(minutes=5))])
    world.deliver([world.happens("m-3", at=world.later(minutes=5))])
    run = world.run()
    assert (run.status, run.goal_reached_at, run.goal_value) == ("active", NOON + timedelta(minutes=5), None)


def test_a_goal_counts_after_the_run_completed_as_it_does_in_holdout(world):
    world.publish(journey(reentry=reentry("never"), goal=goal("Order Completed", within=3600)))
    world.deliver([world.happens("m-1")])
    run = world.run()
    world.enrolments.close("ann", run.enrolment, run=1, status="completed", reason="done", at=NOON)
    second = world.meanwhile([world.happens("m-2", at=world.later(minutes=59))])
    assert second == ["Query", "UpdateItem", "TransactWriteItems"]
    assert (world.run().status, world.run().goal_reached_at) == ("completed", NOON + timedelta(minutes=59))


def test_people_held_out_get_a_row_no_execution_and_their_goals(world):
    world.publish(journey(holdout=1.0, reentry=reentry("never"), goal=goal("Order Completed")))
    assert world.meanwhile([world.happens("m-1")]) == ["Query", "BatchGetItem", "TransactWriteItems"]
    world.deliver([world.happens("m-2", at=world.later(minutes=1))])
    run = world.run()
    assert (run.status, run.arms) == ("held_out", {})
    assert run.goal_reached_at == NOON + timedelta(minutes=1)
    assert world.executions() == {}


def test_an_awaited_event_wakes_its_step_once(world):
    world.publish(journey(reentry=reentry("never")))
    world.deliver([world.happens("m-1")])
    world.waiting(world.run())
    woken = world.happens("m-2", at=world.later(days=2), revenue=7)
    line = ["TransactWriteItems"]
    assert world.meanwhile([woken]) == ["Query", "SendTaskSuccess", "UpdateItem", *line]
    assert world.meanwhile([woken]) == ["Query", *line], "nothing but that it entered nobody"
    [answer] = world.wire.answers
    assert answer == {
        "token": "token-1",
        "outcome": "happened",
        "event": {
            "event": "Order Completed",
            "timestamp": "2026-03-04T12:00:00.000Z",
            "messageId": "m-2",
            "properties": {"revenue": 7},
        },
    }
    assert world.run().wait is None


def test_an_answer_that_comes_too_late_is_no_error(world):
    world.publish(journey(reentry=reentry("never")))
    world.deliver([world.happens("m-1")])
    world.waiting(world.run())
    world.wire.say["SendTaskSuccess"] = "late"
    assert world.deliver([world.happens("m-2", at=world.later(days=2))]) == []
    assert world.run().wait is None


def test_a_stale_entry_is_refused_but_a_stale_exit_is_not(world):
    world.publish(journey(exit=[entered_by("Order Completed")], reentry=reentry("always")))
    world.deliver([world.happens("m-1")])
    stale = world.happens("m-2", at=NOON + timedelta(minutes=1))
    world.now = NOON + timedelta(minutes=61, milliseconds=1)
    world.deliver([stale])
    assert [(run.entry.message_id, run.status) for run in world.runs()] == [("m-1", "exited")]


def test_a_message_nobody_can_read_returns_alone(world):
    bodies = [{"people": [world.happens("m-1")]}, {"nonsense": 1}, {"people": [{"profile": {}, "events": []}]}]
    assert world.invoke("advance", *bodies) == [1, 2]
    assert world.run().status == "active"


def test_one_person_nobody_can_read_holds_up_no_other_of_the_message(world):
    broken = {**world.happens("m-0", profile="bob"), "events": [{"messageId": "m-0"}]}
    assert world.deliver([world.happens("m-1"), broken, world.happens("m-2", profile="cat")]) == [0]
    assert world.run("ann").status == world.run("cat").status == "active"
    assert world.runs("bob") == []


def test_a_machine_that_cannot_be_started_leaves_a_row_that_heals(world, said):
    world.wire.say["StartExecution"] = "fault"
    person = world.happens("m-1")
    assert world.deliver([person]) == [0]
    assert world.run().status == "starting"
    assert not re.search(r"\bann\b", said())
    world.wire.say.clear()
    world.later(hours=3)
    assert world.deliver([person]) == [], "healing is no entry: it is never late"
    assert world.run().status == "active"
    assert len(world.executions()) == 1


def test_entries_that_know_nothing_of_each_other_become_one(world):
    # Both are decided on the same empty standing; the second to write has to look again.
    one, other = world.happens("m-1"), world.happens("m-2", at=world.later(seconds=1))
    world.wire.before["TransactWriteItems"] = lambda: world.deliver([other])
    assert world.deliver([one]) == []
    [run] = world.runs()
    assert (run.entry.message_id, run.status) == ("m-2", "active")
    assert len(world.executions()) == 1


def test_the_same_entry_decided_twice_at_once_becomes_one(world):
    one = world.happens("m-1")
    world.wire.before["TransactWriteItems"] = lambda: world.deliver([one])
    assert world.deliver([one]) == []
    assert world.run().status == "active"
    assert len(world.executions()) == 1


def test_an_exit_during_the_start_stops_what_was_started(world):
    world.publish(journey(exit=[entered_by("Subscription Cancelled")]))
    one = world.happens("m-1")
    leaving = world.happens("m-2", "Subscription Cancelled", at=world.later(seconds=1))
    world.wire.before["StartExecution"] = lambda: world.deliver([leaving])
    assert world.deliver([one]) == []
    assert (world.run().status, world.run().ended_by) == ("exited", "m-2")
    assert list(world.executions().values()) == ["ABORTED"]


def test_a_run_that_completes_before_its_starter_says_so_is_left_alone(world):
    def complete():
        world.enrolments.close("ann", world.run().enrolment, run=1, status="completed", reason="done", at=NOON)

    world.wire.before["UpdateItem"] = complete
    assert world.deliver([world.happens("m-1")]) == []
    assert world.run().status == "completed"
    assert list(world.executions().values()) == ["RUNNING"]


def test_many_events_of_one_person_are_taken_in_their_own_order(world):
    world.publish(journey(reentry=reentry("never"), exit=[entered_by("Subscription Cancelled")]))
    entering = world.happens("m-1")
    leaving = world.happens("m-2", "Subscription Cancelled", at=world.later(minutes=1))
    together = {"profile": leaving["profile"], "events": [*leaving["events"], *entering["events"]]}
    world.deliver([together])
    assert (world.run().status, world.run().ended_by) == ("exited", "m-2")


def test_at_one_instant_an_exit_comes_before_an_entry_and_a_later_message_still_ends_it(world):
    world.publish(
        journey("old", entry=entered_by("Cart Updated"), exit=[entered_by("Order Completed")]),
        journey("new", exit=[entered_by("Subscription Cancelled")]),
    )
    world.deliver([world.happens("m-0", "Cart Updated")])
    at = world.later(minutes=1)
    entering, leaving = world.happens("m-1", at=at), world.happens("m-2", "Subscription Cancelled", at=at)
    together = {"profile": leaving["profile"], "events": [*leaving["events"], *entering["events"]]}
    for _ in range(2):
        world.deliver([together])
        assert {run.journey: (run.status, run.ended_by) for run in world.runs()} == {
            "old": ("exited", "m-1"),
            "new": ("exited", "m-2"),
        }


def test_a_run_begins_with_every_loop_at_nought(world):
    world.publish(journey(loops=["again", "inner"]))
    world.deliver([world.happens("m-1")])
    assert world.input_of(world.run())["loops"] == {"visit": 1, "passes": 0, "again": 0, "inner": 0}
