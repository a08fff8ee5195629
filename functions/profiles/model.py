"""What do we know of a person right now? The snapshot that decisions read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.profiles.older import Occurrence
from functions.profiles.series import RECENT_OCCURRENCES, Between, Series
from functions.shared.changed import changed
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import Channel, ContactKey, ProfileId

__all__ = ["RECENT_OCCURRENCES", "Between", "Contact", "Occurrence", "Series", "Snapshot"]


@dataclass(frozen=True, slots=True)
class Contact:
    """One address of one channel: an e-mail address, a phone number or a device token, as sent."""

    address: str
    key: ContactKey
    asserted_at: datetime
    verified: bool = False
    platform: str | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON shape; ``platform`` only where there is one."""
        data = {
            "address": self.address,
            "key": self.key,
            "assertedAt": format_instant(self.asserted_at),
            "verified": self.verified,
        }
        return data if self.platform is None else {**data, "platform": self.platform}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Contact":
        """Reads ``to_json``'s shape."""
        return Contact(
            address=data["address"],
            key=ContactKey(data["key"]),
            asserted_at=parse_instant(data["assertedAt"]),
            verified=data["verified"],
            platform=data.get("platform"),
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A profile as one read finds it. ``identified`` = it has a customer id. Contacts stand best first per channel.

    ``aka`` = the ids that were merged into this one and stand for it ever since; rows written under them stay there.
    ``scores`` = what models of others say of the person, ``lists`` = the lists the person is on, by name. ``version`` =
    that of the row that was read; it says nothing of the person, and two snapshots that say the same are equal whatever
    theirs. ``stated`` = when each trait and list was last spoken of (``trait:tier``, ``list:friends``: time, message
    id); it does not travel.
    """

    profile: ProfileId
    identified: bool
    first_seen: datetime
    last_seen: datetime
    events: int
    traits: Mapping[str, Any] = field(default_factory=dict)
    contacts: Mapping[Channel, Sequence[Contact]] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    aka: Sequence[ProfileId] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    lists: Sequence[str] = ()
    version: int = field(default=0, compare=False)
    stated: Mapping[str, tuple[datetime, str]] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def of_nobody(profile: ProfileId, now: datetime) -> "Snapshot":
        """A person of whom nothing is known yet."""
        return Snapshot(profile, identified=False, first_seen=now, last_seen=now, events=0)

    @property
    def ids(self) -> tuple[ProfileId, ...]:
        """Every id the person has or had, the present one first."""
        return (self.profile, *self.aka)

    def best_contact(self, channel: Channel) -> Contact | None:
        """The address to use on a channel: verified before unverified, then the latest asserted."""
        contacts = self.contacts.get(channel, ())
        return contacts[0] if contacts else None

    def as_of(self, order: tuple[datetime, str]) -> "Snapshot":
        """The snapshot with every series cut at the event at hand, so that two orders in one batch count 1, then 2."""
        series = {name: one.up_to(order) for name, one in self.series.items()}
        return changed(self, series={name: one for name, one in series.items() if one.count > 0})

    def to_json(self) -> dict[str, Any]:
        """The shape on the journeys queue."""
        return {
            "profile": self.profile,
            "identified": self.identified,
            "first_seen": format_instant(self.first_seen),
            "last_seen": format_instant(self.last_seen),
            "events": self.events,
            "traits": dict(self.traits),
            "contacts": {channel: [c.to_json() for c in contacts] for channel, contacts in self.contacts.items()},
            "series": {name: one.to_json() for name, one in self.series.items()},
            "aka": list(self.aka),
            "scores": dict(self.scores),
            "lists": list(self.lists),
            "version": self.version,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Snapshot":
        """Reads ``to_json``'s shape."""
        return Snapshot(
            profile=ProfileId(data["profile"]),
            identified=data["identified"],
            first_seen=parse_instant(data["first_seen"]),
            last_seen=parse_instant(data["last_seen"]),
            events=int(data["events"]),
            traits=data["traits"],
            contacts={c: tuple(Contact.from_json(one) for one in many) for c, many in data["contacts"].items()},
            series={name: Series.from_json(one) for name, one in data["series"].items()},
            aka=tuple(ProfileId(one) for one in data.get("aka", ())),
            scores=data.get("scores", {}),
            lists=tuple(data.get("lists", ())),
            version=int(data.get("version", 0)),
        )
