"""Who enters: by an audience, by a decision, and why somebody else did not."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.journeys.api import DecisionLines
from functions.journeys.entries import Contest, Enter, contests, tick, verdicts
from functions.journeys.model import Enrolment, EntryEvent
from functions.journeys.policy import Moment, Rules
from functions.profiles.model import Snapshot
from functions.shared.clock import parse_instant
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


# By a schedule

NEWS = {"cron": "0 9 * * mon", "zone": "Europe/Helsinki"}
TICK = "2026-03-02T07:00:00Z"


def weekly(where=None, **said):
    return journey(entry=entered_from(where, audience="vip", schedule=NEWS), **said)


def members(world, *profiles):
    """What ``enter_scheduled`` passes on; everybody has been seen a week ago."""
    for profile in profiles:
        world.happens(f"seen-{profile}", "Page Viewed", at=NOON - timedelta(days=7), profile=profile)
    return {"scheduled": [{"journey": "welcome", "tick": TICK, "profiles": list(profiles)}]}


def test_members_enter_at_a_tick_by_one_read_and_however_late_they_come(world):
    world.publish(weekly())
    passed_on = members(world, "ann", "bob")
    passed_on["scheduled"][0]["profiles"].append("gone")
    world.now = NOON + timedelta(hours=9)
    world.handler("advance")
    world.wire.reset()
    assert world.invoke("advance", passed_on) == []
    assert world.wire.requests[0] == "BatchGetItem"
    assert len(world.wire.requests) == 1 + 2 * 4
    for who in ("ann", "bob"):
        run = world.run(who)
        assert (run.status, run.entry.event, run.entry.message_id) == (
            "active",
            "Schedule",
            f"welcome/2026-03-02T07:00:00.000Z/{who}",
        )
        assert run.entry.timestamp == parse_instant(TICK)


def test_a_tick_told_again_enters_nobody_again(world):
    world.publish(weekly())
    passed_on = members(world, "ann", "bob")
    assert world.invoke("advance", passed_on, passed_on) == []
    before = world.runs("ann"), world.runs("bob"), world.executions(), lines(world)
    world.restart()
    assert world.invoke("advance", passed_on) == []
    assert (world.runs("ann"), world.runs("bob"), world.executions(), lines(world)) == before
    assert (len(world.executions()), lines(world)) == (2, [])


def test_a_tick_that_finds_the_last_run_still_active_is_a_line_and_no_run(world):
    world.publish(weekly())
    passed_on = members(world, "ann")
    world.invoke("advance", passed_on)
    passed_on["scheduled"][0]["tick"] = "2026-03-09T07:00:00Z"
    world.invoke("advance", passed_on)
    assert (len(world.runs()), lines(world)) == (1, [("welcome", "withheld", "reentry", None)])


def test_a_schedule_asks_its_condition_and_nobody_elses_event_is_one(world):
    world.publish(weekly('profile.traits.tier == "gold"'), journey("other", entry=entered_by("Page Viewed")))
    assert world.invoke("advance", members(world, "ann")) == []
    world.deliver([world.happens("m-1", "Schedule", journey="welcome")])
    assert world.runs() == []


def test_a_tick_of_a_journey_that_is_no_more_enters_nobody(world):
    passed_on = members(world, "ann")
    passed_on["scheduled"][0]["journey"] = "gone"
    assert world.invoke("advance", passed_on) == []
    assert world.runs() == []


def test_somebody_who_became_another_between_two_deliveries_entered_once():
    rules = Rules.of(publication(weekly()))
    at = parse_instant(TICK)
    [contest] = [Contest("welcome", ["welcome"])]
    entered = EntryEvent(f"welcome/{TICK}/ann", "Schedule", at)
    run = Enrolment("ann", "e-1", "welcome", "v1", "completed", at, entered)
    survivor = Snapshot("bob", True, NOON, NOON, 1, aka=("ann",))
    moment = Moment.of(tick("welcome", at, "bob"), survivor)
    assert verdicts(rules, moment, contest, [run], at) == []
    next_week = Moment.of(tick("welcome", at + timedelta(days=7), "bob"), survivor)
    assert [type(one) for one in verdicts(rules, next_week, contest, [run], at)] == [Enter]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 10))
def test_a_crash_around_any_request_of_a_tick_enters_each_member_once(world, point, moment):
    world.publish(weekly())
    passed_on = members(world, "ann", "bob")
    world.handler("advance")
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.invoke("advance", passed_on)
    world.restart()
    assert world.invoke("advance", passed_on) == []
    assert [(world.run(who).status, len(world.runs(who))) for who in ("ann", "bob")] == [("active", 1)] * 2
    assert len(world.executions()) == 2
