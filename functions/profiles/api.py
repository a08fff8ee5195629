"""What other capabilities may ask of profiles, and tell them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from functions.profiles.data_keys import DataKey, NewKey, random_key
from functions.profiles.folds import Folds
from functions.profiles.model import Snapshot
from functions.profiles.older import Asked
from functions.profiles.policy import Arrival, Claim, Counted, Customer, Person, State, both, fold, home_of, snapshot
from functions.profiles.record_events import Erased, Misplaced, Outcome, Recorded, record_people
from functions.profiles.store import ProfileStore, SnapshotRequest, StoredPerson
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.rows import Key, Row, Rows, Write
from functions.shared.store import DynamoRows, TransactGet

__all__ = [
    "Arrival",
    "Claim",
    "Customer",
    "DataKey",
    "Erased",
    "Misplaced",
    "Outcome",
    "Person",
    "Profiles",
    "Recorded",
    "Snapshot",
    "SnapshotRequest",
    "State",
    "StoredPerson",
    "home_of",
    "random_key",
]


class Profiles:
    """The profiles of one table.

    ``series`` = publication.series and ``windows`` = publication.windows, needed only by who records events; ``policy``
    = publication.policy, needed by who reads or records traits that the policy folds in their own way; ``keep`` = how
    long a day of the timeline stands; ``awaited`` = events of which a wait may need the message ids (None: all), of
    interest to who records; ``new_key`` = where keys come from, needed only by who archives events.
    """

    def __init__(
        self,
        table_name: str,
        series: Mapping[str, Sequence[str]] | None = None,
        rows: Rows | None = None,
        policy: Mapping[str, Any] | None = None,
        *,
        windows: Mapping[str, Mapping[str, Any]] | None = None,
        keep: timedelta = timedelta(days=400),
        awaited: Collection[str] | None = None,
        new_key: NewKey | None = None,
    ) -> None:
        folds = Folds.of(policy or {})
        self._store = ProfileStore(rows or DynamoRows(), table_name, folds, keep, new_key)
        asked = {
            event: Asked.of((windows or {}).get(event, {}), ids=awaited is None or event in awaited)
            for event in series or {}
        }
        self._counted = Counted(series or {}, folds, asked)

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """The person now, strongly consistent, also by an id that was merged away; None when nobody has this id."""
        return self._store.snapshot(profile)

    def snapshots(self, profiles: Iterable[ProfileId]) -> dict[ProfileId, Snapshot]:
        """Many people as ``snapshot`` finds them, by the ids they were asked for; 100 a request."""
        return self._store.snapshots(profiles)

    def unchanged(self, seen: Snapshot) -> Write:
        """For a caller's transaction: it fails when the person is no longer as this snapshot says."""
        return self._store.unchanged(seen)

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """Adds the person to a caller's TransactGet; ask the answer for ``.snapshot()`` when it has run."""
        return SnapshotRequest(self._store, transaction, profile)

    def scan(self) -> Iterator[Snapshot]:
        """Every profile with an event, for jobs that look at all people."""
        for profile, person in self._store.scan():
            found = snapshot(profile, person, self._counted.folds)
            if found is not None:
                yield found

    def layers(self, profile: ProfileId) -> Collection[str]:
        """The layers that a person is made of (``functions.profiles.policy.Person``)."""
        key = self.key(profile)
        return tuple(self.stored(self._store.rows.read([key]).get(key)).person.layers)

    def timeline(self, home: str) -> Iterator[Event]:
        """All events that name this identifier as their best, oldest first, whoever they belong to."""
        return self._store.timeline(home)

    def record(self, people: Mapping[ProfileId, Sequence[Arrival]]) -> dict[ProfileId, Outcome]:
        """Adds events to many people: one read for all, one write each; events seen before change nothing."""
        return record_people(self._store, self._counted, people)

    def erase_timeline(
        self, home: str, stays: Callable[[Event], bool], forget: Callable[[Event], None]
    ) -> Sequence[Event]:
        """Deletes the events that stand under an identifier, and its key, so that nothing of them can be read in the
        archive either. Answers those that stay; ``forget`` is told of each other while its row still stands."""
        return self._store.erase_timeline(home, stays, forget)

    def data_keys(self, homes: Collection[str]) -> dict[str, DataKey]:
        """By identifier, the keys that open what the archive keeps of its events; the erased have none."""
        return self._store.data_keys(homes)

    def made_keys(self, homes: Collection[str]) -> dict[str, DataKey]:
        """Such keys for what stands in no timeline, made where there are none."""
        return self._store.made_keys(homes)

    def carry_keys(self, to: "Profiles") -> None:
        """Brings every key to another table, where it opens the same archive."""
        to._store.take_keys(self._store.all_keys())

    def state_of(self, arrivals: Collection[Arrival]) -> State | None:
        """What these events add up to."""
        return fold(None, sorted(arrivals, key=lambda one: one.event.order), self._counted)

    def both(self, one: State, other: State) -> State:
        """Two disjoint sets of events together."""
        return both(one, other, self._counted.folds)

    def key(self, profile: ProfileId) -> Key:
        """Where a person's row stands, for who reads and writes it in a transaction of its own."""
        return self._store.key(profile)

    def stored(self, row: Row | None, now_ms: int = 0) -> StoredPerson:
        """Reads such a row; one that expired before ``now_ms`` (milliseconds since 1970) counts as not there."""
        return self._store.stored(row, now_ms)

    def write(
        self, profile: ProfileId, seen: StoredPerson, after: Person, into: ProfileId | None, ttl: int | None = None
    ) -> Write:
        """Such a row as it shall be, for the caller's transaction; ``into`` = the profile it is merged into; ``ttl`` =
        when it is forgotten, seconds since 1970 (None: as it was)."""
        return self._store.write_person(profile, seen, after, into, ttl)
