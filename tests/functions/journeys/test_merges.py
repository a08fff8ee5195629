"""Runs in flight follow a merged person, and go back to the person they entered with. Whoever acts is told by hand."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.journeys.acts import SOURCE
from functions.journeys.advance import Advancer
from functions.journeys.common_facts import CommonFacts
from functions.journeys.evaluate import Evaluator
from functions.journeys.machines import Machines
from functions.journeys.policy import Rules
from functions.journeys.register_wait import WaitRegistrar
from functions.shared.bus import Bus
from functions.shared.clock import format_instant
from functions.shared.events import Event
from tests.fakes.merges import MergedProfiles
from tests.fakes.providers import Killed
from tests.functions.journeys.conftest import PREFIX
from tests.functions.journeys.published import NOON, entered_by, goal, journey, reentry


class People:
    """The world's people, some of whom become one; its use cases as the handlers build them."""

    def __init__(self, world):
        self.world = world
        self.enrolments = world.enrolments
        self.restart()

    def restart(self):
        world, machines = self.world, Machines(PREFIX)
        told = getattr(self, "profiles", MergedProfiles(world.profiles))
        self.profiles = replace(told, profiles=world.profiles)
        common = CommonFacts.of(world.published.policy)
        self.advancer = Advancer(
            enrolments=world.enrolments,
            profiles=self.profiles,
            machines=machines,
            switches=world.switches,
            rules=Rules.of(world.published),
            deployment_key="a deployment's key",
            clock=lambda: world.now,
        )
        bus = Bus("segue-test", SOURCE)
        self.evaluator = Evaluator(world.enrolments, self.profiles, world.decisions, common, machines, bus)
        self.registrar = WaitRegistrar(world.enrolments, self.profiles, machines, world.switches, common)

    def publish(self, *journeys, **said):
        self.world.publish(*journeys, **said)
        self.restart()

    def merge(self, loser="bob", survivor="ann"):
        """The two become one; answers the hint that journeys may get of it."""
        self.profiles.merge(loser, survivor)
        return {
            "profile": self.profiles.snapshot(survivor).to_json(),
            "loser": loser,
            "op": f"op-{loser}",
            "at": format_instant(self.world.now),
        }

    def happens(self, message_id, name="Order Completed", *, profile="ann", **said):
        """What identity passes on: the event stands with the person who has the id now."""
        present = self.profiles.present(profile)
        told = self.world.happens(message_id, name, profile=present, **said)
        return {**told, "profile": self.profiles.snapshot(present).to_json()}

    def advance(self, *people, merges=()):
        self.advancer.advance({"people": people, **({"merges": merges} if merges else {})})

    def enters(self, profile, message_id, *, hours=1, **said):
        """The person enters ``welcome``, a while after whatever happened before."""
        self.advance(self.happens(message_id, profile=profile, at=self.world.later(hours=hours), **said))
        return next(one for one in self.world.runs(profile) if one.entry.message_id == message_id)

    def both_in_one_journey(self):
        """Bob's run is the earlier one, and ann is the one who survives."""
        bobs, anns = self.enters("bob", "m-bob"), self.enters("ann", "m-ann")
        return bobs, anns, self.merge()

    def now(self, run):
        return self.enrolments.get(run.profile, run.enrolment)

    def how(self, *runs):
        return [(self.now(one).status, self.now(one).reason) for one in runs]

    def execution(self, run):
        return self.world.executions(run.journey)[run.execution_name]

    def requests(self, act, *said):
        self.world.wire.reset()
        act(*said)
        return list(self.world.wire.requests)

    def split(self, run):
        task = {"do": "split", "branches": ["true"], "enrolment": run.enrolment, "profile": run.profile, "steps": {}}
        return self.evaluator.evaluate({**task, "entered_at": format_instant(self.world.now)})

    def wait_for(self, run, name="Order Completed", token="token-1", **said):
        task = {"token": token, "step": "s", "on": [name], "where": None, "message": None, "steps": {}, **said}
        at = format_instant(self.world.now)
        return self.registrar.register(
            {
                **task,
                "journey": run.journey,
                "enrolment": run.enrolment,
                "profile": run.profile,
                "entered_at": at,
                "look_back_to": at,
            }
        )


