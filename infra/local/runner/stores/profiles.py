"""How is a profile read beside rows that stand in no DynamoDB? When it is asked for; all else is rows in memory."""

from typing import Any, cast

from functions.profiles.api import Profiles, Snapshot, SnapshotRequest
from functions.shared.names import ProfileId
from functions.shared.rows import Row
from functions.shared.store import TransactGet

# Of so many people what was read last is remembered: at one instant a person is looked at several times.
SEEN = 20_000


class Found:
    """A person who was read when they were asked for."""

    def __init__(self, found: Snapshot | None) -> None:
        self._found = found

    def snapshot(self) -> Snapshot | None:
        """See ``SnapshotRequest``."""
        return self._found


class MemoryProfiles(Profiles):
    """``functions.profiles.api.Profiles`` over rows in this process, for those who ask in a transaction."""

    def __init__(self, *said: Any, **more: Any) -> None:
        """As ``Profiles``, with ``rows`` in this process."""
        super().__init__(*said, **more)
        self._seen: dict[ProfileId, tuple[Row, Snapshot | None]] = {}

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """See ``Profiles``; a row that is the very one seen last says the same as then."""
        row = next(iter(self._store.rows.read((self._store.key(profile),)).values()), None)
        if row is None or "profile" in row:
            return super().snapshot(profile)
        known = self._seen.get(profile)
        if known is None or known[0] is not row:
            known = self._seen[profile] = row, super().snapshot(profile)
            if len(self._seen) > SEEN:
                del self._seen[next(iter(self._seen))]
        return known[1]

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """See ``Profiles``."""
        return cast("SnapshotRequest", Found(self.snapshot(profile)))
