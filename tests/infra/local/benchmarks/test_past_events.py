"""A known event costs the same of somebody with a million past events as of somebody with none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from moto import mock_aws

from functions.profiles.api import Arrival, Claim, Person, Profiles, Recorded, State, StoredPerson
from functions.profiles.model import Contact, Occurrence, Series
from functions.profiles.older import Asked
from functions.profiles.policy import Counted, fold
from functions.profiles.series import with_occurrences
from functions.shared.events import Event
from functions.shared.names import ContactKey, ProfileId
from functions.shared.store import DynamoRows
from infra.local.meter import Meter
from infra.local.requests import acting
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MILLION = 10**6
PASTS = (1, 50, 300, 1_000, 20_000, 200_000, MILLION)
YEARS, REACH = timedelta(days=730), timedelta(days=91)
ORDERED = "Order Completed"
COUNTED = {"within": [30 * 86_400, 90 * 86_400], "sums": []}
ADDED_UP = {"within": [90 * 86_400], "sums": ["revenue"]}
ADDED_UP_TWICE = {"within": [30 * 86_400, 90 * 86_400], "sums": ["revenue"]}
ADDRESS = Contact("ann.smith@example.com", ContactKey("email#8a7b3c9d1e2f4a5b6c7d8e9f0a1b2c3d"), NOON - YEARS)
Somebody = Callable[[str], Person]


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    with mock_aws():
        create_table("profiles")
        yield


def profiles_with(asked: Mapping[str, Any], awaited: Sequence[str] = ()) -> Profiles:
    return Profiles("profiles", {ORDERED: ["revenue"]}, DynamoRows(), windows={ORDERED: asked}, awaited=awaited)


def named_only(home: str) -> Person:
    return Person({home: State(NOON - YEARS, NOON, customer="trusted")})


def introduced(home: str) -> Person:
    """A customer with an address and three traits more."""
    at, message_id = NOON - YEARS, str(UUID(int=Random(home).getrandbits(128)))
    traits = {"email": ADDRESS.address, "firstName": "Ann", "lastName": "Smith", "country": "DE"}
    event = Event(message_id, "identify", at, at, "shop", True, {"type": "identify", "userId": "ann", "traits": traits})
    claim = Claim("email", ADDRESS, message_id, trusted=True)
    state = fold(None, [Arrival(event, [claim], "trusted", home, home)], Counted())
    assert state is not None
    return Person({home: state}, {ADDRESS.key: False})


def many_orders(number: int, asked: Asked) -> Series:
    """What folding this many orders of two years leaves, no two alike; beyond thousands, those that windows reach."""
    random = Random(number)
    span = YEARS if number <= PASTS[3] else REACH
    orders = [
        Occurrence(
            NOON - random.randrange(span // timedelta(milliseconds=1)) * timedelta(milliseconds=1),
            str(UUID(int=random.getrandbits(128))),
            {"revenue": random.randrange(20_000) / 100},
        )
        for _ in range(number if span is YEARS else number * REACH // YEARS)
    ]
    return replace(with_occurrences(None, orders, asked), count=number)


def costs(
    profiles: Profiles, past: int, series: Series | None, name: str, somebody: Somebody = introduced
) -> tuple[int, float, float]:
    """Requests, read and write units of one event of somebody with such a past."""
    who, home = ProfileId(f"0198b2c4e1f07a3c9d5e{past:012}"), f"customer_id#5f0e2d4c6b8a79{past:07}"
    person = somebody(home)
    state = replace(person.layers[home], events=past, series={ORDERED: series} if series else {})
    assert DynamoRows().commit([profiles.write(who, StoredPerson(), replace(person, layers={home: state}), None)])
    at = NOON + timedelta(minutes=1)
    body = {"type": "track", "event": name, "userId": "ann", "properties": {"revenue": 5}}
    event = Event("b3a8e2f0-5d1c-4c2f-8e2a-ffffffffffff", "track", at, at, "shop", True, body)
    with Meter() as meter, meter.measured() as reading, acting("identity"):
        outcome = profiles.record({who: [Arrival(event, home=home, layer=home)]})[who]
    assert isinstance(outcome, Recorded)
    assert outcome.snapshot.events == past + 1
    units = reading.units_of("identity")
    return reading.requests_of("identity"), units.read, units.write


def by_past(
    asked: Mapping[str, Any], somebody: Somebody, awaited: Sequence[str] = ()
) -> list[tuple[int, float, float]]:
    """What one more order costs of somebody without an order, then by past orders."""
    profiles = profiles_with(asked, awaited)
    kept = Asked.of(asked, ids=ORDERED in awaited)
    return [costs(profiles, 0, None, ORDERED, somebody)] + [
        costs(profiles, past, many_orders(past, kept), ORDERED, somebody) for past in PASTS
    ]


def test_an_event_that_no_expression_counts_costs_the_same_after_a_million() -> None:
    profiles = profiles_with(ADDED_UP)
    fresh = costs(profiles, 0, None, "Product Viewed")
    assert costs(profiles, MILLION, None, "Product Viewed") == fresh


@pytest.mark.parametrize(
    ("asked", "somebody"),
    [(COUNTED, named_only), (COUNTED, introduced), (ADDED_UP, named_only)],
    ids=["counted in two windows", "counted, with address and traits", "added up in one window"],
)
def test_an_event_that_is_counted_costs_the_same_after_a_million(asked: Mapping[str, Any], somebody: Somebody) -> None:
    first, *later = by_past(asked, somebody)
    assert later == [first] * len(PASTS)


@pytest.mark.parametrize(
    ("asked", "awaited", "steps"),
    [(ADDED_UP, [], 1), (ADDED_UP_TWICE, [], 1), (ADDED_UP, [ORDERED], 1), (ADDED_UP_TWICE, [ORDERED], 2)],
    ids=["added up in one window", "in two", "awaited and in one", "awaited and in two"],
)
def test_more_that_is_asked_takes_a_kilobyte_or_two_and_no_more_after_20_000(
    asked: Mapping[str, Any], awaited: Sequence[str], steps: int
) -> None:
    first, *later = by_past(asked, introduced, awaited)
    settled = PASTS.index(20_000)
    # Two units a started kilobyte, in a transaction.
    assert later[settled:] == [(*first[:2], first[2] + 2 * steps)] * len(later[settled:])
    assert {one[:2] for one in later} == {first[:2]}


def busy(profiles: Profiles, who: str, number: int) -> datetime:
    """So many events of one day, one every half minute; answers when the last of them happened."""
    home = f"customer_id#{who}"
    times = [NOON.replace(hour=0) + n * timedelta(seconds=30) for n in range(number)]
    events = [viewed(f"{who}-{n:05}", at) for n, at in enumerate(times)]
    for first in range(0, number, 20):
        arrivals = [Arrival(one, home=home, layer=home) for one in events[first : first + 20]]
        assert isinstance(profiles.record({ProfileId(who): arrivals})[ProfileId(who)], Recorded)
    return times[-1]


def viewed(message_id: str, at: datetime) -> Event:
    body = {"type": "track", "event": "Product Viewed", "userId": "ann", "properties": {"sku": message_id[::-1] * 4}}
    return Event(message_id, "track", at, at, "shop", True, body)


def one_more(profiles: Profiles, who: str, at: datetime) -> tuple[int, float]:
    home = f"customer_id#{who}"
    with Meter() as meter, meter.measured() as reading, acting("identity"):
        outcome = profiles.record({ProfileId(who): [Arrival(viewed(f"{who}-more", at), home=home, layer=home)]})
    assert isinstance(outcome[ProfileId(who)], Recorded)
    return reading.requests_of("identity"), reading.units_of("identity").read


def test_an_event_reads_no_more_after_a_thousand_others_on_the_same_day() -> None:
    profiles = profiles_with(ADDED_UP)
    later = timedelta(minutes=20)
    quiet = one_more(profiles, "quiet", busy(profiles, "quiet", 20) + later)
    assert one_more(profiles, "busy", busy(profiles, "busy", 1_000) + later) == quiet


def test_a_copy_is_found_among_a_thousand_others() -> None:
    profiles = profiles_with(ADDED_UP)
    busy(profiles, "busy", 1_000)
    for n in (0, 3, 500, 999):
        copy = viewed(f"busy-{n:05}", NOON.replace(hour=0) + n * timedelta(seconds=30) + timedelta(minutes=4))
        home = "customer_id#busy"
        outcome = profiles.record({ProfileId("busy"): [Arrival(copy, home=home, layer=home)]})[ProfileId("busy")]
        assert isinstance(outcome, Recorded)
        assert (outcome.duplicates, list(outcome.added)) == (1, [])
