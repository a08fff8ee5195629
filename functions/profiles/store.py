"""Where do profiles live? Table ``profiles``: a TRAITS row per person; per identifier packed DAY rows of events,
and the KEY that seals them in the archive."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from functions.profiles.data_keys import DataKey, DataKeys, NewKey
from functions.profiles.folds import Folds
from functions.profiles.model import Snapshot
from functions.profiles.packing import Days, Minutes, OpenDay, Packed, Persons, repacked
from functions.profiles.policy import Person, snapshot
from functions.shared.changed import changed
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.rows import ROWS_PER_TRANSACTION, Key, Row, Rows, Table, Write
from functions.shared.store import DynamoRows, TransactGet

TRAITS = "TRAITS"
DAY = "DAY"
KEY = "KEY"
# Of a DAY row's sort key, without the number of a closed row.
DAY_KEY = len("DAY#2026-03-02")
# An event waits at most this long between its receipt and its record (14 days in a queue is the most that SQS takes).
# Until then its copies must be found, so its day outlives what is still taken.
QUEUED = timedelta(days=16)
# Merges keep the way from an old profile at two forwards, and let it grow only when many follow one another.
FORWARDS = 64
ATTEMPTS = 6

HomeDay = tuple[str, str]
"""The identifier a timeline stands under, and the day (``2026-03-02``)."""


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day: the open one with its version (0 = none), and when each closed one's events happened."""

    version: int = 0
    closed: Sequence[Minutes] = ()
    open_row: Packed = field(default_factory=Packed)


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person's row. ``version`` 0 = nobody yet; ``into`` = it was merged into that profile."""

    version: int = 0
    person: Person = field(default_factory=Person)
    into: ProfileId | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What one read found of a person, of the days its new events fall on, and of the keys of their identifiers."""

    found: StoredPerson = field(default_factory=StoredPerson)
    days: Mapping[HomeDay, Day] = field(default_factory=dict)
    closed_rows: Mapping[HomeDay, Sequence[Packed]] = field(default_factory=dict)
    keys: Mapping[str, DataKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day after a batch: rows to close now, and the new content of the open row (None: only searched)."""

    seen: Day
    closing: Sequence[Packed] = ()
    open_row: Packed | None = None


class SnapshotRequest:
    """A profile asked for inside a caller's transaction; readable once the transaction has run.

    A profile that was merged away costs one more read, that of the profile it stands for.
    """

    def __init__(self, store: "ProfileStore", transaction: TransactGet, profile: ProfileId) -> None:
        assert isinstance(store.rows, DynamoRows), "only rows in DynamoDB can be part of a DynamoDB transaction"
        self._store = store
        self._profile = profile
        self._found = store.rows.request(transaction, store.key(profile))

    def snapshot(self) -> Snapshot | None:
        """The profile, or None when there is none."""
        stored = self._store.stored(self._found.row())
        if stored.into is not None:
            return self._store.snapshot(stored.into)
        return self._store.seen(self._profile, stored)


