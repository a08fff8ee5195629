"""What other capabilities may ask of profiles, and tell them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from functions.profiles.model import Snapshot
from functions.profiles.policy import Arrival, Claim, Customer
from functions.profiles.record_events import Recorded, record_people
from functions.profiles.store import ProfileStore, SnapshotRequest
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.store import TransactGet

__all__ = ["Arrival", "Claim", "Customer", "Profiles", "Recorded", "Snapshot", "SnapshotRequest"]


class Profiles:
    """The profiles of one table. ``series`` = publication.series, needed only by who records events."""

    def __init__(
        self,
        table_name: str,
        series: Mapping[str, Sequence[str]] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = ProfileStore(table_name, pause)
        self._series = series or {}

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """The person now, strongly consistent; None when nobody has this id."""
        return self._store.snapshot(profile)

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """Adds the person to a caller's TransactGet; ask the answer for ``.snapshot()`` when it has run."""
        return self._store.request(transaction, profile)

    def scan(self) -> Iterator[Snapshot]:
        """Every profile, for jobs that look at all people."""
        return self._store.scan()

    def timeline(self, profile: ProfileId) -> Iterator[Event]:
        """All events of a person, oldest first."""
        return self._store.timeline(profile)

    def record(self, people: Mapping[ProfileId, Sequence[Arrival]]) -> dict[ProfileId, Recorded | TransientError]:
        """Adds events to many people: one read for all, one write each; events seen before change nothing."""
        return record_people(self._store, self._series, people)
