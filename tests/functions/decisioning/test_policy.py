"""When is the next one due?"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.decisioning.policy import expected_next, intervals_between, learned

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def days(*numbers):
    return [NOON + n * DAY for n in numbers]


def test_the_median_of_ones_own_intervals_counts_from_the_last_time():
    assert expected_next(days(0, 10, 40), timedelta(days=99)) == NOON + 60 * DAY
    assert expected_next(days(0, 10, 40, 45), None) == NOON + 55 * DAY


def test_two_own_intervals_are_needed_else_the_populations_counts():
    assert expected_next(days(0, 10), 7 * DAY) == NOON + 17 * DAY
    assert expected_next(days(0), 7 * DAY) == NOON + 7 * DAY
    assert expected_next(days(0, 10), None) is None
    assert expected_next([], 7 * DAY) is None


def test_a_split_basket_is_one_purchase():
    hour = timedelta(hours=1)
    times = [NOON, NOON + hour, *days(10), NOON + 10 * DAY + hour, *days(20)]
    assert intervals_between(times) == [(10 * DAY).total_seconds(), (10 * DAY - hour).total_seconds()]
    assert expected_next([NOON, NOON + hour, NOON + 2 * hour], 7 * DAY) == NOON + 2 * hour + 7 * DAY


def test_a_date_outside_the_calendar_is_no_date():
    assert expected_next(days(0), timedelta.max) is None


def test_five_intervals_of_the_population_are_needed():
    assert learned([1, 2, 3, 4]) is None
    found = learned([10, 20, 30, 40, 1000])
    assert (found.interval, found.intervals) == (timedelta(seconds=30), 5)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.none() | st.integers(0, 10**7))
def test_what_is_due_is_never_before_the_last_time(minutes, population):
    times = sorted(NOON + timedelta(minutes=n) for n in minutes)
    due = expected_next(times, None if population is None else timedelta(seconds=population))
    assert due is None or due >= times[-1]
    assert all(interval > 0 for interval in intervals_between(times))
