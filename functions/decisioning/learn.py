"""How often do people do it? One pass over all profiles, and a median per event that journeys predict."""

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime

from functions.decisioning.api import Decisions
from functions.decisioning.policy import intervals_between, learned
from functions.profiles.model import Snapshot


def learn_intervals(people: Iterable[Snapshot], events: Sequence[str], decisions: Decisions, now: datetime) -> int:
    """Learns the population's interval of each event; answers for how many there was enough to learn from.

    All intervals of all people count alike (of each person the newest 50 occurrences); 8 bytes each are held at once.
    """
    if not events:
        # Nobody predicts anything: people need not be read.
        return 0
    seen = {event: array("d") for event in events}
    for person in people:
        for event, intervals in seen.items():
            series = person.series.get(event)
            if series is not None:
                intervals.extend(intervals_between([one.timestamp for one in series.recent]))
    found = {event: learned(intervals) for event, intervals in seen.items()}
    for event, one in found.items():
        if one is not None:
            decisions.record(event, one, now)
    return sum(one is not None for one in found.values())
