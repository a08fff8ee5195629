"""When time alone changes an answer: never later than it does, held against asking at every instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.journeys.conditions import Facts, changes_at, parse
from functions.journeys.conditions.changes import SOON
from functions.profiles.model import Snapshot
from functions.profiles.series import Asked, Occurrence, with_occurrences
from functions.shared.clock import format_instant
from functions.shared.names import ProfileId

NOW = datetime(2026, 3, 2, 12, 34, 56, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


WINDOWS = tuple(hours * 3_600_000 for hours in (1, 12, 24, 72, 168, 720))


def person(*ago: timedelta, **traits: Any) -> Snapshot:
    """Somebody who ordered so long ago."""
    orders = [Occurrence(NOW - one, f"m-{n:03}", {"total": 10 * (n + 1)}) for n, one in enumerate(sorted(ago)[::-1])]
    series = {"Order": with_occurrences(None, orders, Asked(WINDOWS, ("total",)))} if orders else {}
    return Snapshot(ProfileId("ann"), True, NOW - 100 * DAY, NOW, 9, traits, series=series)


def facts(snapshot: Snapshot, zone: str = "UTC", **audiences: str) -> Facts:
    rules = {name: parse(text) for name, text in audiences.items()}
    return Facts(snapshot, NOW, ZoneInfo(zone), audiences=rules)


def turns(text: str, snapshot: Snapshot, zone: str = "UTC", **audiences: str) -> timedelta | None:
    at = changes_at(parse(text), facts(snapshot, zone, **audiences))
    return None if at is None else at - NOW


TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('count("Order") >= 2', None),
        ('profile.traits.tier == "gold"', None),
        ('exists(last("Order"))', None),
        ('days_since(last("Nothing")) > 30', None),
        ('count("Nothing", within="30d") >= 1', None),
        # Two orders, 10 and 20 days ago.
        ('count("Order", within="30d") >= 2', 10 * DAY),
        ('count("Order", within="30d") >= 1', 20 * DAY),
        ('count("Order", within="30d") >= 3', None),
        ('count("Order", within="15d") == 1', 5 * DAY),
        ('sum("Order", "total", within="30d") > 25', 10 * DAY),
        ('days_since(last("Order")) < 30', 20 * DAY),
        ('days_since(last("Order")) <= 30', 20 * DAY + TICK),
        ('days_since(last("Order")) > 30', 20 * DAY + TICK),
        ('days_since(last("Order")) in [12, 14]', 2 * DAY),
        ("days_since(profile.first_seen) >= 365", 265 * DAY),
        ("profile.traits.renewal > now", 3 * DAY),
        ("now >= profile.traits.renewal", 3 * DAY),
        ('now > "2026-05-01"', datetime(2026, 5, 1, tzinfo=UTC) - NOW + TICK),
        ('now > "2026-01-01"', None),
        # What settles the answer must change first.
        ('profile.traits.tier == "gold" and count("Order", within="30d") >= 2', None),
        ('count("Order", within="30d") >= 2 or days_since(last("Order")) < 25', 15 * DAY),
        ('not (count("Order", within="30d") >= 2)', 10 * DAY),
        # A line that itself moves in steps is known to its next step.
        ('days_since(last("Order")) > count("Order", within="30d")', 10 * DAY),
    ],
)
def test_the_instant_of_the_change(text: str, after: timedelta | None) -> None:
    snapshot = person(10 * DAY, 20 * DAY, tier="silver", renewal=format_instant(NOW + 3 * DAY))
    found = turns(text, snapshot)
    if after is None or found is None:
        assert found == after
    else:
        assert abs(found - after) <= timedelta(milliseconds=1)


def test_of_more_orders_than_are_kept_one_by_one_the_older_leave_by_the_bucket() -> None:
    ago = [9 * DAY - n * HOUR for n in range(120)]
    assert turns('count("Order", within="30d") >= 120', person(*ago)) is not None
    within = turns('count("Order", within="30d") >= 1', person(*ago))
    # Asked at a hundred instants at most, and then again.
    assert within is not None
    assert within <= 30 * DAY - min(ago)


def test_hours_and_weekdays_turn_where_the_person_is() -> None:
    # Monday 12:34 in UTC, 14:34 in Helsinki.
    anybody = person()
    assert turns("hour(now) >= 15", anybody, "Europe/Helsinki") == timedelta(minutes=25, seconds=4)
    assert turns('weekday(now) == "tue"', anybody, "Europe/Helsinki") == timedelta(hours=9, minutes=25, seconds=4)
    assert turns('weekday(now) in ["mon", "tue"]', anybody) == 36 * HOUR - timedelta(minutes=34, seconds=56)
    # What cannot be foreseen is looked at again in time.
    assert turns("hour(now) >= 9 and hour(now) < 0", anybody) == 25 * HOUR - timedelta(minutes=4, seconds=56)


def test_an_audience_turns_with_those_it_names_also_in_a_circle() -> None:
    ann = person(10 * DAY)
    assert turns('in_audience("new")', ann, new='count("Order", within="30d") >= 1') == 20 * DAY
    assert turns('in_audience("a")', ann, a='in_audience("b")', b='in_audience("a")') is None
    assert turns('in_audience("nobody")', ann) is None


def test_what_nobody_can_compute_is_looked_at_again_soon() -> None:
    assert turns("hour(days_since(profile.first_seen)) == 3", person()) == SOON


def test_nothing_is_said_of_what_comes_after_a_given_instant() -> None:
    condition, ann = parse('days_since(last("Order")) < 30'), facts(person(10 * DAY))
    assert changes_at(condition, ann, before=NOW + 5 * DAY) is None
    assert changes_at(condition, ann, before=NOW + 21 * DAY) is not None
    assert changes_at(parse("hour(now) >= 9"), ann, before=NOW + HOUR / 4) is None


SPANS = st.sampled_from(["1h", "12h", "1d", "3d", "7d"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "0.5", "1.25", "25"])
ORDERS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
TIMES = st.sampled_from(["profile.traits.one", "profile.traits.other", "profile.first_seen", 'last("Order")'])
LEAVES = st.one_of(
    st.builds(lambda within, order, n: f'count("Order", within="{within}") {order} {n}', SPANS, ORDERS, NUMBERS),
    st.builds(
        lambda within, order, n: f'sum("Order", "total", within="{within}") {order} {n}0', SPANS, ORDERS, NUMBERS
    ),
    st.builds(lambda time, order, n: f"days_since({time}) {order} {n}", TIMES, ORDERS, NUMBERS),
    st.builds(lambda order, time, n: f"{n} {order} days_since({time})", ORDERS, TIMES, NUMBERS),
    st.builds(lambda time, order: f"now {order} {time}", TIMES, ORDERS),
    st.builds(lambda order, n: f"hour(now) {order} {n}", ORDERS, NUMBERS),
    st.builds(lambda day: f'weekday(now) == "{day}"', st.sampled_from(["mon", "tue", "sun"])),
    st.builds(lambda t, within: f'days_since({t}) > count("Order", within="{within}")', TIMES, SPANS),
    st.just('in_audience("regular")'),
    st.just("profile.traits.gone"),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=4,
)
AGO = st.integers(0, 9 * 24 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))
DATES = st.integers(-9 * 24, 9 * 24).map(lambda hours: format_instant(NOW + timedelta(hours=hours)))


@settings(max_examples=400, deadline=None)
@given(
    CONDITIONS,
    st.lists(AGO, max_size=6),
    st.fixed_dictionaries({}, optional={"one": DATES, "other": st.one_of(DATES, st.just("2026-03-05"))}),
    st.sampled_from(["UTC", "Europe/Helsinki", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.booleans(),
)
def test_the_answer_holds_until_then(
    text: str, ago: list[timedelta], traits: dict[str, Any], zone: str, more: bool
) -> None:
    many = [timedelta(hours=2 * n, minutes=7) for n in range(80)] if more else []
    snapshot = person(*ago, *many, **traits)
    about = facts(snapshot, zone, regular='count("Order", within="3d") >= 1 and hour(now) != 3')
    condition = parse(text)
    at = changes_at(condition, about)
    assert at is None or at > NOW
    now = condition.evaluate(about)
    for instant in _every_quarter(NOW + 10 * DAY if at is None else min(at, NOW + 10 * DAY)):
        assert condition.evaluate(Facts(snapshot, instant, about.zone, audiences=about.audiences)) is now


def _every_quarter(end: datetime) -> Iterator[datetime]:
    instant = NOW
    while instant < end:
        yield instant
        instant += timedelta(minutes=15)
    if end > NOW + TICK:
        yield end - TICK
