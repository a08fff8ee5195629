"""Where is kept what was learned? Table ``decisioning``: one ``interval#<event>`` row per predicted event."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactGet

from functions.decisioning.policy import Learned
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.store import code_of

INTERVAL = "interval#"


class IntervalRow(Model):
    """The median interval between two occurrences of an event, over all people."""

    pk = UnicodeAttribute(hash_key=True)
    median_seconds = NumberAttribute()
    n = NumberAttribute()
    learned_at = UnicodeAttribute()


class IntervalFuture:
    """An interval asked for inside a transaction; readable once the transaction has run."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def interval(self) -> timedelta | None:
        """The interval, or None when nothing is learned yet."""
        try:
            return timedelta(seconds=float(self._found.get().median_seconds))
        except DoesNotExist:
            return None


class Decisions:
    """The decisioning table, for its own capability and through ``api.py`` for others."""

    def __init__(self, table_name: str) -> None:
        meta = type("Meta", (), {"table_name": table_name})
        self._row: type[IntervalRow] = type("Row", (IntervalRow,), {"Meta": meta})

    def population_interval(self, event: str) -> timedelta | None:
        """The median interval between two of this event, over all people; None when too little was seen."""
        try:
            return timedelta(seconds=float(self._row.get(INTERVAL + event).median_seconds))
        except DoesNotExist:
            return None
        except PynamoDBException as error:
            raise TransientError(f"interval cannot be read: {code_of(error)}") from error

    def population(self, events: Iterable[str]) -> Callable[[], Mapping[str, timedelta]]:
        """Asked for, the intervals of these events as far as they are known."""

        def intervals() -> dict[str, timedelta]:
            found = {event: self.population_interval(event) for event in events}
            return {event: interval for event, interval in found.items() if interval is not None}

        return intervals

    def request(self, transaction: TransactGet, event: str) -> IntervalFuture:
        """Adds the population's interval to a caller's TransactGet; ask the answer for ``.interval()``."""
        return IntervalFuture(transaction.get(self._row, INTERVAL + event))

    def record(self, event: str, learned: Learned, at: datetime) -> None:
        """Keeps what was learned; learning again replaces it."""
        row = self._row(
            INTERVAL + event,
            median_seconds=learned.interval.total_seconds(),
            n=learned.intervals,
            learned_at=format_instant(at),
        )
        try:
            row.save()
        except PynamoDBException as error:
            raise TransientError(f"interval cannot be written: {code_of(error)}") from error
