"""How often, how much, how lately? What is kept of one kind of event, however many there were.

The newest occurrences are kept one by one. What is older is only added up: altogether, and for every window that an
expression asks about in buckets of time a 64th as wide. Any order of the same events gives the same series.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from operator import add, sub
from typing import Any, TypeVar

from functions.profiles.folds import LARGEST_AMOUNT, json_text
from functions.shared.clock import format_instant, parse_instant

T = TypeVar("T")
Tally = tuple[int, ...]
"""How many, then for each summed property what the amounts above and below zero add up to, in billionths."""

RECENT_OCCURRENCES = 50
# A row ends at 400 KB (DynamoDB quota): the newest occurrences of one event are kept this far, in bytes of JSON.
RECENT_BYTES = 16_000
# Amounts are added as whole numbers: floats would give another total in another order.
BILLION = 10**9
SECOND = 1000
DAY = 86_400 * SECOND
# From each width to the next there are 5 to 7, so that a window takes 64 to 448 buckets, and ten years take 522.
WIDTHS = (60 * SECOND, 300 * SECOND, 900 * SECOND, 3_600 * SECOND, DAY // 4, DAY, 7 * DAY)
FINENESS = 64
LONGEST_WINDOW = 3_650 * DAY
# Up to here a float times a billion is off by less than a half, so that rounding finds the decimals as written.
_SMALL = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Before every event: capture takes none from before 1970.
_BEGINNING = -LONGEST_WINDOW
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Between:
    """A number of which only the bounds are known: the edge of a window cuts through a bucket."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time an event happened, with the properties that expressions read."""

    timestamp: datetime
    message_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, str]:
        """Time, then message id."""
        return (self.timestamp, self.message_id)


