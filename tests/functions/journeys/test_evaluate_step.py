"""What machines ask: which branch, and until when."""

import json
from datetime import timedelta

import boto3
import pytest
from moto.events.models import EventsBackend

from functions.decisioning.policy import Learned
from functions.journeys.go_on import go_on
from functions.journeys.machines import Machines
from functions.journeys.times import UnreadableDate
from functions.shared.clock import format_instant, parse_instant
from tests.functions.journeys.conftest import PREFIX
from tests.functions.journeys.published import NOON, journey, reentry


@pytest.fixture
def run(world):
    world.publish(
        journey(reentry=reentry("never")),
        policy={"audiences": {"fans": {"where": 'count("Order Completed") >= 2'}, "friends": {"list": True}}},
    )
    world.deliver([world.happens("m-1", revenue=10)])
    return world.run()


def ask(world, run, do, *, at=NOON, **said):
    evaluate = world.handler("evaluate")
    world.wire.reset()
    task = {
        "do": do,
        "journey": run.journey,
        "version": run.version,
        "step": "which",
        "enrolment": run.enrolment,
        "profile": run.profile,
        "steps": {"hello": {"outcome": "sent"}},
        "entered_at": format_instant(at),
        **said,
    }
    return evaluate(task, None)


@pytest.mark.parametrize(
    ("branches", "expected"),
    [
        (["entry.properties.revenue > 5", "profile.identified"], 0),
        (["entry.properties.revenue > 50", "profile.identified"], 1),
        (['profile.traits.tier == "gold"'], -1),
        (['steps.hello.outcome == "withheld"', 'steps.hello.outcome == "sent"'], 1),
        (['in_audience("friends")', 'in_audience("fans")', 'count("Order Completed") == 1'], 2),
        (['expected("Order Completed") > now'], -1),
        ([], -1),
    ],
)
def test_a_split_takes_the_first_branch_that_certainly_holds(world, run, branches, expected):
    assert ask(world, run, "split", branches=branches) == {"branch": expected}
    assert world.wire.requests == ["TransactGetItems"]


def test_the_hour_of_a_split_is_the_persons(world, run):
    assert ask(world, run, "split", branches=["hour(now) == 14"]) == {"branch": 0}, "noon UTC in Helsinki"


def test_a_wait_ends_at_the_next_local_time(world, run):
    assert ask(world, run, "wait", until={"until": "09:00"}) == {"until": "2026-03-03T07:00:00.000Z"}


def test_a_date_that_is_past_means_now(world, run):
    until = {"until": 'last("Order Completed")', "minus": "3d"}
    assert ask(world, run, "wait", until=until, at=NOON + timedelta(minutes=1)) == {"until": "2026-03-02T12:01:00.000Z"}


def test_an_unreadable_date_is_raised_by_its_name(world, run):
    with pytest.raises(UnreadableDate):
        ask(world, run, "wait", until={"until": "profile.traits.renewal_at"})


def test_a_prediction_reads_the_population_in_the_same_request(world, run):
    world.decisions.record("Order Completed", Learned(timedelta(days=30), 12), NOON)
    until = {"until": 'expected("Order Completed")', "minus": "2d"}
    assert ask(world, run, "wait", until=until) == {"until": format_instant(NOON + timedelta(days=28))}
    assert world.wire.requests == ["TransactGetItems"]


def test_a_persons_own_habit_counts_more_than_the_populations(world, run):
    world.decisions.record("Order Completed", Learned(timedelta(days=30), 12), NOON)
    for n in (2, 3):
        world.happens(f"m-{n}", at=world.later(days=10))
    answer = ask(world, run, "wait", until={"until": 'expected("Order Completed")'}, at=world.now)
    assert parse_instant(answer["until"]) == NOON + timedelta(days=30)


def test_a_wait_for_until_a_time_is_told_in_whole_seconds_and_never_in_none(world, run):
    at = NOON + timedelta(milliseconds=1)
    world.now = at
    assert ask(world, run, "wait_for", until={"until": "15:00"}, at=at) == {"seconds": 3600}
    past = {"until": 'last("Order Completed")', "minus": "3d"}
    assert ask(world, run, "wait_for", until=past, at=at) == {"seconds": 1}
    assert ask(world, run, "wait_for", until={"until": "2099-01-01"}, at=at) == {"seconds": 99_999_999}
    with pytest.raises(UnreadableDate):
        ask(world, run, "wait_for", until={"until": "profile.traits.renewal_at"})


@pytest.fixture
def told(world):
    """What was told on the bus: (detail type, source, message)."""
    entries = []
    boto3.client("events").create_event_bus(Name="segue-test")
    put = EventsBackend.put_events
    EventsBackend.put_events = lambda backend, events: [entries.extend(events), put(backend, events)][1]
    yield lambda: [(one["DetailType"], one["Source"], json.loads(one["Detail"])) for one in entries]
    EventsBackend.put_events = put


