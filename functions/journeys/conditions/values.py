"""What do two values of unknown make compare to? Three-valued: another type, or nothing, is neither true nor false."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Any, Final, TypeAlias, TypeGuard

from functions.profiles.model import Between

Truth: TypeAlias = bool | None
"""True, False, or None for unknown (Kleene)."""


class Missing(Enum):
    """The one value for "nothing is known here"; absent and null are the same."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


_ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?", re.ASCII
)
# Numbers from here on are milliseconds: as seconds they would lie past the year 5138.
_MILLISECONDS_FROM = 100_000_000_000


def iso_time(text: str, zone: tzinfo) -> datetime | None:
    """The instant of an ISO 8601 text; without an offset it is local time in ``zone``; a bare date is its 00:00."""
    if len(text) > 40 or not _ISO_TIME.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return in_utc(instant, zone) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def in_utc(local: datetime, zone: tzinfo) -> datetime:
    """The instant of a local time: a time that the clocks skip is the next one that exists, a repeated one its first.

    Raises ``OverflowError`` at the ends of the calendar.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return first
    # A gap. The offset before it gives the later instant, the offset after it the earlier; the jump lies between them.
    low, high = int(second.timestamp()), int(first.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) >= local:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def as_time(value: object, zone: tzinfo) -> datetime | None:
    """A time out of a time, an ISO text, or unix seconds or milliseconds by magnitude; None when it is none of them."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return iso_time(value, zone)
    if is_number(value):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


def is_number(value: object) -> TypeGuard[float]:
    """True of finite numbers, False of booleans (which Python counts among the integers)."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def equal(left: Any, right: Any, zone: tzinfo) -> Truth:  # noqa: PLR0911 - one return per kind
    """``==`` of two values; only ``none`` compares with nothing (see the evaluator), so a null here is unknown."""
    if isinstance(left, Between) or isinstance(right, Between):
        return _compare_bounds("==", left, right)
    order = _ordered(left, right, zone)
    if order is not None:
        return bool(order[0] == order[1])
    if isinstance(left, bool) and isinstance(right, bool):
        return left == right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) != len(right):
            return False
        return all_of(equal(one, other, zone) for one, other in zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if left.keys() != right.keys():
            return False
        return all_of(equal(left[key], right[key], zone) for key in left)
    return None


def compare(operator: str, left: Any, right: Any, zone: tzinfo) -> Truth:
    """``< <= > >=`` of two numbers, two texts or two times; unknown for anything else."""
    if isinstance(left, Between) or isinstance(right, Between):
        return _compare_bounds(operator, left, right)
    order = _ordered(left, right, zone)
    if order is None:
        return None
    return _ORDERINGS[operator](*order)


def member(item: Any, container: Any, zone: tzinfo) -> Truth:
    """``item in container``: an element of a list, or a part of a text."""
    if item is MISSING or container is MISSING or item is None:
        return None
    if isinstance(container, list | tuple):
        return any_of(equal(item, one, zone) for one in container)
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    return None


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: one False settles it, else one unknown does."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: one True settles it, else one unknown does."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _ordered(left: Any, right: Any, zone: tzinfo) -> tuple[Any, Any] | None:
    """The two as one orderable type, or None."""
    if isinstance(left, str) and isinstance(right, str):
        earlier, later = iso_time(left, zone), iso_time(right, zone)
        return (left, right) if earlier is None or later is None else (earlier, later)
    if is_number(left) and is_number(right):
        return (left, right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        if is_number(left) or is_number(right):
            return None
        times = as_time(left, zone), as_time(right, zone)
        return None if times[0] is None or times[1] is None else (times[0], times[1])
    return None


def _compare_bounds(operator: str, left: Any, right: Any) -> Truth:
    """Compares what is known only between bounds: true or false when it is so of every number in between."""
    bounds = [one if isinstance(one, Between) else Between(one, one) for one in (left, right) if _bounded(one)]
    if len(bounds) < 2:
        return None
    one, other = bounds
    if operator == "==":
        return False if one.high < other.low or other.high < one.low else None
    holds = _ORDERINGS[operator]
    # Of the four corners two decide: the pair furthest to either side.
    ways = {holds(one.low, other.high), holds(one.high, other.low)}
    return ways.pop() if len(ways) == 1 else None


def _bounded(value: Any) -> bool:
    return isinstance(value, Between) or is_number(value)
