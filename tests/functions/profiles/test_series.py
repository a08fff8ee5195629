"""Counts and sums of one kind of event, held against a plain list of everything that happened."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.profiles.older import LONGEST_WINDOW, WIDTHS, Asked, Occurrence
from functions.profiles.packing import Persons
from functions.profiles.policy import Person, State
from functions.profiles.series import RECENT_OCCURRENCES, Between, Series, both_series, with_occurrences

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SPREADS = (10 * 1000, 3 * HOUR, 5 * DAY, 400 * DAY)
WINDOWS = (MINUTE, 2 * HOUR, DAY, 3 * DAY, 30 * DAY, 90 * DAY, 365 * DAY)
AMOUNTS: tuple[Any, ...] = (0, 1, 7, 19.99, 0.1, -3.5, -40, None, "12", True, 2**60, 1_234_567.891, [1])
ASKED = Asked(tuple(sorted(WINDOWS)), ("total", "lines.n"))


def ago(milliseconds: float) -> datetime:
    return NOON - timedelta(milliseconds=milliseconds)


def folded(occurrences: Sequence[Occurrence], asked: Asked = ASKED) -> Series:
    return with_occurrences(None, occurrences, asked)


def folded_in_batches(occurrences: Sequence[Occurrence], random: Random, asked: Asked) -> Series:
    series: Series | None = None
    while occurrences:
        size = random.choice((1, 1, 3, 40))
        series = with_occurrences(series, occurrences[:size], asked)
        occurrences = occurrences[size:]
    assert series is not None
    return series


@st.composite
def histories(draw: st.DrawFn) -> list[Occurrence]:
    random = draw(st.randoms(use_true_random=False))
    spread = random.choice(SPREADS)
    bursts = [random.randrange(spread) for _ in range(3)]
    found = []
    for n in range(random.choice((1, 5, 49, 50, 51, 52, 80, 200))):
        back = random.choice((random.randrange(spread), random.choice(bursts), random.randrange(spread) // HOUR * HOUR))
        properties = {"total": random.choice(AMOUNTS), "lines": {"n": random.choice(AMOUNTS)}}
        if random.random() < 0.05:
            properties["note"] = "x" * 480
        found.append(Occurrence(ago(back), f"m{n}", properties))
    return found


def amount(occurrence: Occurrence, path: str) -> Fraction:
    value: Any = occurrence.properties
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**53
    return Fraction(str(value)) if number else Fraction(0)


def agrees(answer: float | Between | None, truth: Fraction | int) -> bool:
    """True when the answer is the truth, or bounds that hold it; floats are the nearest to the exact sum."""
    if isinstance(answer, Between):
        return answer.low <= float(truth) <= answer.high and answer.low < answer.high
    return answer == float(truth)


def compare_with_the_list(series: Series, happened: Sequence[Occurrence], now: datetime) -> None:
    for window in (None, *WINDOWS):
        start = None if window is None else now - timedelta(milliseconds=window)
        inside = [one for one in happened if start is None or one.timestamp > start]
        count = series.how_many(start)
        assert agrees(count, len(inside)), (window, count, len(inside))
        small = all("note" not in one.properties for one in happened)
        if series.until is None and (window is None or (small and len(inside) <= RECENT_OCCURRENCES)):
            assert not isinstance(count, Between)
        for path in series.asked.sums:
            total = series.how_much(path, start)
            assert agrees(total, sum(amount(one, path) for one in inside)), (window, path)
            if not isinstance(count, Between):
                assert not isinstance(total, Between)


@settings(deadline=None)
@given(histories(), st.sampled_from([0, 1, 59_999, 5 * MINUTE, 7 * HOUR, DAY, 100 * DAY]))
def test_counts_and_sums_are_what_a_list_of_everything_says_or_bounds_around_it(
    happened: list[Occurrence], later: int
) -> None:
    series = folded(happened)
    compare_with_the_list(series, happened, max(one.timestamp for one in happened) + timedelta(milliseconds=later))


@settings(deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_an_event_late_or_early_sees_what_had_happened_by_then(happened: list[Occurrence], random: Random) -> None:
    order = random.choice(happened).order
    before = [one for one in happened if one.order <= order]
    series = folded(happened).up_to(order)
    compare_with_the_list(series, before, order[0] + timedelta(milliseconds=random.choice((0, 1, HOUR))))
    assert series.latest() in (None, order[0])


@settings(deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_division_into_layers_gives_the_same_series(
    happened: list[Occurrence], random: Random
) -> None:
    asked = replace(ASKED, ids=random.random() < 0.5)
    whole = folded(happened, asked)
    assert folded_in_batches(random.sample(happened, len(happened)), random, asked) == whole
    parts: dict[int, list[Occurrence]] = {}
    for one in random.sample(happened, len(happened)):
        parts.setdefault(random.randrange(3), []).append(one)
    assert reduce(both_series, (folded(part, asked) for part in parts.values())) == whole
    assert Series.from_json(whole.to_json()) == whole
    assert Persons().decode(Persons().encode(person_of(whole))) == person_of(whole)


@settings(deadline=None)
@given(histories(), histories(), st.randoms(use_true_random=False))
def test_what_is_asked_later_counts_from_what_is_kept_and_never_counts_wrong(
    before: list[Occurrence], after: list[Occurrence], random: Random
) -> None:
    after = [Occurrence(one.timestamp, f"later-{one.message_id}", one.properties) for one in after]
    first = Asked(random.choice(((), (DAY,), (DAY, 30 * DAY))), random.choice(((), ("total",))))
    series = folded(before, first)
    for one in after:
        series = with_occurrences(series, [one], ASKED)
    assert Persons().decode(Persons().encode(person_of(series))) == person_of(series)
    happened = [*before, *after]
    now = max(one.timestamp for one in happened)
    for window in WINDOWS:
        start = now - timedelta(milliseconds=window)
        assert agrees(series.how_many(start), sum(one.timestamp > start for one in happened))


@pytest.mark.parametrize("window", [MINUTE, HOUR, 7 * DAY, 90 * DAY])
def test_an_occurrence_exactly_as_old_as_the_window_is_outside(window: int) -> None:
    for crowd in (0, 60):
        happened = [Occurrence(ago(window), "edge"), Occurrence(ago(window - 1), "inside")]
        happened += [Occurrence(NOON, f"now-{n}") for n in range(crowd)]
        count = folded(happened).how_many(ago(window))
        assert count == 1 + crowd or isinstance(count, Between)
        assert agrees(count, 1 + crowd)


def test_a_window_that_ends_with_a_bucket_is_exact_however_many_lie_in_it() -> None:
    midnight = NOON.replace(hour=0)
    happened = [Occurrence(midnight - timedelta(hours=n), f"m{n:05}", {"total": 2.5}) for n in range(24 * 120)]
    series = folded(happened, Asked((90 * DAY,), ("total",)))
    assert series.how_many(midnight - timedelta(days=90)) == 24 * 90
    assert series.how_much("total", midnight - timedelta(days=90)) == 24 * 90 * 2.5
    cut = series.how_many(midnight - timedelta(days=90) + timedelta(hours=1))
    assert isinstance(cut, Between)
    assert cut.high - cut.low <= 24


def test_a_window_cuts_a_bucket_no_wider_than_a_64th_of_it() -> None:
    for window in (2 * HOUR, DAY, 30 * DAY, 90 * DAY, 730 * DAY):
        gap = window // 300
        happened = [Occurrence(ago(n * gap), f"m{n:04}") for n in range(600)]
        count = folded(happened, Asked((window,))).how_many(ago(window - 1))
        assert not isinstance(count, Between) or count.high - count.low <= 300 / 64 + 1


def test_a_sum_nobody_asked_for_is_unknown_once_occurrences_are_only_added_up() -> None:
    happened = [Occurrence(ago(n), f"m{n}", {"total": 1}) for n in range(RECENT_OCCURRENCES)]
    assert folded(happened, Asked()).how_much("total") == RECENT_OCCURRENCES
    assert folded([*happened, Occurrence(ago(99), "one more")], Asked()).how_much("total") is None


@given(st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=80))
def test_sums_of_money_are_exact_to_the_cent(amounts: list[Any]) -> None:
    happened = [Occurrence(ago(n), f"m{n}", {"total": float(one)}) for n, one in enumerate(amounts)]
    assert folded(happened).how_much("total") == float(sum(amounts))


def person_of(series: Series) -> Person:
    return Person({"home": State(NOON, NOON, series.count, series={"Viewed": series})})


def row_bytes(happened: Callable[[int], Occurrence], count: int, asked: Asked) -> int:
    series = folded([happened(n) for n in range(count)], asked)
    return len(Persons().encode(person_of(series)))


def test_a_row_stays_small_when_one_event_happens_a_hundred_thousand_times_in_two_years() -> None:
    random = Random(7)
    times = sorted(random.randrange(730 * DAY) for _ in range(100_000))

    def viewed(n: int) -> Occurrence:
        return Occurrence(ago(times[-1] - times[n]), f"m{n:06}", {"total": random.randrange(10_000) / 100})

    assert row_bytes(viewed, 100_000, Asked((90 * DAY,), ("total",), ids=False)) < 1_000
    every_window = Asked(tuple(width * 64 * 6 for width in WIDTHS[:-1]), ("total",), ids=False)
    assert row_bytes(viewed, 100_000, every_window) < 3_000


def test_no_window_takes_more_than_522_buckets() -> None:
    for width, wider in zip(WIDTHS, (*WIDTHS[1:], LONGEST_WINDOW // 64 + 1), strict=True):
        window = wider * 64 - 1
        happened = [Occurrence(ago(n * width), f"m{n}") for n in range(min(window, LONGEST_WINDOW) // width + 60)]
        older = folded(happened, Asked((window,))).older
        assert older is not None
        assert max(len(one.tallies) for one in older.buckets) <= 522
