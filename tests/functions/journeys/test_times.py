"""When does a computed wait end? Jumps of the clock against brute force."""

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.journeys.conditions import Facts, in_utc
from functions.journeys.times import UnreadableDate, next_local_time, resolve_until, zone_of
from functions.profiles.model import Occurrence, Series, Snapshot
from functions.shared.names import ProfileId

HELSINKI = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


def facts(traits: dict[str, Any] | None = None, zone: ZoneInfo = HELSINKI, **series: Series) -> Facts:
    return Facts(Snapshot(ProfileId("p"), True, NOW, NOW, 1, traits or {}, {}, series), NOW, zone)


def test_the_next_nine_o_clock_is_strictly_after_now() -> None:
    at_nine = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
    assert next_local_time(at_nine, time(9), HELSINKI) == at_nine + timedelta(days=1)
    assert next_local_time(at_nine - timedelta(milliseconds=1), time(9), HELSINKI) == at_nine


def test_days_of_the_week_are_the_persons() -> None:
    assert resolve_until({"until": "09:00", "days": ["mon", "tue"]}, facts()) == datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


def test_a_zone_of_its_own_counts_instead_of_the_persons() -> None:
    assert resolve_until({"until": "09:00", "zone": "Asia/Tokyo"}, facts()) == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["2026-06-01", "2026-05-31T21:00:00Z", "2026-06-01T00:00:00+03:00", 1780261200, 1780261200000, "2026-06-01T00:00"],
)
def test_a_date_of_the_persons_data_is_read_in_their_zone(value: object) -> None:
    expected = datetime(2026, 5, 31, 21, 0, tzinfo=UTC)
    assert resolve_until({"until": "profile.traits.renewal_at"}, facts({"renewal_at": value})) == expected


def test_plus_minus_and_at_shift_the_date() -> None:
    person = facts({"renewal_at": "2026-06-10"})
    spec = {"until": "profile.traits.renewal_at", "minus": "3d", "at": "10:00"}
    assert resolve_until(spec, person) == datetime(2026, 6, 7, 7, 0, tzinfo=UTC)
    assert resolve_until({"until": "profile.traits.renewal_at", "plus": "1h"}, person) == datetime(
        2026, 6, 9, 22, tzinfo=UTC
    )


def test_a_past_date_is_answered_as_it_is_so_that_the_wait_ends_at_once() -> None:
    assert resolve_until({"until": "2020-01-01"}, facts()) < NOW


def test_waits_until_two_days_before_the_next_order_is_due() -> None:
    times = [datetime(2026, 2, day, tzinfo=UTC) for day in (1, 11, 21)]
    series = Series(3, times[0], times[-1], tuple(Occurrence(at, str(at)) for at in times))
    person = Facts(Snapshot(ProfileId("p"), True, NOW, NOW, 3, {}, {}, {"Order Completed": series}), NOW, HELSINKI)
    spec = {"until": 'expected("Order Completed")', "minus": "2d"}
    assert resolve_until(spec, person) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "soon", True, [], {}, "2026-13-01", 1e300, "0001-01-01", -1e18])
def test_a_missing_or_unreadable_date_is_said_and_never_guessed(value: object) -> None:
    spec = {"until": "profile.traits.renewal_at", "minus": "1d"}
    with pytest.raises(UnreadableDate):
        resolve_until(spec, facts({} if value is None else {"renewal_at": value}))


@pytest.mark.parametrize("name", ["Europe", "../etc/passwd", "Mars/Base", "", 7, None, "/", "Europe/", "a" * 3000])
def test_an_unknown_zone_falls_back_to_the_policys(name: object) -> None:
    assert zone_of({"timezone": name}, "Europe/Helsinki") == HELSINKI


def brute_force(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, second by second, whose local time is ``local`` or, where that never comes, later."""
    start = local.replace(tzinfo=UTC) - timedelta(hours=27)
    instants = (start + timedelta(minutes=15) * number for number in range(27 * 8))
    walls = [(instant, instant.astimezone(zone).replace(tzinfo=None)) for instant in instants]
    exact = next((instant for instant, wall in walls if wall == local), None)
    if exact is not None:
        return exact
    return next(after for (_, wall), (after, next_wall) in itertools.pairwise(walls) if wall < local < next_wall)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]
    ),
    st.sampled_from(
        [
            (2026, 3, 29),
            (2026, 3, 8),
            (2026, 10, 25),
            (2026, 11, 1),
            (2026, 4, 5),
            (2026, 10, 4),
            (2011, 12, 30),
            (2026, 2, 15),
        ]
    ),
    st.integers(0, 95),
)
def test_skipped_local_times_become_the_next_and_repeated_ones_the_first(
    name: str, day: tuple[int, int, int], quarter: int
) -> None:
    local = datetime(*day, tzinfo=UTC).replace(tzinfo=None) + timedelta(minutes=15 * quarter)
    assert in_utc(local, ZoneInfo(name)) == brute_force(local, ZoneInfo(name))
