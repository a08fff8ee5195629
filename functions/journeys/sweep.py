"""Which runs were never started? Those whose row has said ``starting`` for longer than any delivery takes.

Whoever wrote the row died before the execution was started, and the message that would have healed it was given up. The
journeys consumer is asked to start them by the names they always had, so one too many is refused as started already.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from functions.journeys.api import Enrolments
from functions.journeys.store import START_SHARDS
from functions.shared.names import EnrolmentId, ProfileId
from functions.shared.sqs import Queue

# A message is tried five times, three minutes apart, before it is given up; what admission holds back waits longer only
# in a burst that no rate was chosen for.
STUCK_AFTER = timedelta(minutes=30)
RUNS_PER_MESSAGE = 50
# In one sweep: what a hundred starts a second make of the quarter of an hour until the next.
MOST = 90_000


def sweep(enrolments: Enrolments, queue: Queue, now: datetime) -> int:
    """Has every stuck run started again; answers how many there were. One request a shard, and one for fifty runs."""
    stuck = islice(_stuck(enrolments, now - STUCK_AFTER), MOST)
    found = 0
    while runs := list(islice(stuck, RUNS_PER_MESSAGE)):
        queue.send({"starts": [{"profile": profile, "enrolment": enrolment} for profile, enrolment in runs]})
        found += len(runs)
    return found


def _stuck(enrolments: Enrolments, until: datetime) -> Iterator[tuple[ProfileId, EnrolmentId]]:
    for shard in range(START_SHARDS):
        yield from enrolments.starting(shard, until)
