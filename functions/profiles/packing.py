"""How do a person's state and a day of events fit in few bytes? Compressed JSON, written back as one small row."""

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from functions.profiles.model import Contact, Series
from functions.profiles.policy import Claim, Person, State
from functions.profiles.traits import Stamp, cell_from_json, to_json
from functions.shared.clock import format_instant, parse_instant
from functions.shared.events import Event
from functions.shared.names import ProfileId

HASH_BYTES = 8
# Every write costs its whole row (2 units per KB in a transaction), so a row that has grown this far is closed.
FULL_BYTES = 3_000
# An incompressible chunk on top of a nearly full row still stays far below the 400 KB of an item.
CHUNK_BYTES = 200_000
MIDNIGHT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Packed:
    """Some events of one day: their id hashes (8 bytes each) and their compressed JSON lines."""

    hashes: bytes = b""
    lines: bytes = b""

    @property
    def full(self) -> bool:
        """True when the next events open another row."""
        return len(self.hashes) + len(self.lines) >= FULL_BYTES

    def may_hold(self, message_id: str) -> bool:
        """False when the event is certainly not here; looking closer takes decompression."""
        wanted = id_hash(message_id)
        found = self.hashes.find(wanted)
        while found % HASH_BYTES and found >= 0:
            found = self.hashes.find(wanted, found + 1)
        return found >= 0

    def events(self) -> list[Event]:
        """The events in the order they were added."""
        lines = zlib.decompress(self.lines) if self.lines else b""
        return [Event.from_json(json.loads(line)) for line in lines.splitlines()]

    def with_lines(self, hashes: bytes, lines: bytes) -> "Packed":
        """These events too. The old lines are not parsed, only recompressed together with the new."""
        before = zlib.decompress(self.lines) if self.lines else b""
        return Packed(self.hashes + hashes, zlib.compress(before + lines))


def id_hash(message_id: str) -> bytes:
    """Eight bytes that stand for a message id; equal hashes are looked into before anything is called a duplicate."""
    return blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


def filed(open_row: Packed, events: Sequence[Event]) -> tuple[list[Packed], Packed]:
    """Adds events to a day: the rows that are closed by it, and the row that stays open."""
    closed: list[Packed] = []
    for hashes, lines in _chunks(events):
        if open_row.full:
            closed.append(open_row)
            open_row = Packed()
        open_row = open_row.with_lines(hashes, lines)
    return closed, open_row


def repacked(events: Sequence[Event]) -> Packed:
    """These events in one row."""
    packed = Packed()
    for hashes, lines in _chunks(events):
        packed = packed.with_lines(hashes, lines)
    return packed


def _chunks(events: Iterable[Event]) -> Iterable[tuple[bytes, bytes]]:
    hashes: list[bytes] = []
    lines: list[bytes] = []
    size = 0
    for event in events:
        line = f"{event.to_text()}\n".encode()
        if lines and size + len(line) > CHUNK_BYTES:
            yield b"".join(hashes), b"".join(lines)
            hashes, lines, size = [], [], 0
        hashes.append(id_hash(event.message_id))
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(hashes), b"".join(lines)


def day_of(event: Event) -> str:
    """The day (UTC) an event is filed under: ``2026-03-02``."""
    return event.timestamp.date().isoformat()


def days_to_search(event: Event) -> set[str]:
    """The days an earlier copy may stand under: a copy sent again gets a corrected time that may fall past midnight."""
    return {(event.timestamp + shift).date().isoformat() for shift in (-MIDNIGHT, MIDNIGHT)}


def same_content(one: Event, other: Event) -> bool:
    """True when two messages under one id say the same; only the stamp of sending may differ."""
    return _content(one) == _content(other)


def _content(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.body.items() if name not in ("sentAt", "receivedAt")}


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The open row of a home's day, and how many closed rows stand beside it."""

    packed: Packed = Packed()
    closed: int = 0


class Days:
    """How a DAY row becomes bytes: two lengths, the hashes, the lines."""

    def encode(self, content: OpenDay) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        head = struct.pack(">II", content.closed, len(content.packed.hashes))
        return head + content.packed.hashes + content.packed.lines

    def decode(self, data: bytes) -> OpenDay:
        """See ``functions.shared.rows.Codec``."""
        closed, length = struct.unpack(">II", data[:8])
        return OpenDay(Packed(data[8 : 8 + length], data[8 + length :]), closed)


class Persons:
    """How a TRAITS row becomes bytes: compressed JSON."""

    def encode(self, content: Person) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        data = {
            "layers": {layer: _state_to_json(state) for layer, state in content.layers.items()},
            "contacts": content.contacts,
            "elsewhere": content.elsewhere,
            "aka": list(content.aka),
        }
        return zlib.compress(json.dumps(data, separators=(",", ":")).encode())

    def decode(self, data: bytes) -> Person:
        """See ``functions.shared.rows.Codec``."""
        said = json.loads(zlib.decompress(data))
        return Person(
            layers={layer: _state(state) for layer, state in said["layers"].items()},
            contacts=said["contacts"],
            elsewhere=said["elsewhere"],
            aka=tuple(ProfileId(one) for one in said["aka"]),
        )


def _state_to_json(state: State) -> dict[str, Any]:
    """Each (time, message id) stands once: one identify sets many traits."""
    stamps: dict[Stamp, int] = {}

    def index(stamp: Stamp) -> int:
        return stamps.setdefault(stamp, len(stamps))

    return {
        "first_seen": format_instant(state.first_seen),
        "last_seen": format_instant(state.last_seen),
        "events": state.events,
        "customer": state.customer,
        "expires": state.expires,
        "traits": {name: to_json(cell, index) for name, cell in state.traits.items()},
        "claims": [
            [
                claim.channel,
                claim.contact.to_json(),
                claim.trusted + 2 * claim.linking,
                index((claim.contact.asserted_at, claim.message_id)),
            ]
            for claim in state.claims
        ],
        "series": {name: one.to_json() for name, one in state.series.items()},
        **({"lists": {name: [index(at), on] for name, (at, on) in state.lists.items()}} if state.lists else {}),
        **({"scores": {name: to_json(cell, index) for name, cell in state.scores.items()}} if state.scores else {}),
        "stamps": [[format_instant(at), message_id] for at, message_id in stamps],
    }


def _state(data: Mapping[str, Any]) -> State:
    stamps = [(parse_instant(at), message_id) for at, message_id in data["stamps"]]
    return State(
        first_seen=parse_instant(data["first_seen"]),
        last_seen=parse_instant(data["last_seen"]),
        events=data["events"],
        customer=data["customer"],
        expires=data["expires"],
        traits={name: cell_from_json(cell, stamps) for name, cell in data["traits"].items()},
        claims=tuple(_claim(channel, contact, flags, stamps[at]) for channel, contact, flags, at in data["claims"]),
        series={name: Series.from_json(one) for name, one in data["series"].items()},
        scores={name: cell_from_json(cell, stamps) for name, cell in data.get("scores", {}).items()},
        lists={name: (stamps[at], joined) for name, (at, joined) in data.get("lists", {}).items()},
    )


def _claim(channel: Any, contact: dict[str, Any], flags: int, stamp: Stamp) -> Claim:
    return Claim(channel, Contact.from_json(contact), stamp[1], trusted=bool(flags & 1), linking=flags > 1)
