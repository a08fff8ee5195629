"""What stands in the identity table? A pointer per identifier, a head and an audit trail per profile."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from functions.identity.keys import HASHED, is_hash, namespace_of
from functions.identity.ledger import NOTHING, Ledger, Stamp, pack_ledger, squeezed, unpack_ledger, unsqueezed
from functions.shared.names import ProfileId
from functions.shared.rows import Key, Row, Table

POINTER = "POINTER"
HEAD = "HEAD"
AUDIT = "AUDIT"
NEVER = 2**62
"""A ``since`` that no event is later than."""

Known = tuple[int, str, int]
"""What a pointer keeps of an edge: first in milliseconds, its message id, 1 = trusted + 2 = verified."""


@dataclass(frozen=True, slots=True)
class Link:
    """What one read of an identifier tells: enough to know that an event says nothing new.

    ``edges`` = better identifiers it was seen with; ``since`` = later than this (milliseconds), a device's events are
    its holder's; ``soft`` = it hangs on its customer by a device alone; ``shared`` = it links nobody; ``seen`` is false
    until an event names it.
    """

    edges: Mapping[str, Known] = field(default_factory=dict)
    since: int = -NEVER
    soft: bool = False
    shared: bool = False
    trusted: bool = False
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Pointer:
    """An identifier's row.

    ``value`` = its canonical text; ``epoch`` = when it last moved; ``ttl`` in seconds since 1970.

    ``erased_at`` (milliseconds) = its person was erased then; without a profile nothing else is left.
    """

    key: str
    profile: ProfileId | None
    epoch: int = 0
    value: str = ""
    link: Link = Link()
    ttl: int | None = None
    erased_at: int | None = None


def shown(pointer: Pointer) -> tuple[str, str]:
    """How an identifier is named to people: namespace and value; one known by its hash alone by that."""
    namespace = namespace_of(pointer.key)
    hashed = {clear: name for name, clear in HASHED.items()}
    if namespace in hashed and is_hash(pointer.value):
        namespace = hashed[namespace]
    return namespace, pointer.value


@dataclass(frozen=True, slots=True)
class Member:
    """An identifier as its head keeps it.

    ``origin`` = the profile it first belonged to; ``seen`` is false of one that only an operator spoke of.
    """

    origin: ProfileId
    soft: bool = False
    since: int = -NEVER
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """A profile's identifiers and everything said of them. ``version`` 0 = no row yet; ``into`` = merged into that one.

    ``aka`` = profiles that stand for this one, with the number of reads that lead here from them. ``epoch`` rises with
    every settlement and is passed on between the profiles that meet in one (a Lamport clock).
    """

    profile: ProfileId
    version: int = 0
    members: Mapping[str, Member] = field(default_factory=dict)
    ledger: Ledger = NOTHING
    aka: Mapping[ProfileId, int] = field(default_factory=dict)
    into: ProfileId | None = None
    first_seen: int = NEVER
    epoch: int = 0
    ttl: int | None = None

    @property
    def known(self) -> bool:
        """True when an event named it, or an operator's link holds; a cut alone makes nobody."""
        linked = any(said.verdict == "link" for said in self.ledger.registers.values())
        return linked or any(member.seen for member in self.members.values())


Deed = Literal["founded", "attached", "merged", "split", "erased"]


@dataclass(frozen=True, slots=True)
class Audit:
    """One line of a profile's trail: what changed, because of which message (milliseconds, id) called what.

    ``moves`` = (identifier, profile before or None, profile after); ``merged`` = profiles that now stand for this one.
    """

    deed: Deed
    at: Stamp
    cause: str
    operation: str
    moves: Sequence[tuple[str, ProfileId | None, ProfileId]] = ()
    merged: Sequence[ProfileId] = ()
    revived: Sequence[ProfileId] = ()


class _Links:
    def encode(self, content: tuple[Link, int | None]) -> bytes:
        link, erased_at = content
        flags = link.soft + 2 * link.shared + 4 * link.trusted + 8 * link.seen
        said = [[key, *known] for key, known in sorted(link.edges.items())]
        return json.dumps([said, link.since, flags, erased_at], separators=(",", ":")).encode()

    def decode(self, data: bytes) -> tuple[Link, int | None]:
        said, since, flags, erased_at = json.loads(data)
        edges = {key: (ms, message, trust) for key, ms, message, trust in said}
        return Link(edges, since, bool(flags & 1), bool(flags & 2), bool(flags & 4), bool(flags & 8)), erased_at


class _Heads:
    def encode(self, head: Head) -> bytes:
        data = {
            "i": [[key, m.origin, m.soft + 2 * m.seen, m.since] for key, m in sorted(head.members.items())],
            "l": pack_ledger(head.ledger),
            "a": head.aka,
            "f": head.first_seen,
        }
        return squeezed(data)

    def decode(self, data: bytes) -> Head:
        said = unsqueezed(data)
        return Head(
            ProfileId(""),
            members={
                key: Member(ProfileId(origin), bool(flags & 1), since, flags > 1)
                for key, origin, flags, since in said["i"]
            },
            ledger=unpack_ledger(said["l"]),
            aka={ProfileId(profile): hops for profile, hops in said["a"].items()},
            first_seen=said["f"],
        )


class _Audits:
    def encode(self, audit: Audit) -> bytes:
        moves = [list(move) for move in audit.moves]
        said = [audit.deed, *audit.at, audit.cause, audit.operation, moves, list(audit.merged), list(audit.revived)]
        return squeezed(said)

    def decode(self, data: bytes) -> Audit:
        deed, ms, message, cause, operation, moves, merged, revived = unsqueezed(data)
        return Audit(
            deed,
            (ms, message),
            cause,
            operation,
            tuple((key, before and ProfileId(before), ProfileId(after)) for key, before, after in moves),
            tuple(map(ProfileId, merged)),
            tuple(map(ProfileId, revived)),
        )


def identity_table(name: str) -> Table:
    """The identity table under its physical name."""
    return Table(name, {POINTER: _Links(), HEAD: _Heads(), AUDIT: _Audits()})


def pointer_key(table: Table, identifier: str) -> Key:
    """Where an identifier's pointer stands."""
    return Key(table, identifier, POINTER)


def head_key(table: Table, profile: ProfileId) -> Key:
    """Where a profile's head stands."""
    return Key(table, f"p#{profile}", HEAD)


def audit_key(table: Table, profile: ProfileId, audit: Audit) -> Key:
    """Where a line of a profile's trail stands: by the time of its cause."""
    return Key(table, f"p#{profile}", f"{AUDIT}#{max(audit.at[0], 0):014}#{audit.operation}")


def pointer_of(key: str, row: Row) -> Pointer:
    """Reads a pointer's row."""
    link, erased_at = row.get("content", (Link(), None))
    profile = row.get("profile")
    return Pointer(
        key,
        None if profile is None else ProfileId(profile),
        row.get("epoch", 0),
        row.get("value", ""),
        link,
        row.get("ttl"),
        erased_at,
    )


def head_of(profile: ProfileId, row: Row) -> Head:
    """Reads a head's row."""
    kept: Head = row["content"]
    into = row.get("profile")
    return Head(
        profile,
        row["version"],
        kept.members,
        kept.ledger,
        kept.aka,
        None if into is None else ProfileId(into),
        kept.first_seen,
        row.get("epoch", 0),
        row.get("ttl"),
    )


def head_row(head: Head) -> dict[str, Any]:
    """The attributes of a head's row, one version on."""
    return {
        "version": head.version + 1,
        "epoch": head.epoch,
        "profile": head.into,
        "ttl": head.ttl,
        "content": head,
    }
