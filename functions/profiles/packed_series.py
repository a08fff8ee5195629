"""How does a series fit in few bytes of a row that each event rewrites? Names as JSON, numbers as columns of bits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from math import gcd
from operator import add
from typing import Any

from functions.profiles.columns import Reader, Written
from functions.profiles.folds import LARGEST_AMOUNT
from functions.profiles.older import BILLION, EPOCH, MARK_BITS, Asked, Buckets, Occurrence, Older, Tally, milliseconds
from functions.profiles.series import Series

_MILLISECOND = timedelta(milliseconds=1)


def pack(series: Series, bits: Written) -> list[Any]:
    """Writes the numbers; answers the rest: ``[paths of sums, message ids or None, [[property, its values]...]]``.

    Values that are numbers in bits stand there as None.
    """
    for instant in (series.first, series.last):
        bits.number(milliseconds(instant))
    bits.number(series.count)
    bits.number(len(series.asked.windows))
    bits.column(series.asked.windows)
    bits.bits(series.asked.ids, 1)
    names = _pack_recent(series.recent, bits)
    bits.bits(series.older is not None, 1)
    if series.older is not None:
        _pack_older(series.older, bits)
    return [list(series.asked.sums), *names]


def unpack(data: Sequence[Any], bits: Reader) -> Series:
    """Reads what ``pack`` answered and wrote."""
    sums, ids, properties = data
    first, last = _instant(bits.number()), _instant(bits.number())
    count = bits.number()
    windows = tuple(bits.column(bits.number()))
    asked = Asked(windows, tuple(sums), bool(bits.bits(1)))
    recent = _recent(ids, properties, bits)
    older = _older(1 + 2 * len(sums), bits) if bits.bits(1) else None
    return Series(count, first, last, recent, asked, older)


def _pack_recent(recent: Sequence[Occurrence], bits: Written) -> list[Any]:
    times = [milliseconds(one.timestamp) for one in recent]
    bits.number(len(times))
    if times:
        bits.number(times[0])
    bits.column([later - one for one, later in pairwise(times)])
    ids = [one.message_id if isinstance(one.message_id, str) else None for one in recent]
    for one in recent:
        if isinstance(one.message_id, int):
            bits.bits(one.message_id, MARK_BITS)
    properties: list[list[Any]] = []
    for name in dict.fromkeys(name for one in recent for name in one.properties):
        having = [name in one.properties for one in recent]
        bits.column(having)
        values = [one.properties[name] for one in recent if name in one.properties]
        numbers = [_billionths(value) for value in values]
        exact = [one for one in numbers if one is not None]
        if len(exact) == len(values):
            bits.column(exact)
            properties.append([name, None])
        else:
            properties.append([name, values])
    whole = None if all(one is None for one in ids) else ids
    return [whole, properties]


def _recent(ids: Sequence[str | None] | None, named: Sequence[Any], bits: Reader) -> tuple[Occurrence, ...]:
    length = bits.number()
    begins = [bits.number()] if length else []
    times = list(accumulate([*begins, *bits.column(max(length - 1, 0))]))
    whole: Sequence[str | None] = ids or [None for _ in times]
    known = [bits.bits(MARK_BITS) if one is None else one for one in whole]
    properties: list[dict[str, Any]] = [{} for _ in times]
    for name, values in named:
        having = [one for one, has in zip(properties, bits.column(length), strict=True) if has]
        said = map(_amount, bits.column(len(having))) if values is None else values
        for one, value in zip(having, said, strict=True):
            one[name] = value
    return tuple(map(Occurrence, map(_instant, times), known, properties))


def _pack_older(older: Older, bits: Written) -> None:
    at, mark = older.newest
    bits.number(milliseconds(at))
    bits.bits(mark, MARK_BITS)
    for part in older.total:
        bits.number(part)
    bits.number(len(older.buckets))
    finer: Buckets | None = None
    for one in older.buckets:
        whole = one.since if finer is None else max(one.since, finer.since)
        kept = [index for index in sorted(one.tallies) if finer is None or index * one.width < whole]
        bits.number(one.width)
        bits.number(one.since)
        bits.number(len(kept))
        _pack_tallies(kept, [one.tallies[index] for index in kept], bits)
        finer = one


def _pack_tallies(indices: Sequence[int], tallies: Sequence[Tally], bits: Written) -> None:
    if not tallies:
        return
    bits.number(indices[0])
    bits.column([later - one for one, later in pairwise(indices)])
    counts, *amounts = (list(column) for column in zip(*tallies, strict=True))
    bits.column(counts)
    for column in amounts:
        # How much there is of something goes with how many there were: only what differs from the mean is kept.
        step = gcd(*column) or 1
        mean = sum(column) // step // sum(counts) * step
        bits.number(mean)
        bits.column([one - mean * many for one, many in zip(column, counts, strict=True)])


def _older(length: int, bits: Reader) -> Older:
    newest = (_instant(bits.number()), bits.bits(MARK_BITS))
    total = tuple(bits.number() for _ in range(length))
    buckets: list[Buckets] = []
    for _ in range(bits.number()):
        width, since = bits.number(), bits.number()
        tallies = _tallies(bits.number(), length, bits)
        if buckets:
            tallies.update(_told(buckets[-1], width, since))
        buckets.append(Buckets(width, since, tallies))
    return Older(newest, total, tuple(buckets))


def _tallies(many: int, length: int, bits: Reader) -> dict[int, Tally]:
    if not many:
        return {}
    indices = accumulate([bits.number(), *bits.column(many - 1)])
    counts = bits.column(many)
    amounts = []
    for _ in range(length - 1):
        mean = bits.number()
        column = bits.column(many)
        amounts.append([one + mean * count for one, count in zip(column, counts, strict=True)])
    return dict(zip(indices, zip(counts, *amounts, strict=True), strict=True))


def _told(finer: Buckets, width: int, since: int) -> Mapping[int, Tally]:
    """The buckets that the next finer ones add up to, from where neither lacks anything; so they are not written."""
    tallies: dict[int, Tally] = {}
    ratio = width // finer.width
    for index, tally in finer.tallies.items():
        coarse = index // ratio
        if coarse * width >= max(since, finer.since):
            known = tallies.get(coarse)
            tallies[coarse] = tally if known is None else tuple(map(add, known, tally))
    return tallies


def _billionths(value: Any) -> int | None:
    """A number that ``_amount`` gives back as it is; None for anything else."""
    if type(value) is int:
        return value * BILLION if abs(value) <= LARGEST_AMOUNT else None
    if type(value) is not float or not abs(value) <= LARGEST_AMOUNT:
        return None
    number = round(value * BILLION)
    return number if number % BILLION and number / BILLION == value else None


def _amount(billionths: int) -> int | float:
    return billionths // BILLION if billionths % BILLION == 0 else billionths / BILLION


def _instant(at: int) -> datetime:
    return EPOCH + at * _MILLISECOND
