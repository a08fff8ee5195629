"""Who enters: by an audience, by a decision, and why somebody else did not."""

import json
from dataclasses import replace

import pytest

from functions.journeys.api import DecisionLines
from functions.journeys.entries import contests
from functions.journeys.policy import Rules
from functions.shared.events import Event
from tests.fakes.providers import Killed
from tests.functions.journeys.published import (
    NOON,
    entered_by,
    entered_from,
    journey,
    publication,
    reentry,
)


def lines(world):
    found = DecisionLines("enrolments").scan()
    return sorted((one.journey, one.decision, one.reason, one.facts.get("winner")) for one in found)


def asked(world, message_id="m-1", decision="next", **said):
    return world.happens(message_id, "Decision Requested", decision=decision, **said)


def competing(*priorities, **said):
    """Journeys a, b, c ... of these priorities, all entered by the decision ``next``."""
    names = "abcdefgh"[: len(priorities)]
    return [
        journey(name, entry=entered_from(decision="next"), priority=priority, **said)
        for name, priority in zip(names, priorities, strict=True)
    ]


# By an audience


def test_who_enters_an_audience_enters_its_journey_and_no_other(world):
    world.publish(
        journey(entry=entered_from(audience="vip")),
        journey("others", entry=entered_from(audience="quiet")),
        journey("all", entry=entered_by("Audience Entered")),
    )
    world.deliver([world.happens("m-1", "Audience Entered", audience="vip")])
    assert [run.journey for run in world.runs()] == ["all", "welcome"]
    assert {run.entry.event for run in world.runs()} == {"Audience Entered"}


def test_an_audience_may_be_narrowed_by_a_condition(world):
    world.publish(journey(entry=entered_from('profile.traits.tier == "gold"', audience="vip")))
    assert world.meanwhile([world.happens("m-1", "Audience Entered", audience="vip")]) == ["Query"]
    assert world.runs() == []


@pytest.mark.parametrize("said", [{"audience": "vop"}, {"audience": ["vip"]}, {"audience": 3}, {}])
def test_an_audience_that_is_none_enters_nobody(world, said):
    world.publish(journey(entry=entered_from(audience="vip")))
    assert world.meanwhile([world.happens("m-1", "Audience Entered", **said)]) == ["Query"]
    assert world.runs() == []


def test_a_browser_puts_nobody_into_an_audience_but_may_ask_for_a_decision():
    rules = Rules.of(
        publication(journey(entry=entered_from(audience="vip")), journey("n", entry=entered_from(decision="next")))
    )
    for name, said, believed in (
        ("Audience Entered", {"audience": "vip"}, 0),
        ("Decision Requested", {"decision": "next"}, 1),
    ):
        trusted = Event("m-1", "track", NOON, NOON, "shop", True, {"event": name, "properties": said})
        assert len(contests(rules, trusted)) == 1
        assert len(contests(rules, replace(trusted, trusted=False))) == believed


# By a decision


def test_of_those_that_compete_the_highest_priority_enters_and_the_others_say_who_outranked_them(world):
    world.publish(*competing(10, 70, 70, 30))
    assert world.meanwhile([asked(world)]) == [
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
        "StartExecution",
        "UpdateItem",
    ]
    assert [(run.journey, run.status) for run in world.runs()] == [("b", "active")]
    assert lines(world) == [
        ("a", "outranked", "outranked", "b"),
        ("c", "outranked", "outranked", "b"),
        ("d", "outranked", "outranked", "b"),
    ]


def test_a_journey_that_may_not_be_entered_gives_its_place_to_the_next(world):
    first, *others = competing(70, 30, 10)
    world.publish({**first, "reentry": reentry("never")}, *others)
    world.deliver([asked(world)])
    world.deliver([asked(world, "m-2", at=world.later(minutes=1))])
    assert [(run.journey, run.entry.message_id) for run in world.runs()] == [("a", "m-1"), ("b", "m-2")]
    assert ("a", "withheld", "reentry", None) in lines(world)
    assert ("c", "outranked", "outranked", "b") in lines(world)


def test_a_journey_whose_condition_does_not_hold_does_not_compete(world):
    first, second = competing(70, 30)
    world.publish({**first, "entry": entered_from("event.properties.total > 9", decision="next")}, second)
    world.deliver([asked(world, total=3)])
    assert ([run.journey for run in world.runs()], lines(world)) == (["b"], [])


def test_whoever_is_held_out_of_the_best_enters_no_other(world):
    first, second = competing(70, 30)
    world.publish({**first, "holdout": 1.0}, second)
    world.deliver([asked(world)])
    assert [(run.journey, run.status) for run in world.runs()] == [("a", "held_out")]
    assert lines(world) == [("b", "outranked", "outranked", "a")]


def test_what_also_listens_by_itself_does_not_compete(world):
    world.publish(*competing(70, 30), journey("z", entry=entered_by("Decision Requested")))
    for _ in range(2):
        world.deliver([asked(world)])
        assert [run.journey for run in world.runs()] == ["a", "z"]


def test_another_decision_enters_nothing(world):
    world.publish(*competing(70))
    assert world.meanwhile([asked(world, decision="later")]) == ["Query"]


def test_the_same_request_again_finds_its_run_whatever_holds_by_then(world):
    world.publish(*competing(70, 30))
    request = asked(world)
    world.deliver([request])
    before = world.runs(), world.executions("a"), lines(world)
    # By now b would win, and later a competes no more at all.
    for now in (competing(30, 70), competing(30, 70)[1:]):
        world.published = publication(*now)
        world.publication_path.write_text(json.dumps(world.published.to_json()))
        world.restart()
        assert world.meanwhile([request]) == ["Query"]
        assert (world.runs(), world.executions("a"), lines(world)) == before
        assert world.executions("b") == {}


def test_two_deliveries_at_once_that_see_it_otherwise_enter_one_journey(world):
    world.publish(*competing(70, 30))
    request = asked(world)

    def rival():
        world.published = publication(*competing(30, 70))
        world.publication_path.write_text(json.dumps(world.published.to_json()))
        mine, world.handlers = world.handlers, {}
        world.deliver([request])
        world.handlers = mine

    world.handler("advance")
    world.wire.before["TransactWriteItems"] = rival
    world.deliver([request])
    assert [(run.journey, run.status) for run in world.runs()] == [("b", "active")]
    assert (len(world.executions("a")), len(world.executions("b"))) == (0, 1)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", [1, 2, 3, 4])
def test_a_crash_around_any_request_of_a_decision_leaves_one_run_and_every_line(world, point, moment):
    world.publish(*competing(70, 30))
    request = asked(world)
    world.handler("advance")
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.deliver([request])
    world.restart()
    assert world.deliver([request]) == []
    assert [(run.journey, run.status) for run in world.runs()] == [("a", "active")]
    assert lines(world) == [("b", "outranked", "outranked", "a")]
    assert (len(world.executions("a")), len(world.executions("b"))) == (1, 0)
