"""What do occurrences add up to that are no longer kept one by one? In all, and by time as far as windows reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import add
from typing import Any
from zlib import crc32

from functions.profiles.folds import LARGEST_AMOUNT
from functions.shared.clock import format_instant, parse_instant

Tally = tuple[int, ...]
"""How many, then for each summed property what the amounts above and below zero add up to, in billionths."""

# Amounts are added as whole numbers: floats would give another total in another order.
BILLION = 10**9
SECOND = 1000
DAY = 86_400 * SECOND
# Each is 3 to 7 of the one before, so that a window takes 64 to 448 buckets, and ten years take 522.
WIDTHS = (60 * SECOND, 300 * SECOND, 900 * SECOND, 3_600 * SECOND, DAY // 4, DAY, 7 * DAY)
FINENESS = 64
LONGEST_WINDOW = 3_650 * DAY
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK_BITS = 24
_MARK: int = 2**MARK_BITS - 1
# Up to here a float times a billion is off by less than a half, so that rounding finds the decimals as written.
_SMALL = 1_000_000
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an event happened, with the properties that expressions read; of its message id only the mark is kept
    when no wait looks back on such events."""

    timestamp: datetime
    message_id: str | int
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, int]:
        """Time, then the mark of the message id."""
        return (self.timestamp, mark_of(self.message_id))


@dataclass(frozen=True, slots=True)
class Asked:
    """What expressions ask about one kind of event.

    ``windows`` in milliseconds; ``sums`` = paths of the properties that are added up (``revenue``, ``lines.n``);
    ``ids`` = whether the newest keep their whole message ids, for waits that look back on them.
    """

    windows: tuple[int, ...] = ()
    sums: tuple[str, ...] = ()
    ids: bool = True

    @staticmethod
    def of(published: Mapping[str, Any], *, ids: bool) -> "Asked":
        """Reads one entry of ``publication.windows``; an event that none is of has an empty one."""
        windows = tuple(one * SECOND for one in published.get("within", ()))
        return Asked(windows, tuple(published.get("sums", ())), ids)

    def joined(self, other: "Asked") -> "Asked":
        """What either asks."""
        if self == other:
            return self
        windows, sums = {*self.windows, *other.windows}, {*self.sums, *other.sums}
        return Asked(tuple(sorted(windows)), tuple(sorted(sums)), self.ids or other.ids)


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Buckets:
    """Older occurrences by time: bucket ``n`` counts those after ``n * width`` and up to ``(n + 1) * width``.

    Times are milliseconds since 1970. ``since`` = nothing that happened later is missing here.
    """

    width: int
    since: int = 0
    tallies: Mapping[int, Tally] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Older:
    """The occurrences that are no longer kept one by one: all up to ``newest`` (time, mark)."""

    newest: tuple[datetime, int]
    total: Tally
    buckets: tuple[Buckets, ...] = ()


def mark_of(message_id: str | int) -> int:
    """What tells occurrences of one millisecond apart; 24 bits, so of one pair in 16 million it does not."""
    if isinstance(message_id, int):
        return message_id
    return crc32(message_id.encode("utf-8", "surrogatepass")) & _MARK


def order_of(one: Occurrence) -> tuple[datetime, int]:
    """Time, then mark: the one order of occurrences."""
    return (one.timestamp, mark_of(one.message_id))


def amount_of(properties: Mapping[str, Any], path: str) -> int:
    """A property in billionths, finer decimals rounded; 0 for what is no number, or beyond 2^53."""
    value: Any = properties
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_AMOUNT:
        return 0
    if isinstance(value, int):
        return value * BILLION
    return round(value * BILLION) if abs(value) < _SMALL else round(Decimal(str(value)).scaleb(9))


@lru_cache(maxsize=256)
def horizons(windows: tuple[int, ...]) -> Mapping[int, int]:
    """The width of buckets for each window, with the longest window it is for."""
    horizons: dict[int, int] = {}
    for window in windows:
        width = max((one for one in WIDTHS if one * FINENESS <= window), default=WIDTHS[0])
        horizons[width] = max(horizons.get(width, 0), min(window, LONGEST_WINDOW))
    return dict(sorted(horizons.items()))


