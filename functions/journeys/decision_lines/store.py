"""Why did somebody not enter? One line for each entry that was refused or outranked, kept for ninety days.

Beside the person's runs in table ``enrolments``, past everything that deciding reads.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import cast

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from functions.journeys.model import DecisionLine, NoEntry
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import EnrolmentId, ProfileId
from functions.shared.rows import ROWS_PER_TRANSACTION
from functions.shared.store import Transactions

LINE = "LINE#"
KEPT = timedelta(days=90)


class LineRow(Model):
    """One line. Its key is that of the entry it is about, so that a second delivery writes the same line again."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    entry = UnicodeAttribute()
    journey = UnicodeAttribute()
    decision = UnicodeAttribute()
    reason = UnicodeAttribute()
    at = UnicodeAttribute()
    facts = JSONAttribute()
    ttl = NumberAttribute()


class DecisionLines:
    """The lines in the table of enrolments."""

    def __init__(self, table_name: str, pause: Callable[[float], None] = time.sleep) -> None:
        meta = type("Meta", (), {"table_name": table_name})
        self._row: type[LineRow] = type("Row", (LineRow,), {"Meta": meta})
        self._transactions = Transactions(self._row._get_connection().connection, pause)

    def write(self, lines: Sequence[DecisionLine]) -> None:
        """A hundred a request; raises ``TransientError`` when DynamoDB does not take them."""
        rows = [self._row_of(one) for one in {(one.profile, one.entry, one.journey): one for one in lines}.values()]
        for first in range(0, len(rows), ROWS_PER_TRANSACTION):
            some = rows[first:][:ROWS_PER_TRANSACTION]

            def add(transaction: TransactWrite, some: Sequence[LineRow] = some) -> None:
                for row in some:
                    transaction.save(row)

            self._transactions.commit(repr([row.serialize() for row in some]), add)

    def add(self, transaction: TransactWrite, line: DecisionLine) -> None:
        """Writes a line with a caller's transaction, or not at all."""
        transaction.save(self._row_of(line))

    def of_person(self, profile: ProfileId) -> Iterator[DecisionLine]:
        """The lines under one id of a person."""
        return map(_decode, self._row.query(profile, self._row.sk.startswith(LINE)))

    def scan(self) -> Iterator[DecisionLine]:
        """Every line; one pass over the table, for jobs."""
        return map(_decode, self._row.scan(self._row.sk.startswith(LINE)))

    def _row_of(self, line: DecisionLine) -> LineRow:
        return self._row(
            line.profile,
            f"{LINE}{line.entry}#{line.journey}",
            entry=line.entry,
            journey=line.journey,
            decision=line.decision,
            reason=line.reason,
            at=format_instant(line.at),
            facts=dict(line.facts),
            ttl=int((line.at + KEPT).timestamp()),
        )


def _decode(row: LineRow) -> DecisionLine:
    return DecisionLine(
        profile=ProfileId(row.pk),
        entry=EnrolmentId(row.entry),
        journey=row.journey,
        decision=cast("NoEntry", row.decision),
        reason=row.reason,
        at=parse_instant(row.at),
        facts=row.facts,
    )
