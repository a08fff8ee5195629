"""Whom may time have moved? People whose standing says that they are to be looked at again by now."""

from datetime import datetime
from itertools import islice

from functions.audiences.store import SHARDS, Standings
from functions.shared.sqs import Queue

# Each is read and decided anew; so many are some seconds of work for one invocation of ten records.
PEOPLE_PER_MESSAGE = 50


def find_due(standings: Standings, queue: Queue, now: datetime) -> int:
    """Puts everybody who is due on the audiences queue; answers how many.

    Who is looked at is due later or never afterwards, so a run that was missed is caught up by the next, and one too
    many sends people who are looked at twice.
    """
    found = 0
    for shard in range(SHARDS):
        due = standings.due(shard, now)
        while people := list(islice(due, PEOPLE_PER_MESSAGE)):
            queue.send({"again": people})
            found += len(people)
    return found
