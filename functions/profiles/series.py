"""How often, how much, how lately? What is kept of one kind of event, however many there were.

The newest occurrences are kept one by one. What is older is only added up: altogether, and for every window that an
expression asks about in buckets of time a 64th as wide. Any order of the same events gives the same series.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from operator import sub
from typing import Any, TypeVar

from functions.profiles.folds import json_text
from functions.profiles.older import (
    BILLION,
    EPOCH,
    LONGEST_WINDOW,
    NOTHING_ASKED,
    Asked,
    Buckets,
    Occurrence,
    Older,
    Tally,
    added_up,
    amount_of,
    asking,
    both_older,
    horizons,
    mark_of,
    milliseconds,
    order_of,
    pruned,
)
from functions.profiles.older import from_json as older_from_json
from functions.profiles.older import to_json as older_to_json
from functions.shared.clock import format_instant, parse_instant

T = TypeVar("T")

RECENT_OCCURRENCES = 50
# A row ends at 400 KB (DynamoDB quota): the newest occurrences of one event are kept this far, in bytes of JSON.
RECENT_BYTES = 16_000
# Before every event: capture takes none from before 1970.
_BEGINNING = -LONGEST_WINDOW


@dataclass(frozen=True, slots=True)
class Between:
    """A number of which only the bounds are known: the edge of a window cuts through a bucket."""

    low: float
    high: float


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
    asked: Asked = NOTHING_ASKED
    older: Older | None = None
    until: datetime | None = None

    def up_to(self, order: tuple[datetime, str | int]) -> "Series":
        """The series as an event at ``order`` (time, message id) sees it: itself included, later ones left out."""
        order = (order[0], mark_of(order[1]))
        kept = bisect_right(self.recent, order, key=order_of)
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
        low = milliseconds(after)
        for buckets in self.older.buckets:
            ends = {edge for index in buckets.tallies for edge in (index * buckets.width, (index + 1) * buckets.width)}
            # What begins with a bucket holds it whole, and a millisecond later not any more.
            for edge in (buckets.since, *ends):
                yield from (EPOCH + n * timedelta(milliseconds=1) for n in (edge, edge + 1) if n > low)

    def _later(self, start: datetime | None) -> tuple[Occurrence, ...]:
        if start is None:
            return self.recent
        return self.recent[bisect_right(self.recent, start, key=lambda occurrence: occurrence.timestamp) :]

    def _of_older(self, start: datetime | None, part: Callable[[Tally], int]) -> tuple[list[int], list[int]]:
        """Of the older occurrences, what surely lies in (``start``, ``until``] and what may."""
        older = self.older
        if older is None or (start is not None and older.newest[0] <= start):
            return [], []
        low = _BEGINNING if start is None else milliseconds(start)
        high = None if self.until is None else milliseconds(self.until)
        reaching = [one for one in older.buckets if one.since <= low]
        buckets = min(reaching, key=lambda one: one.width, default=None)
        if buckets is None:
            nothing = Buckets(1, milliseconds(older.newest[0]))
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
        """JSON shape, occurrences as ``[milliseconds since the one before (since 1970), messageId or mark,
        properties]``; what is not asked or not there is left out."""
        data: dict[str, Any] = {
            "count": self.count,
            "first": format_instant(self.first),
            "last": format_instant(self.last),
            "recent": self._recent_to_json(),
        }
        if self.asked != NOTHING_ASKED:
            data["asked"] = [list(self.asked.windows), list(self.asked.sums), self.asked.ids]
        if self.older is not None:
            data["older"] = older_to_json(self.older)
        return data

    def _recent_to_json(self) -> list[Any]:
        times = [milliseconds(one.timestamp) for one in self.recent]
        steps = map(sub, times, (0, *times))
        return [[step, one.message_id, one.properties] for step, one in zip(steps, self.recent, strict=True)]

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Series":
        """Reads ``to_json``'s shape."""
        windows, sums, ids = data.get("asked", ((), (), True))
        return Series(
            count=int(data["count"]),
            first=parse_instant(data["first"]),
            last=parse_instant(data["last"]),
            recent=tuple(map(_occurrence, accumulate(one[0] for one in data["recent"]), data["recent"])),
            asked=Asked(tuple(windows), tuple(sums), ids),
            older=older_from_json(data["older"]) if "older" in data else None,
        )


def with_occurrences(known: Series | None, happened: Sequence[Occurrence], asked: Asked) -> Series:
    """The series with occurrences (never none) that it has not seen before."""
    ascending = sorted(happened, key=order_of)
    first, last = ascending[0].timestamp, ascending[-1].timestamp
    if known is None:
        return _settled(Series(len(ascending), first, last, (), asked), ascending)
    known = _asking(known, asked)
    grown = Series(known.count + len(ascending), min(known.first, first), max(known.last, last), (), asked, known.older)
    # Nearly sorted: what happens is mostly newer than what is known.
    return _settled(grown, sorted((*known.recent, *ascending), key=order_of))


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
        both_older(one.older, other.older),
    )
    return _settled(together, sorted((*one.recent, *other.recent), key=order_of))


def within(budget: int, items: Sequence[T], size: Callable[[T], int]) -> list[T]:
    """The first items whose sizes fit the budget together; always the first."""
    kept: list[T] = []
    for item in items:
        budget -= size(item)
        if kept and budget < 0:
            break
        kept.append(item)
    return kept


def _asking(series: Series, asked: Asked) -> Series:
    if series.asked == asked:
        return series
    return replace(series, asked=asked, older=series.older and asking(series.older, series.asked, asked))


def _settled(series: Series, ascending: Sequence[Occurrence]) -> Series:
    """Keeps the newest one by one, and adds up those that have to go.

    Nothing older than what went before is kept again. So which are kept depends on all events and not on their order.
    """
    older = series.older
    low = 0 if older is None else bisect_right(ascending, older.newest, key=order_of)
    low = max(low, len(ascending) - RECENT_OCCURRENCES)
    low = len(ascending) - len(within(RECENT_BYTES, ascending[: low - 1 if low else None : -1], _size))
    if low:
        older = added_up(older, ascending[:low], series.asked)
    if older is not None:
        older = pruned(older, horizons(series.asked.windows), milliseconds(series.last))
    recent = ascending[low:] if series.asked.ids else map(_marked, ascending[low:])
    return Series(series.count, series.first, series.last, tuple(recent), series.asked, older)


def _marked(one: Occurrence) -> Occurrence:
    return one if isinstance(one.message_id, int) else replace(one, message_id=mark_of(one.message_id))


def _size(one: Occurrence) -> int:
    """About how many bytes of JSON it takes; on queues whatever is not ASCII is escaped."""
    size = 60
    for name, value in one.properties.items():
        if type(value) is str and value.isascii():
            size += len(name) + len(value)
        else:
            size += len(name) + (20 if type(value) in (int, float) else len(json_text(value)))
    return size


def _occurrence(at: int, data: Sequence[Any]) -> Occurrence:
    return Occurrence(EPOCH + timedelta(milliseconds=at), data[1], data[2])


def _amount(low: int, high: int) -> float | Between:
    return _decimal(low) if low == high else Between(_decimal(low), _decimal(high))


def _decimal(billionths: int) -> float:
    return billionths // BILLION if billionths % BILLION == 0 else billionths / BILLION
