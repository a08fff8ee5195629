"""Where does a person stand? In which audiences, when time may change that, and what of it nobody has been told yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import ProfileId


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody entered an audience, or left it. ``generation`` = the version of the standing that says so first."""

    audience: str
    entered: bool
    at: datetime
    generation: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's audiences as they were last decided. ``version`` 0 = nothing was ever written.

    ``members`` = audience to when it was entered; ``due`` = when to look at the person again, though nothing happens
    (it may be earlier than needed); ``untold`` = moves that the bus may not have; ``taken`` = the person's former ids
    whose standing is part of this one.
    """

    version: int = 0
    members: Mapping[str, datetime] = field(default_factory=dict)
    due: datetime | None = None
    untold: Sequence[Move] = ()
    taken: Sequence[ProfileId] = ()

    def to_json(self) -> dict[str, Any]:
        """The shape in its row, without the version."""
        return {
            "members": {name: format_instant(since) for name, since in self.members.items()},
            "due": None if self.due is None else format_instant(self.due),
            "untold": [[one.audience, one.entered, format_instant(one.at), one.generation] for one in self.untold],
            "taken": list(self.taken),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], version: int) -> "Standing":
        """Reads ``to_json``'s shape."""
        return Standing(
            version=version,
            members={name: parse_instant(since) for name, since in data["members"].items()},
            due=None if data["due"] is None else parse_instant(data["due"]),
            untold=tuple(Move(name, entered, parse_instant(at), n) for name, entered, at, n in data["untold"]),
            taken=tuple(ProfileId(one) for one in data["taken"]),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """A person to look at. ``person`` = as whoever asks for it has seen them (None: to be read); ``changed`` = what may
    be otherwise than before, in the words of ``publication.mentions`` (None: anything, and the time)."""

    profile: ProfileId
    person: Snapshot | None = None
    changed: frozenset[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape on the queue."""
        changed = None if self.changed is None else sorted(self.changed)
        return {"profile": self.profile if self.person is None else self.person.to_json(), "changed": changed}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Look":
        """Reads ``to_json``'s shape; raises ``KeyError`` or ``TypeError`` on anything else."""
        changed = None if data["changed"] is None else frozenset(data["changed"])
        if isinstance(data["profile"], str):
            return Look(ProfileId(data["profile"]), None, changed)
        person = Snapshot.from_json(data["profile"])
        return Look(person.profile, person, changed)

    def joined(self, other: "Look") -> "Look":
        """Two looks at one person are one: at the newest sight, for all that may have changed."""
        seen = [one for one in (self.person, other.person) if one is not None]
        changed = None if self.changed is None or other.changed is None else self.changed | other.changed
        return Look(self.profile, max(seen, key=lambda one: one.version, default=None), changed)