@dataclass(frozen=True, slots=True)
class Asked:
    """What expressions ask about one kind of event.

    ``windows`` in milliseconds; ``sums`` = paths of the properties that are added up (``revenue``, ``lines.n``).
    """

    windows: tuple[int, ...] = ()
    sums: tuple[str, ...] = ()

    @staticmethod
    def of(published: Mapping[str, Any]) -> "Asked":
        """Reads one entry of ``publication.windows``."""
        return Asked(tuple(one * SECOND for one in published["within"]), tuple(published["sums"]))

    def joined(self, other: "Asked") -> "Asked":
        """What either asks."""
        if self == other:
            return self
        return Asked(*(tuple(sorted({*a, *b})) for a, b in ((self.windows, other.windows), (self.sums, other.sums))))


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
    """The occurrences that are no longer kept one by one: all up to ``newest`` (time, message id)."""

    newest: tuple[datetime, str]
    total: Tally
    buckets: tuple[Buckets, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """How often an event happened to a person: all-time count and edges, the newest occurrences, ascending, and what
    the older ones add up to (None: there are none).

    ``until`` is set on a series cut at an event older than all ``recent``; then ``count`` still holds later ones.
    """

    count: int
    first: datetime
    last: datetime
    recent: tuple[Occurrence, ...]
    asked: Asked = Asked()
    older: Older | None = None
    until: datetime | None = None

    def up_to(self, order: tuple[datetime, str]) -> "Series":
        """The series as an event at ``order`` sees it: itself included, later ones left out."""
        kept = bisect_right(self.recent, order, key=_order)
        later = len(self.recent) - kept
        if later == 0:
            return self
        recent = self.recent[:kept]
        if recent:
            return replace(self, count=self.count - later, last=recent[-1].timestamp, recent=recent)
        if self.older is None or order[0] < self.first:
            return Series(0, self.first, self.first, ())
        newest = self.older.newest
        until = None if newest <= order else order[0]
        return replace(self, count=self.count - later, last=min(newest[0], order[0]), recent=(), until=until)

    def latest(self) -> datetime | None:
        """When it last happened; None when only later occurrences are kept."""
        return None if self.until else self.recent[-1].timestamp if self.recent else self.last

    def how_many(self, start: datetime | None = None) -> int | Between:
        """Occurrences later than ``start``; None = all."""
        if start is None and self.until is None:
            return self.count
        newest = self._later(start)
        certain, possible = self._of_older(start, lambda tally: tally[0])
        low = len(newest) + sum(certain)
        return Between(low, low + sum(possible)) if possible else low

    def how_much(self, path: str, start: datetime | None = None) -> float | Between | None:
        """The sum of a property over the occurrences later than ``start``; None when nothing was added up for it."""
        known = sum(amount_of(one.properties, path) for one in self._later(start))
        if self.older is None or (start is not None and self.older.newest[0] <= start):
            return _amount(known, known)
        if path not in self.asked.sums:
            return None
        at = 1 + 2 * self.asked.sums.index(path)
        certain, above = self._of_older(start, lambda tally: tally[at])
        certain_below, below = self._of_older(start, lambda tally: tally[at + 1])
        known += sum(certain) + sum(certain_below)
        return _amount(known + sum(below), known + sum(above))

    def edges(self, after: datetime) -> Iterator[datetime]:
        """The instants later than ``after`` at which a window that begins there holds something else than just before:
        one by one for the newest, bucket by bucket for older ones. In no order; some change nothing."""
        for one in reversed(self.recent):
            if one.timestamp <= after:
                break
            yield one.timestamp
        if self.older is None or self.older.newest[0] <= after:
            return
        yield self.older.newest[0]
        low = _ms(after)
        for buckets in self.older.buckets:
            ends = {edge for index in buckets.tallies for edge in (index * buckets.width, (index + 1) * buckets.width)}
            # What begins with a bucket holds it whole, and a millisecond later not any more.
            for edge in (buckets.since, *ends):
                yield from (_EPOCH + n * _MILLISECOND for n in (edge, edge + 1) if n > low)

    def _later(self, start: datetime | None) -> tuple[Occurrence, ...]:
        if start is None:
            return self.recent
        return self.recent[bisect_right(self.recent, start, key=lambda occurrence: occurrence.timestamp) :]

    def _of_older(self, start: datetime | None, part: Callable[[Tally], int]) -> tuple[list[int], list[int]]:
        """Of the older occurrences, what surely lies in (``start``, ``until``] and what may."""
        older = self.older
        if older is None or (start is not None and older.newest[0] <= start):
            return [], []
        low = _BEGINNING if start is None else _ms(start)
        high = None if self.until is None else _ms(self.until)
        reaching = [one for one in older.buckets if one.since <= low]
        buckets = min(reaching, key=lambda one: one.width, default=None)
        if buckets is None:
            nothing = Buckets(1, _ms(older.newest[0]))
            buckets = min(older.buckets, key=lambda one: (one.since, one.width), default=nothing)
        certain: list[int] = []
        possible: list[int] = []
        dropped = part(older.total)
        for index, tally in buckets.tallies.items():
            dropped -= part(tally)
            begins, ends = index * buckets.width, (index + 1) * buckets.width
            if ends <= low or (high is not None and begins >= high):
                continue
            (certain if begins >= low and (high is None or ends < high) else possible).append(part(tally))
        if low < 0 and (high is None or buckets.since < high):
            certain.append(dropped)
        elif buckets.since > low:
            possible.append(dropped)
        return certain, possible

    def to_json(self) -> dict[str, Any]:
        """JSON shape, occurrences as ``[milliseconds since the one before (since 1970), messageId, properties]``; what
        is not asked or not there is left out."""
        data: dict[str, Any] = {
            "count": self.count,
            "first": format_instant(self.first),
            "last": format_instant(self.last),
            "recent": self._recent_to_json(),
        }
        if self.asked != Asked():
            data["asked"] = [list(self.asked.windows), list(self.asked.sums)]
        if self.older is not None:
            data["older"] = [
                format_instant(self.older.newest[0]),
                self.older.newest[1],
                list(self.older.total),
                [_buckets_to_json(one) for one in self.older.buckets],
            ]
        return data

    def _recent_to_json(self) -> list[Any]:
        times = [_ms(one.timestamp) for one in self.recent]
        steps = map(sub, times, (0, *times))
        return [[step, one.message_id, one.properties] for step, one in zip(steps, self.recent, strict=True)]

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Series":
        """Reads ``to_json``'s shape."""
        windows, sums = data.get("asked", ((), ()))
        return Series(
            count=int(data["count"]),
            first=parse_instant(data["first"]),
            last=parse_instant(data["last"]),
            recent=tuple(map(_occurrence, accumulate(one[0] for one in data["recent"]), data["recent"])),
            asked=Asked(tuple(windows), tuple(sums)),
            older=_older(data["older"]) if "older" in data else None,
        )


def with_occurrences(known: Series | None, happened: Sequence[Occurrence], asked: Asked) -> Series:
    """The series with occurrences (never none) that it has not seen before."""
    ascending = sorted(happened, key=_order)
    first, last = ascending[0].timestamp, ascending[-1].timestamp
    if known is None:
        return _settled(Series(len(ascending), first, last, (), asked), ascending)
    if known.asked != asked:
        known = _asking(known, asked)
    grown = Series(known.count + len(ascending), min(known.first, first), max(known.last, last), (), asked, known.older)
    # Nearly sorted: what happens is mostly newer than what is known.
    return _settled(grown, sorted((*known.recent, *ascending), key=_order))


def both_series(one: Series, other: Series) -> Series:
    """Two disjoint sets of occurrences together."""
    asked = one.asked.joined(other.asked)
    one, other = _asking(one, asked), _asking(other, asked)
    together = Series(
        one.count + other.count,
        min(one.first, other.first),
        max(one.last, other.last),
        (),
        asked,
        _both_older(one.older, other.older),
    )
    return _settled(together, sorted((*one.recent, *other.recent), key=_order))


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


def within(budget: int, items: Sequence[T], size: Callable[[T], int]) -> list[T]:
    """The first items whose sizes fit the budget together; always the first."""
    kept: list[T] = []
    for item in items:
        budget -= size(item)
        if kept and budget < 0:
            break
        kept.append(item)
    return kept


@lru_cache(maxsize=256)
def _horizons(windows: tuple[int, ...]) -> Mapping[int, int]:
    """The width of buckets for each window, with the longest window it is for."""
    horizons: dict[int, int] = {}
    for window in windows:
        width = max((one for one in WIDTHS if one * FINENESS <= window), default=WIDTHS[0])
        horizons[width] = max(horizons.get(width, 0), min(window, LONGEST_WINDOW))
    return dict(sorted(horizons.items()))


def _settled(series: Series, ascending: Sequence[Occurrence]) -> Series:
    """Keeps the newest one by one, and adds up those that have to go.

    Nothing older than what went before is kept again. So which are kept depends on all events and not on their order.
    """
    older = series.older
    low = 0 if older is None else bisect_right(ascending, older.newest, key=_order)
    low = max(low, len(ascending) - RECENT_OCCURRENCES)
    low = len(ascending) - len(within(RECENT_BYTES, ascending[: low - 1 if low else None : -1], _size))
    if low:
        older = _with(older, ascending[:low], series.asked)
    if older is not None:
        older = _pruned(older, _horizons(series.asked.windows), _ms(series.last))
    return Series(series.count, series.first, series.last, tuple(ascending[low:]), series.asked, older)


def _order(one: Occurrence) -> tuple[datetime, str]:
    return (one.timestamp, one.message_id)


def _size(one: Occurrence) -> int:
    """About how many bytes of JSON it takes."""
    size = 60
    for name, value in one.properties.items():
        kind = type(value)
        size += len(name) + (
            len(value) if kind is str else 20 if kind is int or kind is float else len(json_text(value))
        )
    return size


def _with(older: Older | None, leaving: Sequence[Occurrence], asked: Asked) -> Older:
    horizons = _horizons(asked.windows)
    if older is None:
        older = Older(leaving[-1].order, (0,) * (1 + 2 * len(asked.sums)), tuple(map(Buckets, horizons)))
    total = older.total
    buckets = [(one, dict(one.tallies)) for one in older.buckets]
    for occurrence in leaving:
        amounts = [amount_of(occurrence.properties, path) for path in asked.sums]
        tally = (1, *(part for amount in amounts for part in (max(amount, 0), min(amount, 0))))
        total = tuple(map(add, total, tally))
        before = _ms(occurrence.timestamp) - 1
        for one, tallies in buckets:
            index = before // one.width
            tallies[index] = tuple(map(add, tallies[index], tally)) if index in tallies else tally
    return Older(
        max(older.newest, leaving[-1].order), total, tuple(replace(one, tallies=tallies) for one, tallies in buckets)
    )


def _pruned(older: Older, horizons: Mapping[int, int], last: int) -> Older:
    """Without buckets that lie wholly before every window that ends at the newest occurrence or later."""
    if all(not one.tallies or (min(one.tallies) + 1) * one.width > last - horizons[one.width] for one in older.buckets):
        return older
    buckets = []
    for one in older.buckets:
        past = [index for index in one.tallies if (index + 1) * one.width <= last - horizons[one.width]]
        since = max([one.since, *((index + 1) * one.width for index in past)])
        kept = {index: tally for index, tally in one.tallies.items() if (index + 1) * one.width > since}
        buckets.append(Buckets(one.width, since, kept))
    return replace(older, buckets=tuple(buckets))


def _asking(series: Series, asked: Asked) -> Series:
    """The series as it goes on when expressions ask something else: what is new starts from what is kept."""
    older, before = series.older, series.asked
    if before == asked or older is None:
        return replace(series, asked=asked)
    places = [before.sums.index(path) if path in before.sums else None for path in asked.sums]

    def moved(tally: Tally) -> Tally:
        parts = ((0, 0) if at is None else tally[1 + 2 * at : 3 + 2 * at] for at in places)
        return (tally[0], *(part for pair in parts for part in pair))

    known = {one.width: one for one in older.buckets}
    buckets = []
    for width in _horizons(asked.windows):
        one = known.get(width) or Buckets(width, _ms(older.newest[0]))
        buckets.append(replace(one, tallies={index: moved(tally) for index, tally in one.tallies.items()}))
    return replace(series, asked=asked, older=Older(older.newest, moved(older.total), tuple(buckets)))


def _both_older(one: Older | None, other: Older | None) -> Older | None:
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


def _buckets_to_json(buckets: Buckets) -> list[Any]:
    """``[width, since, step, tally..., step, tally...]``: each step counts from the bucket before."""
    data: list[Any] = [buckets.width, buckets.since]
    before = 0
    for index in sorted(buckets.tallies):
        data += (index - before, *buckets.tallies[index])
        before = index
    return data


def _occurrence(at: int, data: Sequence[Any]) -> Occurrence:
    return Occurrence(_EPOCH + timedelta(milliseconds=at), data[1], data[2])


def _older(data: Sequence[Any]) -> Older:
    at, message_id, total, buckets = data
    return Older((parse_instant(at), message_id), tuple(total), tuple(_buckets(one, len(total)) for one in buckets))


def _buckets(data: Sequence[int], length: int) -> Buckets:
    tallies: dict[int, Tally] = {}
    index = 0
    for at in range(2, len(data), length + 1):
        index += data[at]
        tallies[index] = tuple(data[at + 1 : at + 1 + length])
    return Buckets(data[0], data[1], tallies)


def _amount(low: int, high: int) -> float | Between:
    return _decimal(low) if low == high else Between(_decimal(low), _decimal(high))


def _decimal(billionths: int) -> float:
    return billionths // BILLION if billionths % BILLION == 0 else billionths / BILLION


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND
