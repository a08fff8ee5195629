"""A known event costs the same of somebody with a million past events as of somebody with none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from functions.profiles.api import Arrival, Person, Profiles, Recorded, StoredPerson
from functions.profiles.model import Occurrence, Series
from functions.profiles.older import BILLION, Asked, Buckets, Older
from functions.profiles.policy import State
from functions.profiles.series import RECENT_OCCURRENCES
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.store import DynamoRows
from infra.local.meter import Meter
from infra.local.requests import acting
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MILLION = 10**6
DAY = 86_400_000
ORDERED = "Order Completed"
ASKED = Asked((30 * DAY, 90 * DAY), ("revenue",))
WINDOWS = {ORDERED: {"within": [one // 1000 for one in ASKED.windows], "sums": list(ASKED.sums)}}


@pytest.fixture
def profiles() -> Iterator[Profiles]:
    with mock_aws():
        create_table("profiles")
        yield Profiles("profiles", {ORDERED: ["revenue"]}, DynamoRows(), windows=WINDOWS)


def many_orders(number: int) -> Series:
    """What folding this many orders of two years leaves."""
    gap = timedelta(days=730) / number
    recent = [
        Occurrence(NOON - n * gap, f"b3a8e2f0-5d1c-4c2f-8e2a-{n * 7919:012x}", {"revenue": 0.25 + n})
        for n in reversed(range(RECENT_OCCURRENCES))
    ]
    now = int(NOON.timestamp() * 1000)

    def buckets(width: int, window: int) -> Buckets:
        per = number * width // (730 * DAY)
        tallies = {now // width - n: (per + n % 7, (per + n) * BILLION, 0) for n in range(window // width)}
        return Buckets(width, now - window, tallies)

    older = Older(
        (NOON - RECENT_OCCURRENCES * gap, "m"),
        (number - RECENT_OCCURRENCES, number * BILLION, 0),
        (buckets(DAY // 4, 30 * DAY), buckets(DAY, 90 * DAY)),
    )
    return Series(number, NOON - timedelta(days=730), NOON, tuple(recent), ASKED, older)


def costs(profiles: Profiles, past: int, series: Series | None, name: str) -> tuple[int, float, float]:
    """Requests, read and write units of one event of somebody with such a past."""
    who, home = ProfileId(f"ann-{past:07}"), f"customer_id#ann-{past:07}"
    state = State(NOON - timedelta(days=730), NOON, past, "trusted", series={ORDERED: series} if series else {})
    rows = DynamoRows()
    person = replace(Person(), layers={home: state})
    assert rows.commit([profiles.write(who, StoredPerson(), person, None)])
    at = NOON + timedelta(minutes=1)
    body = {"type": "track", "event": name, "userId": "ann", "properties": {"revenue": 5}}
    event = Event("b3a8e2f0-5d1c-4c2f-8e2a-ffffffffffff", "track", at, at, "shop", True, body)
    with Meter() as meter, meter.measured() as reading, acting("identity"):
        outcome = profiles.record({who: [Arrival(event, home=home, layer=home)]})[who]
    assert isinstance(outcome, Recorded)
    assert outcome.snapshot.events == past + 1
    units = reading.units_of("identity")
    return reading.requests_of("identity"), units.read, units.write


def test_an_event_that_no_expression_counts_costs_the_same_after_a_million(profiles: Profiles) -> None:
    fresh = costs(profiles, 1, None, "Product Viewed")
    assert costs(profiles, MILLION, None, "Product Viewed") == fresh


def test_an_event_that_is_counted_costs_as_many_requests_and_its_row_stays_bounded(profiles: Profiles) -> None:
    requests, read, write = costs(profiles, 1, None, ORDERED)
    told = [costs(profiles, past, many_orders(past), ORDERED) for past in (200_000, MILLION)]
    assert told[0] == told[1]
    assert told[1][:2] == (requests, read)
    # Two units a kilobyte in a transaction: the newest fifty and the windows are three kilobytes more.
    assert told[1][2] <= write + 6


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


def test_an_event_reads_no_more_after_a_thousand_others_on_the_same_day(profiles: Profiles) -> None:
    later = timedelta(minutes=20)
    quiet = one_more(profiles, "quiet", busy(profiles, "quiet", 20) + later)
    assert one_more(profiles, "busy", busy(profiles, "busy", 1_000) + later) == quiet


def test_a_copy_is_found_among_a_thousand_others(profiles: Profiles) -> None:
    busy(profiles, "busy", 1_000)
    for n in (0, 3, 500, 999):
        copy = viewed(f"busy-{n:05}", NOON.replace(hour=0) + n * timedelta(seconds=30) + timedelta(minutes=4))
        home = "customer_id#busy"
        outcome = profiles.record({ProfileId("busy"): [Arrival(copy, home=home, layer=home)]})[ProfileId("busy")]
        assert isinstance(outcome, Recorded)
        assert (outcome.duplicates, list(outcome.added)) == (1, [])
