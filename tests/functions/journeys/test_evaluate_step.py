"""What machines ask: which branch, and until when."""

from datetime import timedelta

import pytest

from functions.decisioning.policy import Learned
from functions.journeys.times import UnreadableDate
from functions.shared.clock import format_instant, parse_instant
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


def test_nobody_takes_no_branch(world, run):
    assert ask(world, run, "split", branches=["profile.identified"], profile="nobody") == {"branch": -1}
