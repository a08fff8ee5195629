"""How many runs may start now? A process's share of the rate, counted on the clock alone, and the rest a little later.

Nobody asks anybody: each process of the consumer takes the rate divided by how many processes there may be at most.
What is over keeps its row (``starting``), so that exits, re-entry and decisions know of it; only its execution comes
later, by a message of the queue that nobody gets until then. A message sent anew has never been received, so however
often it is put off it never stands among the dead letters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from functions.journeys.model import Enrolment
from functions.shared.clock import Clock
from functions.shared.sqs import Queue, encode

# What a process that has started nothing for a while may start at once, in seconds of its rate.
BURST_SECONDS = 5
LONGEST_DELAY_SECONDS = 900


@dataclass(slots=True)
class Admission:
    """The starts of one process. ``rate`` = its share, runs a second; ``queue`` = the one its work comes from."""

    rate: float
    clock: Clock
    queue: Queue
    _left: float = field(init=False)
    _counted_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._counted_at = self.most, self.clock()

    @property
    def most(self) -> int:
        """What may start at once."""
        return max(1, math.floor(self.rate * BURST_SECONDS))

    def admits(self) -> bool:
        """Takes one start if there is one left."""
        now = self.clock()
        earned = max(0.0, (now - self._counted_at).total_seconds()) * self.rate
        self._left, self._counted_at = min(self.most, self._left + earned), now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def hold_back(self, runs: Sequence[Enrolment]) -> None:
        """Puts the runs back on the queue, each time as many as will be admitted at once, each time that much later."""
        for turn, first in enumerate(range(0, len(runs), self.most), start=1):
            said = [{"profile": one.profile, "enrolment": one.enrolment} for one in runs[first:][: self.most]]
            later = math.ceil(turn * self.most / self.rate)
            self.queue.send_later(encode({"starts": said}), min(later, LONGEST_DELAY_SECONDS), {})