@pytest.fixture
def people(world):
    one = People(world)
    one.publish(
        journey(
            reentry=reentry("never"),
            exit=[entered_by("Subscription Cancelled")],
            goal=goal("Order Completed", value="event.properties.revenue", keep=True),
        )
    )
    return one


KEPT_AND_LOST = [("active", None), ("superseded", "merged")]


# Following the person


def test_what_happens_to_the_survivor_ends_a_run_that_the_other_entered(people):
    run = people.enters("bob", "m-1")
    people.happens("m-0", "Page Viewed", profile="ann")
    people.merge()
    people.advance(people.happens("m-2", "Subscription Cancelled", profile="ann", at=people.world.later(hours=1)))
    assert people.how(run) == [("exited", "Subscription Cancelled")]
    assert people.execution(run) == "ABORTED"


def test_the_survivor_reaches_the_goal_of_a_run_that_the_other_entered(people):
    run = people.enters("bob", "m-1")
    people.happens("m-0", "Page Viewed", profile="ann")
    people.merge()
    people.advance(people.happens("m-2", profile="ann", at=people.world.later(hours=1), revenue=7))
    assert (people.now(run).status, people.now(run).goal_value) == ("active", 7.0)
    assert people.world.runs("ann") == [], "never again means neither under the other id"


def test_the_survivor_wakes_a_wait_of_the_other(people):
    run = people.enters("bob", "m-1")
    people.happens("m-0", "Page Viewed", profile="ann")
    assert people.wait_for(run) == "waiting"
    people.merge()
    people.advance(people.happens("m-2", profile="ann", at=people.world.later(hours=1)))
    assert [one["event"]["messageId"] for one in people.world.wire.answers] == ["m-2"]


def test_a_wait_begun_after_the_merge_looks_back_at_what_happened_to_either(people):
    run = people.enters("bob", "m-1")
    since = people.world.now
    people.happens("m-2", profile="ann", at=people.world.later(hours=1))
    people.merge()
    assert people.wait_for(run, look_back_to=format_instant(since)) == "happened"


def test_how_often_a_journey_was_entered_is_summed_and_each_id_keeps_its_own_count(people):
    people.publish(journey(reentry=reentry("always")))
    for number in (1, 2):
        run = people.enters("bob", f"m-{number}")
        people.enrolments.close("bob", run.enrolment, run=1, status="completed", reason="done", at=NOON)
    run = people.enters("ann", "m-3")
    people.enrolments.close("ann", run.enrolment, run=1, status="completed", reason="done", at=NOON)
    people.merge()
    standing = people.enrolments.standing(("ann", "bob"))
    assert (standing.entries, standing.own_entries) == ({"welcome": 3}, {"welcome": 1})
    people.enters("ann", "m-4")
    assert people.enrolments.standing(("ann",)).own_entries == {"welcome": 2}
    assert people.enrolments.standing(("bob",)).own_entries == {"welcome": 2}


def test_the_rest_after_a_run_counts_from_the_last_entry_under_any_id(people):
    people.publish(journey(reentry=reentry("after", seconds=86400.0)))
    run = people.enters("bob", "m-1")
    people.enrolments.close("bob", run.enrolment, run=1, status="completed", reason="done", at=NOON)
    people.happens("m-0", "Page Viewed", profile="ann")
    people.merge()
    people.advance(people.happens("m-2", profile="ann", at=people.world.later(hours=23)))
    assert people.world.runs("ann") == []
    people.enters("ann", "m-3", hours=1)
    assert len(people.world.runs("ann")) == 1


def test_an_entry_delivered_before_and_after_the_merge_stays_one(people):
    before = people.happens("m-1", profile="bob")
    people.happens("m-0", "Page Viewed", profile="ann")
    people.advance(before)
    people.merge()
    people.advance({**before, "profile": people.profiles.snapshot("ann").to_json()})
    assert (len(people.world.runs("bob")), people.world.runs("ann")) == (1, [])


