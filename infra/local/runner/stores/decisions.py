"""Where is kept what was learned, on the laptop's runner? In a dictionary."""

from datetime import datetime, timedelta

from functions.decisioning.api import Decisions, IntervalFuture
from functions.decisioning.policy import Learned
from functions.shared.store import TransactGet


class Found(IntervalFuture):
    """An interval that was read when it was asked for."""

    def interval(self) -> timedelta | None:
        """See ``IntervalFuture``."""
        found: timedelta | None = self._found
        return found


class MemoryDecisions(Decisions):
    """``functions.decisioning.api.Decisions`` in this process; ``population`` asks ``population_interval``."""

    def __init__(self) -> None:
        """Nothing is learned."""
        self._intervals: dict[str, timedelta] = {}

    def population_interval(self, event: str) -> timedelta | None:
        """See ``Decisions``."""
        return self._intervals.get(event)

    def request(self, transaction: TransactGet, event: str) -> IntervalFuture:
        """See ``Decisions``."""
        return Found(self._intervals.get(event))

    def record(self, event: str, learned: Learned, at: datetime) -> None:
        """See ``Decisions``."""
        self._intervals[event] = learned.interval
