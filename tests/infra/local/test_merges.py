"""Two customers become one on the laptop, in the middle of a journey each, and two again."""

from datetime import timedelta

import pytest

from functions.journeys.api import Enrolments
from functions.profiles.api import Profiles
from functions.shared.clock import format_instant
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.local.story import START, arrival, order, rows, tell

GUEST = "guest@example.com"
HOUR = timedelta(hours=1)


def bought(number, at):
    """A guest's order: an address and no account."""
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"guest-{number}",
        "timestamp": format_instant(at),
        "context": {"traits": {"email": GUEST}},
        "properties": {"order_id": f"g{number}", "revenue": 30, "currency": "GBP", "units": 1, "lines": 1},
    }


def command(verb, at):
    return {
        "type": "command",
        "command": verb,
        "messageId": verb,
        "timestamp": format_instant(at),
        "a": {"type": "customer_id", "id": "17850"},
        "b": {"type": "email", "id": GUEST},
    }


def welcomes(world):
    """Runs of the welcome journey in the order they began: who entered, how it stands, and why."""
    runs = [run for run in rows(world, Enrolments, "enrolments") if run.journey == "welcome"]
    return [(run.profile, run.status, run.reason) for run in sorted(runs, key=lambda run: run.entered_at)]


def people(world):
    with acting("local"):
        return {one.profile: one for one in Profiles(world.table("profiles")).scan()}


@pytest.fixture
def met():
    """A customer and a guest, each some hours into a run of the welcome journey."""
    messages = [*arrival("17850", START), order("17850", 1, START + HOUR), bought(1, START + 5 * HOUR)]
    with LocalWorld(start=START) as world:
        tell(world, messages)
        assert [status for _who, status, _why in welcomes(world)] == ["active", "active"]
        yield world, messages


def test_of_two_runs_of_a_journey_that_meet_in_one_person_the_earlier_goes_on(met):
    world, messages = met
    (customer, *_), (guest, *_) = welcomes(world)
    tell(world, [command("link", START + 9 * HOUR)])
    assert welcomes(world) == [(customer, "active", None), (guest, "superseded", "merged")]
    [person] = people(world).values()
    assert (person.profile, person.aka, person.series["Order Completed"].count) == (customer, (guest,), 2)
    world.run_until(START + timedelta(days=60))
    invariants.check(world, messages)
    welcomed = [one.to for one in world.outbox if one.subject == "Thank you for your first order"]
    assert len(welcomed) <= 1


def test_unmerged_each_has_their_own_again_and_the_run_that_went_on_ends_with_whom_it_began(met):
    world, messages = met
    (customer, *_), (guest, *_) = welcomes(world)
    before = people(world)
    tell(world, [command("link", START + 9 * HOUR)])
    tell(world, [command("unmerge", START + 30 * HOUR)])
    later = bought(2, START + 48 * HOUR)
    tell(world, [later])
    assert people(world).keys() == before.keys()
    # A guest's own order ends no run of the customer's.
    assert welcomes(world)[0] == (customer, "active", None)
    world.run_until(START + timedelta(days=60))
    invariants.check(world, [*messages, later])
    after = people(world)
    counts = {who: after[who].series["Order Completed"].count for who in (customer, guest)}
    assert counts == {customer: 1, guest: 2}
    assert {one.to for one in world.outbox if "order g" in one.subject} == {GUEST}


def test_a_customers_own_order_after_the_merge_is_heard_by_the_run_that_went_on(met):
    world, messages = met
    tell(world, [command("link", START + 9 * HOUR)])
    again = bought(2, START + 48 * HOUR)
    tell(world, [again])
    assert welcomes(world)[0][1:] == ("exited", "ordered_again")
    world.run_until(START + timedelta(days=60))
    invariants.check(world, [*messages, again])