def test_an_entry_written_for_both_sides_keeps_the_row_whose_execution_runs(people):
    stale = people.happens("m-1", profile="bob")
    people.happens("m-0", "Page Viewed", profile="ann")
    hint = people.merge()
    people.advance({**stale, "profile": people.profiles.snapshot("ann").to_json()})
    people.world.later(minutes=1)
    people.advance(stale)
    [run], [double] = people.world.runs("ann"), people.world.runs("bob")
    assert (run.enrolment, run.status, double.status) == (double.enrolment, "active", "active")
    people.advance(merges=[hint])
    assert people.how(run, double) == KEPT_AND_LOST
    assert people.execution(run) == "RUNNING"
    assert people.requests(lambda: people.advance(merges=[hint])) == ["Query", "Query"]


# Two runs meet


def test_the_next_event_of_the_person_ends_the_later_of_two_runs(people):
    bobs, anns, _ = people.both_in_one_journey()
    people.advance(people.happens("m-3", "Page Viewed", at=people.world.later(hours=1)))
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert (people.execution(bobs), people.execution(anns)) == ("RUNNING", "ABORTED")
    assert people.now(anns).ended_by == "m-3"


def test_a_hint_ends_the_later_of_two_runs_however_often_it_comes(people):
    bobs, anns, hint = people.both_in_one_journey()
    people.advance(merges=[hint, hint])
    before = people.now(anns)
    people.restart()
    people.advance(merges=[hint])
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert people.now(anns) == before
    assert people.advancer.counts()["superseded"] == 0


def test_people_and_hints_may_share_a_message(people):
    bobs, anns, hint = people.both_in_one_journey()
    leaving = people.happens("m-3", "Subscription Cancelled", at=people.world.later(hours=1))
    people.advance(leaving, merges=[hint])
    assert people.how(bobs, anns) == [("exited", "Subscription Cancelled"), ("superseded", "merged")]
    assert people.advancer.counts() == Counter(people=1, entries=2, superseded=1, exits=1) + Counter(people=2)


def test_three_who_become_one_keep_one_run(people):
    eves = people.enters("eve", "m-eve")
    bobs, anns, _ = people.both_in_one_journey()
    people.merge("eve", "bob")
    people.advance(people.happens("m-3", "Page Viewed", at=people.world.later(hours=1)))
    assert people.how(eves, bobs, anns) == [*KEPT_AND_LOST, KEPT_AND_LOST[1]]


def test_runs_of_different_keys_go_on_side_by_side(people):
    people.publish(journey(reentry=reentry("per", key="event.properties.order_id")))
    bobs, anns = people.enters("bob", "m-1", order_id="a"), people.enters("ann", "m-2", order_id="b")
    same = people.enters("ann", "m-3", order_id="a")
    people.advance(merges=[people.merge()])
    assert people.how(bobs, anns, same) == [("active", None), ("active", None), ("superseded", "merged")]


def test_a_hint_that_comes_after_the_unmerge_ends_nobody(people):
    bobs, anns, hint = people.both_in_one_journey()
    people.profiles.unmerge("bob")
    people.advance(merges=[hint])
    assert people.how(bobs, anns) == [("active", None)] * 2


def test_a_merge_enters_nobody(people):
    people.publish(journey(), journey("browsed", entry=entered_by("Page Viewed")))
    people.happens("m-1", profile="bob")
    people.happens("m-2", "Page Viewed", profile="ann")
    people.advance(merges=[people.merge()])
    assert people.world.runs("ann") == people.world.runs("bob") == []


def test_a_message_of_neither_people_nor_merges_is_an_error(people):
    with pytest.raises(KeyError):
        people.advancer.advance({})


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 6))
@pytest.mark.parametrize("kind", ["hint", "event"])
def test_a_crash_around_any_request_leaves_one_run_when_the_message_comes_again(people, kind, point, moment):
    bobs, anns, hint = people.both_in_one_journey()
    told = people.happens("m-3", "Page Viewed", at=people.world.later(hours=1))
    body = {"merges": [hint]} if kind == "hint" else {"people": [told]}
    people.world.wire.reset()
    people.world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        people.advancer.advance(body)
    people.restart()
    people.advancer.advance(body)
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert (people.execution(bobs), people.execution(anns)) == ("RUNNING", "ABORTED")


