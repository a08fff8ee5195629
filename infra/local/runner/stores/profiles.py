"""How is a profile read beside rows that stand in no DynamoDB? When it is asked for; all else is rows in memory."""

from typing import cast

from functions.profiles.api import Profiles, Snapshot, SnapshotRequest
from functions.shared.names import ProfileId
from functions.shared.store import TransactGet


class Found:
    """A person who was read when they were asked for."""

    def __init__(self, found: Snapshot | None) -> None:
        self._found = found

    def snapshot(self) -> Snapshot | None:
        """See ``SnapshotRequest``."""
        return self._found


class MemoryProfiles(Profiles):
    """``functions.profiles.api.Profiles`` over rows in this process, for those who ask in a transaction."""

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """See ``Profiles``."""
        return cast("SnapshotRequest", Found(self.snapshot(profile)))
