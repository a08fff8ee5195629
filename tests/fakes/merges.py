"""People who became one: the rows of profiles as identity leaves them after a merge and after an unmerge."""

from dataclasses import dataclass, field, replace

from functions.profiles.api import Person, Profiles, SnapshotRequest
from functions.profiles.model import Snapshot
from functions.shared.names import ProfileId
from functions.shared.store import DynamoRows, TransactGet


@dataclass(frozen=True)
class MergedProfiles:
    """Real profiles, in which ids can be merged and taken apart again at will."""

    profiles: Profiles
    into: dict[ProfileId, ProfileId] = field(default_factory=dict)
    brought: dict[ProfileId, Person] = field(default_factory=dict)

    def merge(self, loser: str, survivor: str) -> None:
        """From now on the loser is the survivor."""
        self._merge(ProfileId(loser), self.present(survivor))

    def unmerge(self, loser: str) -> None:
        """Two people again."""
        gone = ProfileId(loser)
        survivor, brought = self.into.pop(gone), self.brought.pop(gone)
        stays = self._person(survivor)
        layers = {name: state for name, state in stays.layers.items() if name not in brought.layers}
        contacts = {key: soft for key, soft in stays.contacts.items() if key not in brought.contacts}
        aka = tuple(one for one in stays.aka if one != gone and one not in brought.aka)
        self._write((survivor, replace(stays, layers=layers, contacts=contacts, aka=aka), None), (gone, brought, None))

    def present(self, profile: str) -> ProfileId:
        """The id that stands for this one."""
        known = ProfileId(profile)
        while known in self.into:
            known = self.into[known]
        return known

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """As ``Profiles.snapshot``."""
        return self.profiles.snapshot(profile)

    def request(self, transaction: TransactGet, profile: ProfileId) -> SnapshotRequest:
        """As ``Profiles.request``."""
        return self.profiles.request(transaction, profile)

    def _merge(self, loser: ProfileId, survivor: ProfileId) -> None:
        brought, whole = self._person(loser), self._person(survivor)
        self.into[loser], self.brought[loser] = survivor, brought
        whole = replace(
            whole,
            layers={**whole.layers, **brought.layers},
            contacts={**whole.contacts, **brought.contacts},
            aka=tuple(sorted({*whole.aka, loser, *brought.aka})),
        )
        self._write((survivor, whole, None), (loser, Person(), survivor))

    def _person(self, profile: ProfileId) -> Person:
        key = self.profiles.key(profile)
        return self.profiles.stored(DynamoRows().read([key]).get(key)).person

    def _write(self, *people: tuple[ProfileId, Person, ProfileId | None]) -> None:
        rows = DynamoRows()
        found = rows.read([self.profiles.key(profile) for profile, _, _ in people])
        writes = [
            self.profiles.write(profile, self.profiles.stored(found.get(self.profiles.key(profile))), person, into)
            for profile, person, into in people
        ]
        assert rows.commit(writes)