def test_a_run_that_is_only_starting_gives_way_too(people):
    people.enters("bob", "m-bob")
    entering = people.happens("m-ann", profile="ann", at=people.world.later(hours=1))

    def rival():
        people.advance(merges=[people.merge()])

    people.world.wire.before["StartExecution"] = rival
    people.advance(entering)
    [run] = people.world.runs("ann")
    assert people.how(run) == [("superseded", "merged")]
    assert people.execution(run) == "ABORTED"


# Where a machine asks


def test_a_later_run_that_asks_its_way_ends_instead_without_any_hint(people):
    bobs, anns, _ = people.both_in_one_journey()
    assert people.split(bobs) == {"branch": 0}
    people.split(anns)
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert (people.execution(bobs), people.execution(anns)) == ("RUNNING", "ABORTED")


def test_a_later_run_that_would_wait_ends_instead(people):
    bobs, anns, _ = people.both_in_one_journey()
    assert people.wait_for(bobs, "Bird Seen") == "waiting"
    assert people.wait_for(anns, "Bird Seen") == "superseded"
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert people.now(anns).wait is None
    assert people.execution(anns) == "ABORTED"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 6))
def test_a_crash_while_a_run_gives_way_is_healed_when_the_machine_asks_again(people, point, moment):
    bobs, anns, _ = people.both_in_one_journey()
    people.world.wire.reset()
    people.world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        people.split(anns)
    people.split(anns)
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert people.execution(anns) == "ABORTED"


def test_people_who_were_never_merged_pay_nothing(people):
    run = people.enters("ann", "m-1")
    people.world.wire.reset()
    people.split(run)
    assert people.world.wire.requests == ["TransactGetItems"]
    assert people.requests(people.wait_for, run) == ["UpdateItem", "BatchGetItem"]
    quiet = people.happens("m-2", "Page Viewed", at=people.world.later(hours=1))
    assert people.requests(people.advance, quiet) == ["Query"]


def test_a_merged_person_costs_a_query_per_id_and_one_read_where_a_machine_asks(people):
    people.happens("m-0", "Page Viewed", profile="bob")
    run = people.enters("ann", "m-1")
    people.merge()
    quiet = people.happens("m-2", "Page Viewed", at=people.world.later(hours=1))
    assert people.requests(people.advance, quiet) == ["Query", "Query"]
    assert people.enrolments.earlier(run, ("ann", "bob")) is None
    assert people.requests(people.enrolments.earlier, run, ("ann", "bob")) == ["BatchGetItem"]


# Taken apart again


def test_after_an_unmerge_each_run_is_with_the_person_who_entered_it(people):
    people.publish(
        journey(reentry=reentry("never"), exit=[entered_by("Subscription Cancelled")]),
        journey("birds", entry=entered_by("Bird Seen"), exit=[entered_by("Subscription Cancelled")]),
    )
    bobs = people.enters("bob", "m-1")
    people.advance(people.happens("m-2", "Bird Seen", profile="ann", at=people.world.later(hours=1)))
    [anns] = people.world.runs("ann")
    people.merge()
    people.profiles.unmerge("bob")
    people.advance(people.happens("m-3", "Subscription Cancelled", profile="ann", at=people.world.later(hours=1)))
    assert people.how(bobs, anns) == [("active", None), ("exited", "Subscription Cancelled")]
    people.advance(people.happens("m-4", "Subscription Cancelled", profile="bob", at=people.world.later(hours=1)))
    assert people.how(bobs) == [("exited", "Subscription Cancelled")]


def test_a_run_that_gave_way_stays_ended_after_the_unmerge(people):
    bobs, anns, hint = people.both_in_one_journey()
    people.advance(merges=[hint])
    people.profiles.unmerge("bob")
    people.advance(people.happens("m-3", at=people.world.later(hours=1), revenue=3))
    assert people.how(bobs, anns) == KEPT_AND_LOST
    assert people.now(anns).goal_reached_at is None


