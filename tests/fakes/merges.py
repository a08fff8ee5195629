"""People who became one, told by hand: what profiles answer once identity has merged them, without identity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from functions.profiles.api import Profiles, SnapshotRequest
from functions.profiles.model import Series, Snapshot
from functions.shared.names import ProfileId
from functions.shared.store import TransactGet


@dataclass(frozen=True)
class Answered:
    """What a request inside a transaction promises."""

    profiles: "MergedProfiles"
    profile: ProfileId
    asked: SnapshotRequest

    def snapshot(self) -> Snapshot | None:
        """The survivor; the rows that were not in the transaction are read now."""
        return self.profiles.about(self.profile, self.asked.snapshot())


@dataclass(frozen=True)
class MergedProfiles:
    """Real profiles, in which ids can be merged and taken apart again at will."""

    profiles: Profiles
    into: dict[ProfileId, ProfileId] = field(default_factory=dict)

    def merge(self, loser: str, survivor: str) -> None:
        """From now on the loser is the survivor."""
        self.into[ProfileId(loser)] = ProfileId(survivor)

    def unmerge(self, loser: str) -> None:
        """Two people again."""
        del self.into[ProfileId(loser)]

    def present(self, profile: str) -> ProfileId:
        """The id that stands for this one."""
        known = ProfileId(profile)
        while known in self.into:
            known = self.into[known]
        return known

    def snapshot(self, profile: ProfileId) -> Snapshot | None:
        """As ``Profiles.snapshot``."""
        return self.about(profile, self.profiles.snapshot(profile))

    def request(self, transaction: TransactGet, profile: ProfileId) -> Answered:
        """As ``Profiles.request``."""
        return Answered(self, profile, self.profiles.request(transaction, profile))

    def about(self, profile: ProfileId, own: Snapshot | None) -> Snapshot | None:
        """The person of an id whose own rows hold ``own``."""
        survivor = self.present(profile)
        aka = tuple(loser for loser in self.into if self.present(loser) == survivor)
        whole = own if survivor == profile else self.profiles.snapshot(survivor)
        for loser in aka:
            part = self.profiles.snapshot(loser)
            if whole and part:
                series = _joined([whole.series, part.series])
                traits = {**part.traits, **whole.traits}
                contacts = {c: [*whole.contacts.get(c, ()), *more] for c, more in part.contacts.items()}
                whole = replace(whole, series=series, traits=traits, contacts={**whole.contacts, **contacts})
        return replace(whole, aka=aka) if whole else None


def _joined(parts: Iterable[Mapping[str, Series]]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for part in parts:
        for name, one in part.items():
            other = found.get(name, one)
            if other is one:
                found[name] = one
                continue
            recent = tuple(sorted((*other.recent, *one.recent), key=lambda occurrence: occurrence.order))
            first, last = min(other.first, one.first), max(other.last, one.last)
            found[name] = Series(other.count + one.count, first, last, recent)
    return found
