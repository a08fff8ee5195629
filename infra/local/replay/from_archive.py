"""Would the same events make the same people again? The archive, told to empty tables, beside the live tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import boto3

from functions.identity.recognise import Recogniser
from functions.shared.events import Event
from functions.shared.publication import Publication
from functions.shared.rows import Key, MemoryRows, Row, Rows, Table, Write
from functions.shared.store import DynamoRows
from infra.local.replay.archive import ArchiveBucket
from infra.local.replay.difference import Difference, difference
from infra.local.replay.picture import people
from infra.local.replay.replay import deliver, deliveries, recogniser_on

KEYS = ("pk", "sk")
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Unexpired:
    """Rows without those whose time has passed, which DynamoDB deletes within days and not at once; nothing is
    written."""

    rows: Rows
    now: int

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``."""
        return {key: row for key, row in self.rows.read(keys).items() if self._lasts(row)}

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``."""
        return {key: row for key, row in self.rows.read_together(keys).items() if self._lasts(row)}

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        return ((key, row) for key, row in self.rows.query(table, pk, prefix, until) if self._lasts(row))

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        return ((key, row) for key, row in self.rows.scan(table, sk) if self._lasts(row))

    def page(self, table: Table, prefix: str, after: Key | None, most: int) -> tuple[list[tuple[Key, Row]], Key | None]:
        """See ``Rows``."""
        rows, last = self.rows.page(table, prefix, after, most)
        return [(key, row) for key, row in rows if self._lasts(row)], last

    def commit(self, writes: Sequence[Write]) -> bool:
        """Comparing writes nothing."""
        raise AssertionError(f"{len(writes)} rows were to be written while comparing")

    def _lasts(self, row: Mapping[str, Any]) -> bool:
        return row.get("ttl") is None or int(row["ttl"]) > self.now


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stage as a rebuild reads it: its tables, its archive and its key."""

    stage: str
    pepper: str
    publication: Publication
    bucket: str

    @property
    def tables(self) -> tuple[str, str]:
        """The live tables, identity's and profiles'."""
        return f"segue-{self.stage}-identity", f"segue-{self.stage}-profiles"

    def people_in(self, rows: Rows, tables: tuple[str, str]) -> Recogniser:
        """Identity over tables of this stage, heard by nobody: no journey, no consent, no notice, no archive."""
        return recogniser_on(rows, self.publication, *tables, pepper=self.pepper)

    def archive(self) -> ArchiveBucket:
        """The archive, with the keys of the live tables."""
        return ArchiveBucket(self.bucket, self.people_in(DynamoRows(), self.tables).profiles)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Where people are rebuilt: rows and the names of two tables."""

    rows: Rows
    tables: tuple[str, str]


def in_memory() -> Shadow:
    """Rows in this process."""
    return Shadow(MemoryRows(), ("identity", "profiles"))


@contextmanager
def shadow_tables(live: tuple[str, str], name: str, keep: bool) -> Iterator[Shadow]:
    """Empty tables beside the live ones, ``<live>-shadow-<name>``; removed at the end unless they are kept."""
    dynamodb = boto3.client("dynamodb")
    tables = (f"{live[0]}-shadow-{name}", f"{live[1]}-shadow-{name}")
    made: list[str] = []
    try:
        for table in tables:
            dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind} for key, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
            )
            made.append(table)
        for table in tables:
            dynamodb.get_waiter("table_exists").wait(TableName=table)
        yield Shadow(DynamoRows(), tables)
    except BaseException:
        keep = False
        raise
    finally:
        for table in () if keep else made:
            dynamodb.delete_table(TableName=table)


def rebuild(deployed: Deployed, shadow: Shadow, events: Sequence[Event], progress: Progress = lambda n: None) -> None:
    """Tells the shadow everything, in order."""
    recogniser = deployed.people_in(shadow.rows, shadow.tables)
    # Identifiers and people expire by the time of receipt, so a delivery holds no more than a day of it.
    for _day, many in groupby(events, key=lambda event: event.received_at.date()):
        for delivery in deliveries(many, lambda event: event):
            deliver(recogniser, [(event, recogniser.named(event)) for event in delivery])
            progress(len(delivery))


def complete(deployed: Deployed, shadow: Shadow) -> None:
    """Makes of a shadow that is kept what could take the place of the live tables: tombstones and keys come along."""
    live = deployed.people_in(DynamoRows(), deployed.tables)
    live.identity.carry_over(deployed.people_in(shadow.rows, shadow.tables).identity)


def compared(deployed: Deployed, shadow: Shadow, now: datetime) -> Difference:
    """The live people beside the rebuilt ones, as of ``now``."""
    seconds = int(now.timestamp())
    live = deployed.people_in(Unexpired(DynamoRows(), seconds), deployed.tables)
    rebuilt = deployed.people_in(Unexpired(shadow.rows, seconds), shadow.tables)
    return difference(people(live.history()), people(rebuilt.history()))
