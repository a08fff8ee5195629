"""When is a person's next event due? The median of their own intervals, else the population's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

OWN_INTERVALS_NEEDED = 2


def expected_next(times: Sequence[datetime], population: timedelta | None) -> datetime | None:
    """The due instant after ``times`` (ascending); None when it never happened or no interval is known."""
    if not times:
        return None
    intervals = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    if len(intervals) >= OWN_INTERVALS_NEEDED:
        return times[-1] + timedelta(seconds=median(intervals))
    return None if population is None else times[-1] + population