class ProfileStore:
    """Reads and writes one table; what it raises is a ``TransientError``. ``new_key`` = where keys come from; without
    it there are none."""

    def __init__(
        self, rows: Rows, table_name: str, folds: Folds, keep: timedelta, new_key: NewKey | None = None
    ) -> None:
        self.rows = rows
        self.folds = folds
        self.keep = keep
        self.new_key = new_key
        self.table = Table(table_name, {TRAITS: Persons(), DAY: Days(), KEY: DataKeys()})

    def key(self, profile: ProfileId) -> Key:
        """Where a person's row stands."""
        return Key(self.table, profile, TRAITS)

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """One strongly consistent read; one more for each profile on the way to the one that it stands for."""
        return self.snapshots([profile]).get(profile)

    def snapshots(self, profiles: Iterable[ProfileId]) -> dict[ProfileId, Snapshot]:
        """The people there are, by the ids they were asked for: one request for 100, and one more for the profiles that
        those which were merged away stand for."""
        found: dict[ProfileId, Snapshot] = {}
        wanted = {one: [one] for one in profiles}
        for _forward in range(FORWARDS):
            if not wanted:
                break
            keys = {profile: self.key(profile) for profile in wanted}
            rows = self.rows.read(keys.values())
            onward: dict[ProfileId, list[ProfileId]] = {}
            for profile, asked in wanted.items():
                stored = self.stored(rows.get(keys[profile]))
                if stored.into is not None:
                    onward.setdefault(stored.into, []).extend(asked)
                elif (seen := self.seen(profile, stored)) is not None:
                    found.update(dict.fromkeys(asked, seen))
            wanted = onward
        return found

    def seen(self, profile: ProfileId, stored: StoredPerson) -> Snapshot | None:
        """What decisions see of a row; None for a profile without an event."""
        found = snapshot(profile, stored.person, self.folds)
        return None if found is None else changed(found, version=stored.version)

    def unchanged(self, seen: Snapshot) -> Write:
        """Fails a transaction when the person is no longer as the snapshot says."""
        return Write(self.key(seen.profile), {}, {"version": seen.version})

    @staticmethod
    def stored(row: Row | None, now_ms: int = 0) -> StoredPerson:
        """Reads a person's row; one that has expired counts as not there (TTL deletes within days, not at once)."""
        if row is None:
            return StoredPerson()
        if "ttl" in row and row["ttl"] * 1000 <= now_ms:
            return StoredPerson(row["version"])
        into = row.get("profile")
        return StoredPerson(row["version"], row.get("content", Person()), None if into is None else ProfileId(into))

    def write_person(
        self, profile: ProfileId, seen: StoredPerson, after: Person, into: ProfileId | None, ttl: int | None = None
    ) -> Write:
        """A person's row as it shall be; it fails the transaction when the row is no longer as it was read."""
        sets: dict[str, Any] = {"version": seen.version + 1, "content": after, "profile": into}
        if into is not None:
            # Executions may hold the old id for months: what leads to the survivor never expires.
            sets["ttl"] = None
        elif ttl is not None:
            sets["ttl"] = ttl
        return Write(self.key(profile), sets, {"version": seen.version} if seen.version else None)

    def scan(self) -> Iterator[tuple[ProfileId, Person]]:
        """Every profile that was not merged away; one pass over the table, for jobs."""
        for key, row in self.rows.scan(self.table, TRAITS):
            stored = self.stored(row)
            if stored.into is None:
                yield ProfileId(key.pk), stored.person

    def timeline(self, home: str) -> Iterator[Event]:
        """The events that stand under an identifier in their own order, read day by day."""
        rows = self.rows.query(self.table, home, DAY)
        for _day, parts in groupby(rows, key=lambda found: found[0].sk[:DAY_KEY]):
            events = [event for _key, row in parts for event in row["content"].packed.events()]
            yield from sorted(events, key=lambda event: event.order)

    def read(self, people: Mapping[ProfileId, Mapping[HomeDay, Minutes]], now_ms: int) -> dict[ProfileId, Stored]:
        """Persons and the days named, of many people in one BatchGet (<= 100 rows a request), strongly consistent.

        Closed rows of the minutes named, where there are any, cost one more request for all of them.
        """
        persons = {profile: self.key(profile) for profile in people}
        searched: dict[HomeDay, Minutes] = {}
        for day, minutes in (one for days in people.values() for one in days.items()):
            searched[day] = minutes.around(searched.get(day, minutes))
        keys = {day: self._day_key(day) for day in searched}
        homes = {home: self._data_key(home) for home, _ in searched} if self.new_key else {}
        rows = self.rows.read([*persons.values(), *keys.values(), *homes.values()])
        found = {day: self._day(rows.get(key)) for day, key in keys.items()}
        closed = {
            self._closed_key(day, part): day
            for day, one in found.items()
            for part, minutes in enumerate(one.closed, start=1)
            if minutes.meets(searched[day])
        }
        closed_rows: dict[HomeDay, list[Packed]] = {}
        for key, row in (self.rows.read(closed) if closed else {}).items():
            closed_rows.setdefault(closed[key], []).append(row["content"].packed)
        data_keys = {home: rows[key]["content"] for home, key in homes.items() if key in rows}
        return {
            profile: Stored(
                self.stored(rows.get(persons[profile]), now_ms),
                {day: found[day] for day in days},
                {day: closed_rows[day] for day in days if day in closed_rows},
                {home: data_keys[home] for home, _ in days if home in data_keys},
            )
            for profile, days in people.items()
        }

    def write(
        self,
        profile: ProfileId,
        seen: Stored,
        person: Person,
        days: Mapping[HomeDay, DayChange],
        *,
        new_keys: Mapping[str, DataKey],
        ttl: int | None,
    ) -> bool:
        """One transaction; False when anything read has changed since. ``ttl`` = seconds since 1970, None = lasting."""
        person_write = self.write_person(profile, seen.found, person, None)
        writes = [replace(person_write, sets={**(person_write.sets or {}), "ttl": ttl})]
        writes += [self._new_key(home, key) for home, key in new_keys.items()]
        for day, change in days.items():
            unchanged = {"version": change.seen.version} if change.seen.version else None
            if change.open_row is None:
                writes.append(Write(self._day_key(day), {}, unchanged))
                continue
            for part, closing in enumerate(change.closing, start=len(change.seen.closed) + 1):
                writes.append(Write(self._closed_key(day, part), self._day_row(day, 1, OpenDay(closing)), None))
            open_day = OpenDay(change.open_row, (*change.seen.closed, *(one.minutes for one in change.closing)))
            writes.append(Write(self._day_key(day), self._day_row(day, change.seen.version + 1, open_day), unchanged))
        return self.rows.commit(writes)

    def erase_timeline(
        self, home: str, stays: Callable[[Event], bool], forget: Callable[[Event], None]
    ) -> Sequence[Event]:
        """Deletes the key to the events under an identifier, then the events, row by row; answers those that stay.

        ``forget`` is told of each that goes while its row still stands: who dies in between is told again. The key goes
        first, so that what is recorded meanwhile finds a new one, or is found by the query.
        """
        if not self.rows.commit([Write(self._data_key(home), None, {})]):
            raise TransientError("a key was used while it was being erased")
        rows = list(self.rows.query(self.table, home, DAY))
        staying = {key: [event for event in row["content"].packed.events() if stays(event)] for key, row in rows}
        # An open row tells of the closed ones beside it, also when nothing of its own stays.
        days = {key.sk[:DAY_KEY] for key, kept in staying.items() if kept}
        for key, row in rows:
            kept = staying[key]
            for event in row["content"].packed.events():
                if not stays(event):
                    forget(event)
            sets = None
            if kept or key.sk in days:
                sets = {"version": row["version"] + 1, "content": OpenDay(repacked(kept), row["content"].closed)}
            if not self.rows.commit([Write(key, sets, {"version": row["version"]})]):
                raise TransientError("a timeline changed while it was being erased")
        return [event for kept in staying.values() for event in kept]

    def data_keys(self, homes: Collection[str]) -> dict[str, DataKey]:
        """The keys there are of identifiers; 100 of them a request."""
        wanted = {self._data_key(home): home for home in homes}
        found = self.rows.read(wanted) if wanted else {}
        return {wanted[key]: row["content"] for key, row in found.items()}

    def made_keys(self, homes: Collection[str]) -> dict[str, DataKey]:
        """The keys of identifiers, made where there were none; of two who make one at once, both get the first."""
        assert self.new_key is not None, "keys come from somewhere"
        found = self.data_keys(homes)
        for _attempt in range(ATTEMPTS):
            missing = sorted(set(homes) - found.keys())
            made = {home: self.new_key() for home in missing[:ROWS_PER_TRANSACTION]}
            if made and self.rows.commit([self._new_key(home, key) for home, key in made.items()]):
                found.update(made)
            elif made:
                found.update(self.data_keys(made))
            else:
                return found
        raise TransientError(f"keys still contended after {ATTEMPTS} attempts")

    def all_keys(self) -> Iterator[tuple[str, DataKey]]:
        """Every key with its identifier; one pass over the table, for jobs."""
        for key, row in self.rows.scan(self.table, KEY):
            yield key.pk, row["content"]

    def take_keys(self, keys: Iterable[tuple[str, DataKey]]) -> None:
        """Writes keys that were made elsewhere, 100 a request; where there is one already, that one stays."""
        writes = [self._new_key(home, key) for home, key in keys]
        for first in range(0, len(writes), ROWS_PER_TRANSACTION):
            together = writes[first : first + ROWS_PER_TRANSACTION]
            if not self.rows.commit(together):
                # One that is there already keeps out all that are written with it.
                for write in together:
                    self.rows.commit([write])

    def _data_key(self, home: str) -> Key:
        return Key(self.table, home, KEY)

    def _new_key(self, home: str, key: DataKey) -> Write:
        return Write(self._data_key(home), {"version": 1, "content": key}, None)

    def _day_key(self, day: HomeDay) -> Key:
        return Key(self.table, day[0], f"{DAY}#{day[1]}")

    def _closed_key(self, day: HomeDay, part: int) -> Key:
        return Key(self.table, day[0], f"{DAY}#{day[1]}#{part:04}")

    @staticmethod
    def _day(row: Row | None) -> Day:
        return Day() if row is None else Day(row["version"], row["content"].closed, row["content"].packed)

    def _day_row(self, day: HomeDay, version: int, content: OpenDay) -> dict[str, Any]:
        return {"version": version, "content": content, "ttl": _forgotten(day[1], self.keep)}


@lru_cache(maxsize=1_000)
def _forgotten(day: str, keep: timedelta) -> int:
    """When a day's rows may go, in seconds since 1970."""
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) + keep + QUEUED).timestamp())
