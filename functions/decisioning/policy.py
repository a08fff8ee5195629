"""When is a person's next event due? The median of their own intervals, else the population's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

OWN_INTERVALS_NEEDED = 2
POPULATION_INTERVALS_NEEDED = 5


@dataclass(frozen=True, slots=True)
class Learned:
    """The median interval of a population, and of how many intervals it is the median."""

    interval: timedelta
    intervals: int


def expected_next(times: Sequence[datetime], population: timedelta | None) -> datetime | None:
    """The due instant after ``times`` (ascending); None when it never happened or no interval is known."""
    if not times:
        return None
    intervals = intervals_between(times)
    if len(intervals) >= OWN_INTERVALS_NEEDED:
        return _after(times[-1], median(intervals))
    return None if population is None else _after(times[-1], population.total_seconds())


def intervals_between(times: Sequence[datetime]) -> list[float]:
    """Seconds between occurrences (ascending). Those of one UTC day are one: a split basket is no shorter habit."""
    last_of_day = list({time.date(): time for time in times}.values())
    return [(later - earlier).total_seconds() for earlier, later in pairwise(last_of_day)]


def learned(intervals: Iterable[float]) -> Learned | None:
    """What a population's intervals (seconds) say; None when they are too few to say anything."""
    known = list(intervals)
    if len(known) < POPULATION_INTERVALS_NEEDED:
        return None
    return Learned(timedelta(seconds=median(known)), len(known))


def _after(last: datetime, seconds: float) -> datetime | None:
    try:
        return last + timedelta(seconds=seconds)
    except OverflowError:
        return None
