"""What was ever said of identifiers? A record that only grows by least, greatest, union and last writer.

Joining two ledgers is therefore commutative, associative and idempotent (a join-semilattice): whatever the order, the
duplication or the concurrency of the events, the same events leave the same ledger.
"""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from functions.identity.model import Identifier
from functions.shared.events import Event

Stamp = tuple[int, str]
"""When, in milliseconds since 1970, and the message id that breaks ties."""
Pair = tuple[str, str]
"""Keys of two identifiers: of an assertion the better-ranked one first, of a command in alphabetical order."""
Claim = tuple[int, str, str]
"""An identifying event that named a device: milliseconds, message id, key of the better identifier."""
Verdict = Literal["link", "cut", "clear"]

# Calls by which somebody says who they are; the others merely happen to carry two identifiers (rule R7).
IDENTIFYING = frozenset({"identify", "alias"})
# Horizons: what a device remembers beyond them is the oldest first (docs/reference/identity-rules.md).
CLAIMS_PER_DEVICE = 64
LOGOUTS_PER_DEVICE = 16


@dataclass(frozen=True, slots=True)
class Edge:
    """Two identifiers named by one event: first by any event, last by an identifying one (None: never).

    ``trusted`` = a server said so; ``verified`` = it said that it had checked.
    """

    first: Stamp
    last: Stamp | None = None
    trusted: bool = False
    verified: bool = False

    def joined(self, other: "Edge") -> "Edge":
        """Both together."""
        lasts = [last for last in (self.last, other.last) if last is not None]
        return Edge(
            min(self.first, other.first),
            max(lasts, default=None),
            self.trusted or other.trusted,
            self.verified or other.verified,
        )


