"""How do rows in this process change together? All conditions are looked at, then all is written."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from functions.shared.store import TransactGet, Transactions, TransactWrite


@dataclass(slots=True)
class Together:
    """One transaction: what must hold, and what is written if all of it does."""

    holds: bool = True
    writes: list[Callable[[], object]] = field(default_factory=list)

    def expect(self, holds: bool) -> None:
        """Makes the transaction fail unless this holds."""
        self.holds = self.holds and holds

    def then(self, write: Callable[[], object]) -> None:
        """Writes when the transaction holds."""
        self.writes.append(write)


class MemoryTransactions(Transactions):
    """``functions.shared.store.Transactions`` without a connection."""

    def __init__(self) -> None:
        """There is nothing to connect to."""

    def commit(self, plan: str, add: Callable[[TransactWrite], None]) -> bool:
        """See ``Transactions``; a plan is never refused as a copy of an earlier one."""
        transaction = Together()
        add(cast("TransactWrite", transaction))
        if transaction.holds:
            for write in transaction.writes:
                write()
        return transaction.holds


def inside(transaction: TransactWrite) -> Together:
    """The transaction of ``MemoryTransactions`` that a store was handed."""
    return cast("Together", transaction)


# Rows in this process are read when they are asked for: nobody writes between two reads of one thread.
NO_READING = nullcontext(cast("TransactGet", None))


def as_kept(at: datetime) -> datetime:
    """The instant as a table keeps it: in whole milliseconds."""
    micros = at.microsecond
    return at.replace(microsecond=micros // 1000 * 1000) if micros % 1000 else at
