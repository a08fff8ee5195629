"""A series in the row that every event rewrites."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.profiles.columns import Reader, Written
from functions.profiles.older import Asked, Occurrence, mark_of
from functions.profiles.packed_series import pack, unpack
from functions.profiles.series import RECENT_OCCURRENCES, Series, both_series, with_occurrences

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = 86_400_000
NAMELESS = Asked((90 * DAY,), ("total",), ids=False)
NAMED = Asked((90 * DAY,), ("total",), ids=True)


def read_back(series: Series) -> Series:
    bits = Written()
    data = pack(series, bits)
    return unpack(data, Reader(bits.to_bytes()))


def orders(first: int, last: int) -> list[Occurrence]:
    return [Occurrence(NOON + timedelta(hours=n), f"m-{n}", {"total": n / 4}) for n in range(first, last)]


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"total": 19.99},
        {"total": 5},
        {"total": -0.01},
        {"total": 5.0},
        {"total": -0.0},
        {"total": 1e-12},
        {"total": 2**60},
        {"total": 2.0**60},
        {"total": True},
        {"total": None},
        {"total": "5"},
        {"total": [1, {"n": 2}]},
        {"total": 1, "sku": "A"},
    ],
    ids=str,
)
def test_properties_are_read_back_as_they_were(properties: Mapping[str, Any]) -> None:
    happened = [Occurrence(NOON, "m-1", properties), Occurrence(NOON, "m-2", {"total": 7}), Occurrence(NOON, "m-3")]
    series = with_occurrences(None, happened, NAMED)
    again = read_back(series)
    assert again == series
    assert repr([one.properties for one in again.recent]) == repr([one.properties for one in series.recent])


def test_ids_that_nothing_waits_for_are_not_kept_and_occurrences_keep_their_order() -> None:
    same_time = [Occurrence(NOON, f"m-{n}") for n in range(RECENT_OCCURRENCES)]
    named, nameless = (with_occurrences(None, same_time, asked) for asked in (NAMED, NAMELESS))
    assert [mark_of(one.message_id) for one in named.recent] == [one.message_id for one in nameless.recent]
    for one in same_time:
        order = (one.timestamp, str(one.message_id))
        assert read_back(nameless).up_to(order).how_many() == named.up_to(order).how_many()


def test_what_is_waited_for_later_keeps_its_ids_from_then_on() -> None:
    before = with_occurrences(None, orders(0, 10), NAMELESS)
    after = with_occurrences(read_back(before), orders(10, 20), NAMED)
    assert read_back(after) == after
    assert [one.message_id for one in after.recent if isinstance(one.message_id, str)] == [
        f"m-{n}" for n in range(10, 20)
    ]
    assert with_occurrences(after, orders(20, 21), NAMELESS) == with_occurrences(None, orders(0, 21), NAMELESS)


def test_a_window_that_is_asked_later_holds_nothing_that_only_a_finer_one_knows() -> None:
    fine = with_occurrences(None, orders(0, 200), Asked((30 * DAY,), ("total",), ids=False))
    both = Asked((30 * DAY, 90 * DAY), ("total",), ids=False)
    series = with_occurrences(fine, orders(200, 300), both)
    assert read_back(series) == series
    joined = both_series(series, with_occurrences(None, orders(1_000, 1_200), both))
    assert read_back(joined) == joined