@dataclass(frozen=True, slots=True)
class Register:
    """What an operator last said of a pair (rule R12)."""

    at: Stamp
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything said of some identifiers.

    ``trusted`` = customer ids that a server named; ``cleared`` = identifiers that an operator said are not shared;
    ``founded`` = how many profiles an identifier has founded; ``erased`` = when (milliseconds) one was last erased.
    """

    edges: Mapping[Pair, Edge] = field(default_factory=dict)
    registers: Mapping[Pair, Register] = field(default_factory=dict)
    logouts: Mapping[str, tuple[Stamp, ...]] = field(default_factory=dict)
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    trusted: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    founded: Mapping[str, int] = field(default_factory=dict)
    erased: Mapping[str, int] = field(default_factory=dict)

    @property
    def ends(self) -> frozenset[str]:
        """The identifiers it says something of together with others."""
        pairs = {key for pair in (*self.edges, *self.registers) for key in pair}
        return frozenset(pairs.union(claim[2] for claims in self.claims.values() for claim in claims))

    def joined(self, other: "Ledger") -> "Ledger":
        """Both together."""
        if NOTHING in (self, other):
            return self if other == NOTHING else other
        edges = dict(self.edges)
        for pair, edge in other.edges.items():
            edges[pair] = edges[pair].joined(edge) if pair in edges else edge
        registers = dict(self.registers)
        for two, register in other.registers.items():
            if two not in registers or _later(register, registers[two]):
                registers[two] = register
        return Ledger(
            edges,
            registers,
            _latest(self.logouts, other.logouts, LOGOUTS_PER_DEVICE),
            _latest(self.claims, other.claims, CLAIMS_PER_DEVICE),
            self.trusted | other.trusted,
            self.cleared | other.cleared,
            _greatest(self.founded, other.founded),
            _greatest(self.erased, other.erased),
        )

    def without(self, keys: Collection[str]) -> "Ledger":
        """What of it does not speak of these identifiers."""
        return replace(
            self,
            edges={pair: edge for pair, edge in self.edges.items() if not (pair[0] in keys or pair[1] in keys)},
            registers={two: said for two, said in self.registers.items() if not (two[0] in keys or two[1] in keys)},
            claims={
                device: tuple(claim for claim in claims if claim[2] not in keys)
                for device, claims in self.claims.items()
                if device not in keys
            },
        )

    def touching(self, keys: Collection[str]) -> "Ledger":
        """What of it speaks of any of these identifiers, and whether the other ends are trusted."""
        edges = {pair: edge for pair, edge in self.edges.items() if pair[0] in keys or pair[1] in keys}
        registers = {two: said for two, said in self.registers.items() if two[0] in keys or two[1] in keys}
        return Ledger(
            edges,
            registers,
            {key: at for key, at in self.logouts.items() if key in keys},
            {key: claims for key, claims in self.claims.items() if key in keys},
            self.trusted.intersection({*keys, *(key for pair in (*edges, *registers) for key in pair)}),
            self.cleared.intersection(keys),
            {key: count for key, count in self.founded.items() if key in keys},
            {key: at for key, at in self.erased.items() if key in keys},
        )


NOTHING = Ledger()


def stamp_of(event: Event) -> Stamp:
    """An event's place in the one order of events."""
    return (milliseconds(event.timestamp), event.message_id)


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant."""
    return round(instant.timestamp() * 1000)


def assertion(event: Event, linking: Iterable[Identifier]) -> Ledger:
    """What an event says: a star from its best identifier to each other (rule R7). ``linking`` stands best first."""
    named = list(linking)
    at = stamp_of(event)
    trusted = frozenset(one.key for one in named if one.kind == "anchor" and event.trusted)
    if event.type == "reset":
        return Ledger(logouts={one.key: (at,) for one in named if one.kind == "device"}, trusted=trusted)
    identifying = event.type in IDENTIFYING
    verified = event.trusted and event.body.get("verified") is True
    edge = Edge(at, at if identifying else None, event.trusted, verified)
    return Ledger(
        edges={(named[0].key, one.key): edge for one in named[1:]},
        claims={one.key: ((*at, named[0].key),) for one in named[1:] if identifying and one.kind == "device"},
        trusted=trusted,
    )


def register(at: Stamp, verdict: Verdict, one: str, other: str) -> Ledger:
    """What an operator says of a pair."""
    return Ledger(registers={(min(one, other), max(one, other)): Register(at, verdict)})


def pack_ledger(ledger: Ledger) -> dict[str, Any]:
    """A compact JSON shape: each key and each stamp stands once, and is named by its place."""
    keys: dict[str, int] = {}
    stamps: dict[Stamp, int] = {}

    def key(text: str) -> int:
        return keys.setdefault(text, len(keys))

    def at(stamp: Stamp) -> int:
        return stamps.setdefault(stamp, len(stamps))

    data: dict[str, Any] = {
        "e": [
            [key(a), key(b), at(e.first), -1 if e.last is None else at(e.last), e.trusted + 2 * e.verified]
            for (a, b), e in sorted(ledger.edges.items())
        ],
        "r": [[key(a), key(b), at(r.at), r.verdict] for (a, b), r in sorted(ledger.registers.items())],
        "o": [[key(device), *map(at, when)] for device, when in sorted(ledger.logouts.items())],
        "c": [
            [key(device), [[at((ms, m)), key(owner)] for ms, m, owner in claims]]
            for device, claims in sorted(ledger.claims.items())
        ],
        "t": [key(one) for one in sorted(ledger.trusted)],
        "s": [key(one) for one in sorted(ledger.cleared)],
        "f": [[key(one), count] for one, count in sorted(ledger.founded.items())],
        "x": [[key(one), ms] for one, ms in sorted(ledger.erased.items())],
    }
    packed = {name: value for name, value in data.items() if value}
    return {**packed, "k": list(keys), "m": [list(stamp) for stamp in stamps]}


def unpack_ledger(data: Mapping[str, Any]) -> Ledger:
    """Reads what ``pack_ledger`` wrote."""
    keys = data["k"]
    stamps: list[Stamp] = [(ms, m) for ms, m in data["m"]]
    return Ledger(
        edges={
            (keys[a], keys[b]): Edge(stamps[first], None if last < 0 else stamps[last], bool(flags & 1), flags > 1)
            for a, b, first, last, flags in data.get("e", ())
        },
        registers={(keys[a], keys[b]): Register(stamps[at], verdict) for a, b, at, verdict in data.get("r", ())},
        logouts={keys[device]: tuple(stamps[at] for at in when) for device, *when in data.get("o", ())},
        claims={
            keys[device]: tuple((*stamps[at], keys[owner]) for at, owner in claims)
            for device, claims in data.get("c", ())
        },
        trusted=frozenset(keys[one] for one in data.get("t", ())),
        cleared=frozenset(keys[one] for one in data.get("s", ())),
        founded={keys[one]: count for one, count in data.get("f", ())},
        erased={keys[one]: ms for one, ms in data.get("x", ())},
    )


def squeezed(data: Any) -> bytes:
    """Compressed compact JSON."""
    return zlib.compress(json.dumps(data, separators=(",", ":")).encode())


def unsqueezed(data: bytes) -> Any:
    """Reads what ``squeezed`` wrote."""
    return json.loads(zlib.decompress(data))


def _later(one: Register, other: Register) -> bool:
    return (one.at, one.verdict) > (other.at, other.verdict)


def _greatest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {*one, *other}}


def _latest(one: Mapping[str, Any], other: Mapping[str, Any], kept: int) -> dict[str, Any]:
    joined = dict(one)
    for key, said in other.items():
        joined[key] = tuple(sorted({*joined.get(key, ()), *said})[-kept:])
    return joined