def test_a_step_sets_traits_from_paths_and_leaves_out_what_leads_nowhere(world, run, told):
    traits = {
        "tier": "gold",
        "spent": "entry.properties.revenue",
        "x": "entry.properties.nothing",
        "y": '"now"',
        "n": 3,
    }
    answer = ask(world, run, "set", traits=traits, visit=1)
    [(name, source, message)] = told()
    assert (name, source, message["type"]) == ("identify", "segue.journeys", "identify")
    assert message["traits"] == answer["did"]["set"] == {"tier": "gold", "spent": 10, "y": "now", "n": 3}
    assert message["context"] == {"externalIds": [{"type": "segue_profile", "id": "ann"}]}
    assert message["timestamp"] == "2026-03-02T12:00:00.000Z"
    assert answer["outcome"] == "done"


def test_an_act_asked_for_again_says_the_same_and_another_visit_something_new(world, run, told):
    for visit in (1, 1, 2):
        ask(world, run, "join", audience="friends", visit=visit)
    ids = [message["messageId"] for _, _, message in told()]
    assert ids[0] == ids[1] != ids[2]
    assert {(one["type"], one["audience"], one["state"]) for _, _, one in told()} == {("audience", "friends", "joined")}


def test_a_decision_is_asked_for_as_an_event_of_the_person(world, run, told):
    assert ask(world, run, "decide", decision="next-best", visit=1)["did"]["decided"] == "next-best"
    [(name, _, message)] = told()
    assert (name, message["event"], message["properties"]) == (
        "Decision Requested",
        "Decision Requested",
        {"decision": "next-best"},
    )


def test_a_run_that_has_ended_says_nothing_any_more(world, run, told):
    world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    assert ask(world, run, "leave", audience="friends", visit=1) == {"outcome": "done", "did": {}}
    assert told() == []


def test_a_run_sees_at_once_what_it_has_done_itself(world, run, told):
    steps = {"mark": ask(world, run, "set", traits={"tier": "gold"}, visit=1)}
    steps["on"] = ask(world, run, "join", audience="friends", visit=1, steps=steps)
    branches = ['profile.traits.tier == "gold" and in_audience("friends")']
    assert ask(world, run, "split", branches=branches, steps=steps) == {"branch": 0}
    steps["off"] = ask(world, run, "leave", audience="friends", visit=1, steps=steps)
    assert steps["off"]["did"]["at"] > steps["on"]["did"]["at"], "of one millisecond, and yet one after the other"
    assert ask(world, run, "split", branches=branches, steps=steps) == {"branch": -1}


def test_what_was_said_later_from_outside_counts_more_than_what_the_run_did(world, run, told):
    steps = {"mark": ask(world, run, "set", traits={"tier": "gold", "other": 1}, visit=1)}
    world.states_traits("m-7", at=world.later(minutes=5), tier="silver")
    branches = ['profile.traits.tier == "silver" and profile.traits.other == 1']
    assert ask(world, run, "split", branches=branches, steps=steps) == {"branch": 0}


def continued(world, run, execution=None, **said):
    loops = {"visit": 4, "passes": 0, "again": 3}
    execution = execution or run.execution_name
    more = {"execution": execution, "resume_at": "Again?", "contacts": {"email": "email#ann"}, "loops": loops}
    return ask(world, run, "continue", **more, **said)


def test_a_run_goes_on_in_a_new_execution_once_however_often_it_is_asked(world, run):
    for _ in range(2):
        assert continued(world, run) == {"run": 2}
    now = world.run()
    assert (now.run, now.execution_name) == (2, f"{run.enrolment}-2")
    assert sorted(world.executions()) == [f"{run.enrolment}-1", f"{run.enrolment}-2"]
    assert world.input_of(now) == {
        "enrolment": run.enrolment,
        "profile": "ann",
        "arms": {},
        "contacts": {"email": "email#ann"},
        "steps": {"hello": {"outcome": "sent"}},
        "loops": {"visit": 4, "passes": 0, "again": 3},
        "resume_at": "Again?",
    }


def test_a_run_that_was_ended_does_not_go_on(world, run):
    world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    assert continued(world, run) == {"run": 1}
    assert list(world.executions()) == [f"{run.enrolment}-1"]


def test_a_run_that_was_moved_to_another_version_meanwhile_is_not_started_in_the_old_one(world, run):
    assert world.enrolments.move("ann", run.enrolment, 1, version="v2", arms={}) is not None
    assert continued(world, run) == {"run": 1}
    assert list(world.executions()) == [f"{run.enrolment}-1"]


def test_an_exit_stops_the_execution_the_run_is_at_now(world, run):
    assert continued(world, run) == {"run": 2}
    ended = world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    assert ended.execution_name == f"{run.enrolment}-2", "though whoever ends it read the row before"


def test_an_exit_between_row_and_start_leaves_no_execution_behind(world, run):
    class Exiting(Machines):
        def go_on(self, enrolment, **said):
            world.enrolments.exit(enrolment, "Unsubscribed", NOON, "m-9", None)
            super().go_on(enrolment, **said)

    task = {"profile": "ann", "enrolment": run.enrolment, "execution": run.execution_name, "steps": {}, "loops": {}}
    go_on({**task, "contacts": {}, "resume_at": "x", "version": run.version}, world.enrolments, Exiting(PREFIX))
    assert world.executions()[f"{run.enrolment}-2"] == "ABORTED"


def test_nobody_takes_no_branch(world, run):
    assert ask(world, run, "split", branches=["profile.identified"], profile="nobody") == {"branch": -1}