def added_up(older: Older | None, leaving: Sequence[Occurrence], asked: Asked) -> Older:
    """What is older with occurrences, ascending, that are no longer kept one by one."""
    if older is None:
        older = Older(leaving[-1].order, (0,) * (1 + 2 * len(asked.sums)), tuple(map(Buckets, horizons(asked.windows))))
    total = older.total
    buckets = [(one, dict(one.tallies)) for one in older.buckets]
    for occurrence in leaving:
        amounts = [amount_of(occurrence.properties, path) for path in asked.sums]
        tally = (1, *(part for amount in amounts for part in (max(amount, 0), min(amount, 0))))
        total = tuple(map(add, total, tally))
        before = milliseconds(occurrence.timestamp) - 1
        for one, tallies in buckets:
            index = before // one.width
            tallies[index] = tuple(map(add, tallies[index], tally)) if index in tallies else tally
    return Older(
        max(older.newest, leaving[-1].order), total, tuple(replace(one, tallies=tallies) for one, tallies in buckets)
    )


def pruned(older: Older, reach: Mapping[int, int], last: int) -> Older:
    """Without buckets that lie wholly before every window that ends at the newest occurrence or later."""
    if all(not one.tallies or (min(one.tallies) + 1) * one.width > last - reach[one.width] for one in older.buckets):
        return older
    buckets = []
    for one in older.buckets:
        past = [index for index in one.tallies if (index + 1) * one.width <= last - reach[one.width]]
        since = max([one.since, *((index + 1) * one.width for index in past)])
        kept = {index: tally for index, tally in one.tallies.items() if (index + 1) * one.width > since}
        buckets.append(Buckets(one.width, since, kept))
    return replace(older, buckets=tuple(buckets))


def both_older(one: Older | None, other: Older | None) -> Older | None:
    """Two disjoint sets of occurrences, of which the same is asked, together."""
    if one is None or other is None:
        return one or other
    buckets = []
    for mine, theirs in zip(one.buckets, other.buckets, strict=True):
        tallies = dict(mine.tallies)
        for index, tally in theirs.tallies.items():
            tallies[index] = tuple(map(add, tallies[index], tally)) if index in tallies else tally
        buckets.append(Buckets(mine.width, max(mine.since, theirs.since), tallies))
    total = tuple(map(add, one.total, other.total))
    return Older(max(one.newest, other.newest), total, tuple(buckets))


def asking(older: Older, before: Asked, asked: Asked) -> Older:
    """The same when expressions ask something else: what is new starts from what is still kept one by one."""
    places = [before.sums.index(path) if path in before.sums else None for path in asked.sums]

    def moved(tally: Tally) -> Tally:
        parts = ((0, 0) if at is None else tally[1 + 2 * at : 3 + 2 * at] for at in places)
        return (tally[0], *(part for pair in parts for part in pair))

    known = {one.width: one for one in older.buckets}
    buckets = []
    for width in horizons(asked.windows):
        one = known.get(width) or Buckets(width, milliseconds(older.newest[0]))
        buckets.append(replace(one, tallies={index: moved(tally) for index, tally in one.tallies.items()}))
    return Older(older.newest, moved(older.total), tuple(buckets))


def to_json(older: Older) -> list[Any]:
    """JSON shape; ``from_json`` reads it back."""
    at, mark = older.newest
    return [format_instant(at), mark, list(older.total), [_buckets_to_json(one) for one in older.buckets]]


def from_json(data: Sequence[Any]) -> Older:
    """Reads ``to_json``'s shape."""
    at, mark, total, buckets = data
    return Older((parse_instant(at), mark), tuple(total), tuple(_buckets(one, len(total)) for one in buckets))


def _buckets(data: Sequence[int], length: int) -> Buckets:
    tallies: dict[int, Tally] = {}
    index = 0
    for at in range(2, len(data), length + 1):
        index += data[at]
        tallies[index] = tuple(data[at + 1 : at + 1 + length])
    return Buckets(data[0], data[1], tallies)


def _buckets_to_json(buckets: Buckets) -> list[Any]:
    """``[width, since, step, tally..., step, tally...]``: each step counts from the bucket before."""
    data: list[Any] = [buckets.width, buckets.since]
    before = 0
    for index in sorted(buckets.tallies):
        data += (index - before, *buckets.tallies[index])
        before = index
    return data


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (instant - EPOCH) // _MILLISECOND