def test_neither_merge_nor_unmerge_writes_where_no_two_runs_meet(people):
    run = people.enters("bob", "m-1")
    people.happens("m-0", "Page Viewed", profile="ann")
    before = list(people.enrolments.scan())
    hint = people.merge()
    assert set(people.requests(lambda: people.advance(merges=[hint]))) <= {"BatchGetItem", "Query"}
    people.profiles.unmerge("bob")
    assert list(people.enrolments.scan()) == before == [people.now(run)]


# Holdout


def test_whoever_was_held_out_on_one_side_stays_held_out(people):
    out, kept_in = journey(holdout=1.0, reentry=reentry("always")), journey(reentry=reentry("always"))
    people.publish(out)
    assert people.enters("bob", "m-1").status == "held_out"
    people.world.published = replace(people.world.published, journeys={"welcome": kept_in})
    people.restart()
    people.happens("m-0", "Page Viewed", profile="ann")
    people.merge()
    assert people.enters("ann", "m-2").status == "held_out"


def test_whoever_marketing_left_out_is_left_out_of_every_marketing_journey_after_a_merge(people):
    other = journey("other", entry=entered_by("Bird Seen"))
    service = journey("service", entry=entered_by("Bird Seen"), **{"class": "service"})
    people.publish(journey(), other, service, policy={"holdout": "50%"})
    names = [f"p-{number}" for number in range(12)]
    by_status = {people.enters(name, f"m-{name}", hours=0).status: name for name in names}
    left_out, let_in = by_status["held_out"], by_status["active"]
    people.merge(left_out, let_in)
    people.advance(people.happens("m-2", "Bird Seen", profile=let_in, at=people.world.later(minutes=1)))
    entered = {one.journey: one.status for one in people.world.runs(let_in)}
    assert (entered["other"], entered["service"]) == ("held_out", "active")


def test_the_goal_of_somebody_held_out_counts_when_the_survivor_reaches_it(people):
    people.publish(journey(holdout=1.0, reentry=reentry("never"), goal=goal("Order Completed")))
    run = people.enters("bob", "m-1")
    people.happens("m-0", "Page Viewed", profile="ann")
    people.merge()
    people.advance(people.happens("m-2", profile="ann", at=people.world.later(hours=1)))
    assert (people.now(run).status, people.now(run).goal_reached_at) == ("held_out", people.world.now)


# A story


def test_a_browser_becomes_a_customer_and_is_taken_apart_again(people):
    people.publish(
        journey(reentry=reentry("never"), exit=[entered_by("Subscription Cancelled")]),
        journey("birds", entry=entered_by("Bird Seen"), reentry=reentry("always")),
    )
    browsers = people.enters("browser", "m-1")
    customers = people.enters("customer", "m-2")
    people.wait_for(browsers, "Bird Seen", "browsers-token")
    people.wait_for(customers, "Bird Seen", "customers-token")
    hint = people.merge("browser", "customer")

    seen = people.happens("m-3", "Bird Seen", profile="browser", at=people.world.later(hours=1))
    assert Event.from_json(seen["events"][0]).name == "Bird Seen"
    people.advance(seen)
    people.advance(merges=[hint])
    people.advance(seen)
    assert people.how(browsers, customers) == KEPT_AND_LOST
    assert {one["token"] for one in people.world.wire.answers} == {"browsers-token"}
    assert [one.journey for one in people.world.runs("customer")] == ["welcome", "birds"]

    people.profiles.unmerge("browser")
    assert people.split(browsers) == {"branch": 0}
    leaving = people.world.later(hours=1)
    people.advance(people.happens("m-4", "Subscription Cancelled", profile="customer", at=leaving))
    assert people.how(browsers) == [("active", None)]
    people.advance(people.happens("m-5", "Subscription Cancelled", profile="browser", at=leaving + timedelta(hours=1)))
    assert people.how(browsers, customers) == [("exited", "Subscription Cancelled"), KEPT_AND_LOST[1]]
    running = [name for name, status in people.world.executions().items() if status == "RUNNING"]
    assert running == []
