"""Where do profiles live? Table ``profiles``: a TRAITS row and packed DAY rows per person."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.models import Model

from functions.profiles import packing
from functions.profiles.model import Snapshot
from functions.profiles.packing import Packed
from functions.profiles.policy import State, snapshot
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.store import TransactGet, Transactions, TransactWrite

TRAITS = "TRAITS"
DAY = "DAY#"


class _Row(Model):
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(default=0)
    state = BinaryAttribute(null=True, legacy_encoding=False)
    hashes = BinaryAttribute(null=True, legacy_encoding=False)
    lines = BinaryAttribute(null=True, legacy_encoding=False)
    closed = NumberAttribute(null=True)


def _rows(table: str) -> type[_Row]:
    class Row(_Row):
        class Meta:
            table_name = table

    return Row


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day: the open one with its version (0 = none), and how many closed ones stand beside it."""

    version: int = 0
    closed: int = 0
    open_row: Packed = field(default_factory=Packed)


@dataclass(frozen=True, slots=True)
class Stored:
    """What one read found of a person. ``version`` 0 = nobody yet."""

    version: int = 0
    state: State | None = None
    days: Mapping[str, Day] = field(default_factory=dict)
    closed_rows: Sequence[Packed] = ()


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day after a batch: rows to close now, and the new content of the open row (None: only searched)."""

    seen: Day
    closing: Sequence[Packed] = ()
    open_row: Packed | None = None


class SnapshotRequest:
    """A profile asked for inside a transaction; readable once the transaction has run."""

    def __init__(self, profile: ProfileId, found: Any) -> None:
        self._profile = profile
        self._found = found

    def snapshot(self) -> Snapshot | None:
        """The profile, or None when there is none."""
        try:
            return snapshot(self._profile, packing.unpack_state(self._found.get().state))
        except DoesNotExist:
            return None


class ProfileStore:
    """Reads and writes one table; what it raises is a ``TransientError``."""

    def __init__(self, table_name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._rows = _rows(table_name)
        self._transactions = Transactions(self._rows._get_connection().connection, pause)

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """One strongly consistent read."""
        try:
            row = self._rows.get(profile, TRAITS, consistent_read=True)
        except DoesNotExist:
            return None
        except PynamoDBException as error:
            raise TransientError(f"profiles cannot be read: {error.cause_response_code}") from error
        return snapshot(profile, packing.unpack_state(row.state or b""))

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """Adds the profile to a caller's TransactGet."""
        return SnapshotRequest(profile, transaction.get(self._rows, profile, TRAITS))

    def scan(self) -> Iterator[Snapshot]:
        """Every profile; one pass over the table, for jobs."""
        for row in self._rows.scan(self._rows.sk == TRAITS):
            yield snapshot(ProfileId(row.pk), packing.unpack_state(row.state or b""))

    def timeline(self, profile: ProfileId) -> Iterator[Event]:
        """A person's events in their own order, read day by day."""
        rows = self._rows.query(profile, self._rows.sk.startswith(DAY), consistent_read=True)
        for _day, parts in groupby(rows, key=lambda row: row.sk[: len(DAY) + 10]):
            yield from sorted((event for part in parts for event in _packed(part).events()), key=lambda e: e.order)

    def read(self, people: Mapping[ProfileId, Iterable[str]]) -> dict[ProfileId, Stored]:
        """State and the days named, of many people in one BatchGet (<= 100 rows a request), strongly consistent.

        Days with closed rows cost one more request for all of them.
        """
        keys: set[tuple[str, str]] = {(profile, TRAITS) for profile in people}
        keys |= {(profile, DAY + day) for profile, days in people.items() for day in days}
        stored = {profile: Stored(days={day: Day() for day in days}) for profile, days in people.items()}
        closed: set[tuple[str, str]] = set()
        for row in self._get(keys):
            profile = ProfileId(row.pk)
            if row.sk == TRAITS:
                state = packing.unpack_state(row.state or b"")
                stored[profile] = replace(stored[profile], version=int(row.version), state=state)
            else:
                day = Day(int(row.version), int(row.closed or 0), _packed(row))
                stored[profile] = replace(stored[profile], days={**stored[profile].days, row.sk[len(DAY) :]: day})
                closed |= {(row.pk, closed_key(row.sk, part)) for part in range(1, day.closed + 1)}
        for row in self._get(closed):
            profile = ProfileId(row.pk)
            stored[profile] = replace(stored[profile], closed_rows=(*stored[profile].closed_rows, _packed(row)))
        return stored

    def write(self, profile: ProfileId, seen: Stored, state: State, days: Mapping[str, DayChange]) -> bool:
        """One transaction; False when anything read has changed since."""
        rows: list[tuple[_Row, int]] = [
            (self._rows(profile, TRAITS, version=seen.version + 1, state=packing.pack_state(state)), seen.version)
        ]
        searched: list[tuple[str, int]] = []
        for day, change in days.items():
            if change.open_row is None:
                searched.append((DAY + day, change.seen.version))
                continue
            for part, closing in enumerate(change.closing, start=change.seen.closed + 1):
                rows.append((self._day_row(profile, closed_key(DAY + day, part), 1, closing), 0))
            open_row = self._day_row(profile, DAY + day, change.seen.version + 1, change.open_row)
            open_row.closed = (change.seen.closed + len(change.closing)) or None
            rows.append((open_row, change.seen.version))
        plan = [[row.serialize(), version] for row, version in rows] + [[profile, *one] for one in searched]

        def add(transaction: TransactWrite) -> None:
            for row, version in rows:
                transaction.save(row, condition=self._unchanged(version))
            for sk, version in searched:
                transaction.condition_check(self._rows, profile, sk, condition=self._unchanged(version))

        return self._transactions.commit(repr(plan), add)

    def _unchanged(self, version: int) -> Any:
        return self._rows.version == version if version else self._rows.pk.does_not_exist()

    def _day_row(self, profile: ProfileId, sk: str, version: int, packed: Packed) -> _Row:
        return self._rows(profile, sk, version=version, hashes=packed.hashes, lines=packed.lines)

    def _get(self, keys: set[tuple[str, str]]) -> Iterator[_Row]:
        if not keys:
            return
        try:
            yield from self._rows.batch_get(sorted(keys), consistent_read=True)
        except PynamoDBException as error:
            raise TransientError(f"profiles cannot be read: {error.cause_response_code}") from error


def closed_key(open_key: str, part: int) -> str:
    """Sort key of a day's closed row: ``DAY#2026-03-02#0001``."""
    return f"{open_key}#{part:04}"


def _packed(row: _Row) -> Packed:
    return Packed(row.hashes or b"", row.lines or b"")
