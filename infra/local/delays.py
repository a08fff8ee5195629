"""When does a message arrive that was sent to arrive later? In virtual time; moto would count seconds on the wall."""

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

# moto's instants are milliseconds of the wall clock; a message delayed until here waits for us.
NEVER = float("inf")


class Delays:
    """Finds delayed messages in ``queues`` (moto's own objects) and lets each be seen when its time has come."""

    def __init__(self, clock: Callable[[], datetime], queues: Callable[[], Iterable[Any]]) -> None:
        self._clock = clock
        self._queues = queues
        self._later: list[tuple[datetime, int, Any]] = []
        self._sequence = count()

    def keep(self) -> None:
        """Takes note of what was sent at this instant, and hands over what is due at it."""
        for queue in self._queues():
            for message in queue._messages:
                if 0 < message.delayed_until < NEVER:
                    seconds = round((message.delayed_until - message.sent_timestamp) / 1000)
                    message.delayed_until = NEVER
                    due = self._clock() + timedelta(seconds=seconds)
                    heapq.heappush(self._later, (due, next(self._sequence), message))
        while self._later and self._later[0][0] <= self._clock():
            heapq.heappop(self._later)[2].delayed_until = 0.0

    def next_due(self) -> datetime | None:
        """When the next of them arrives."""
        return self._later[0][0] if self._later else None
