"""How do a person's state and a day of events fit in few bytes? Compressed JSON, written back as one small row."""

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from functions.profiles.columns import Reader, Written
from functions.profiles.model import Contact
from functions.profiles.packed_series import pack, unpack
from functions.profiles.policy import Claim, Person, State
from functions.profiles.traits import Stamp, cell_from_json, to_json
from functions.shared.clock import format_instant, parse_instant
from functions.shared.events import STAMPS, Event
from functions.shared.names import ProfileId

HASH_BYTES = 8
# Every write costs its whole row (2 units per KB in a transaction), so a row that has grown this far is closed.
FULL_BYTES = 3_000
# An incompressible chunk on top of a nearly full row still stays far below the 400 KB of an item.
CHUNK_BYTES = 200_000
# By how much the time of a copy that is sent again may differ: clocks are corrected by when something was sent.
SHIFT = timedelta(minutes=5)
# What persons' rows say, most often in the last part: compression refers to it instead of writing it out. Rows that
# were written with it cannot be read without it.
FAMILIAR = (
    b'"lists":{"":[0,true]},"scores":{"churn":[0.,0]},"erased":true"claimed""platform":"ios","push#["push",{"address":"'
    b'["sms",{"address":"+","key":"phone#{"layers":{"device#|anonymous_id#"|email#|phone#|customer_id#":{"first_seen":"20'
    b'T00:00:00.000Z","last_seen":"2026-0","events":1,"customer":null,"customer":"trusted","expires":90,"expires":null,'
    b'"traits":{},"traits":{"address":[{"city":"","name":["","phone":["+","createdAt":["","country":["",0],'
    b'"email":["@gmail.com",0],"firstName":["",0],"lastName":["",0],"plan":["free",0]},"claims":[],"claims":[["email",'
    b'{"address":".com","key":"email#","assertedAt":"202","verified":false},3,0]],"series":{},'
    b'"series":{"Order Completed":[["revenue"],null,[["revenue",null]]]},"stamps":[]}},"stamps":[["202"]]}},'
    b'"contacts":{},"contacts":{"email#":false},"elsewhere":{},"aka":[]}'
)


class Minutes(NamedTuple):
    """From a minute of a day (UTC, 0 to 1439) to another, both included; nothing when the first is the later."""

    first: int
    last: int

    def meets(self, other: "Minutes") -> bool:
        """True when they have a minute in common."""
        return self.first <= other.last and other.first <= self.last

    def around(self, other: "Minutes") -> "Minutes":
        """From the earlier beginning to the later end."""
        return Minutes(min(self.first, other.first), max(self.last, other.last))


NEVER = Minutes(1440, 0)
WHOLE_DAY = Minutes(0, 1439)


@dataclass(frozen=True, slots=True)
class Packed:
    """Some events of one day: their id hashes (8 bytes each), their compressed JSON lines, and when they happened."""

    hashes: bytes = b""
    lines: bytes = b""
    minutes: Minutes = NEVER

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

    def with_chunk(self, chunk: "Chunk") -> "Packed":
        """These events too. The old lines are not parsed, only recompressed together with the new."""
        before = zlib.decompress(self.lines) if self.lines else b""
        lines = zlib.compress(before + chunk.lines)
        return Packed(self.hashes + chunk.hashes, lines, self.minutes.around(chunk.minutes))


class Chunk(NamedTuple):
    """Some events on their way into a row: id hashes, JSON lines, and when they happened."""

    hashes: bytes
    lines: bytes
    minutes: Minutes


def id_hash(message_id: str) -> bytes:
    """Eight bytes that stand for a message id; equal hashes are looked into before anything is called a duplicate."""
    return blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


def filed(open_row: Packed, events: Sequence[Event]) -> tuple[list[Packed], Packed]:
    """Adds events to a day: the rows that are closed by it, and the row that stays open."""
    closed: list[Packed] = []
    for chunk in _chunks(events):
        if open_row.full:
            closed.append(open_row)
            open_row = Packed()
        open_row = open_row.with_chunk(chunk)
    return closed, open_row


def repacked(events: Sequence[Event]) -> Packed:
    """These events in one row."""
    packed = Packed()
    for chunk in _chunks(events):
        packed = packed.with_chunk(chunk)
    return packed


def _chunks(events: Iterable[Event]) -> Iterable[Chunk]:
    hashes: list[bytes] = []
    lines: list[bytes] = []
    minutes: list[int] = []
    size = 0
    for event in events:
        line = f"{event.to_text()}\n".encode()
        if lines and size + len(line) > CHUNK_BYTES:
            yield Chunk(b"".join(hashes), b"".join(lines), Minutes(min(minutes), max(minutes)))
            hashes, lines, minutes, size = [], [], [], 0
        hashes.append(id_hash(event.message_id))
        lines.append(line)
        minutes.append(_minute(event.timestamp))
        size += len(line)
    if lines:
        yield Chunk(b"".join(hashes), b"".join(lines), Minutes(min(minutes), max(minutes)))


def _minute(instant: datetime) -> int:
    return instant.hour * 60 + instant.minute


def day_of(event: Event) -> str:
    """The day (UTC) an event is filed under: ``2026-03-02``."""
    return event.timestamp.date().isoformat()


def times_to_search(event: Event) -> dict[str, Minutes]:
    """The days an earlier copy may stand under, each with when it would have happened there.

    A copy sent again gets a corrected time, which may fall past midnight. The open row of a day is always searched
    whole; of the closed rows those of these minutes, so that an event costs the same after a thousand others.
    """
    first, last = event.timestamp - SHIFT, event.timestamp + SHIFT
    if first.date() == last.date():
        return {first.date().isoformat(): Minutes(_minute(first), _minute(last))}
    return {
        first.date().isoformat(): Minutes(_minute(first), WHOLE_DAY.last),
        last.date().isoformat(): Minutes(WHOLE_DAY.first, _minute(last)),
    }


def same_content(one: Event, other: Event) -> bool:
    """True when two messages under one id say the same; only the stamp of sending may differ.

    What was too large to travel is compared by the whole: its object is named by its content.
    """
    if one.claim and other.claim:
        return bool(one.claim["object"] == other.claim["object"])
    return _content(one) == _content(other)


def _content(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.body.items() if name not in STAMPS}


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The open row of a home's day; ``closed`` = when the events of each closed row beside it happened."""

    packed: Packed = Packed()
    closed: Sequence[Minutes] = ()


class Days:
    """How a DAY row becomes bytes: two lengths, minutes, the hashes, the lines."""

    def encode(self, content: OpenDay) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        packed = content.packed
        times = [*packed.minutes, *(minute for minutes in content.closed for minute in minutes)]
        head = struct.pack(f">II{len(times)}H", len(content.closed), len(packed.hashes), *times)
        return head + packed.hashes + packed.lines

    def decode(self, data: bytes) -> OpenDay:
        """See ``functions.shared.rows.Codec``."""
        closed, length = struct.unpack(">II", data[:8])
        begins = 8 + 4 * (1 + closed)
        own, *others = map(Minutes._make, struct.iter_unpack(">HH", data[8:begins]))
        return OpenDay(Packed(data[begins : begins + length], data[begins + length :], own), tuple(others))


class Persons:
    """How a TRAITS row becomes bytes: compressed JSON, then the numbers of its series."""

    def encode(self, content: Person) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        bits = Written()
        data = {
            "layers": {layer: _state_to_json(state, bits) for layer, state in content.layers.items()},
            "contacts": content.contacts,
            "elsewhere": content.elsewhere,
            "aka": list(content.aka),
            **({"erased": True} if content.erased else {}),
        }
        text = zlib.compressobj(zdict=FAMILIAR)
        return text.compress(json.dumps(data, separators=(",", ":")).encode()) + text.flush() + bits.to_bytes()

    def decode(self, data: bytes) -> Person:
        """See ``functions.shared.rows.Codec``."""
        text = zlib.decompressobj(zdict=FAMILIAR)
        said = json.loads(text.decompress(data))
        bits = Reader(text.unused_data)
        return Person(
            layers={layer: _state(state, bits) for layer, state in said["layers"].items()},
            contacts=said["contacts"],
            elsewhere=said["elsewhere"],
            aka=tuple(ProfileId(one) for one in said["aka"]),
            erased=said.get("erased", False),
        )


def _state_to_json(state: State, bits: Written) -> dict[str, Any]:
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
        "series": {name: pack(one, bits) for name, one in state.series.items()},
        **({"lists": {name: [index(at), on] for name, (at, on) in state.lists.items()}} if state.lists else {}),
        **({"scores": {name: to_json(cell, index) for name, cell in state.scores.items()}} if state.scores else {}),
        "stamps": [[format_instant(at), message_id] for at, message_id in stamps],
    }


def _state(data: Mapping[str, Any], bits: Reader) -> State:
    stamps = [(parse_instant(at), message_id) for at, message_id in data["stamps"]]
    return State(
        first_seen=parse_instant(data["first_seen"]),
        last_seen=parse_instant(data["last_seen"]),
        events=data["events"],
        customer=data["customer"],
        expires=data["expires"],
        traits={name: cell_from_json(cell, stamps) for name, cell in data["traits"].items()},
        claims=tuple(_claim(channel, contact, flags, stamps[at]) for channel, contact, flags, at in data["claims"]),
        series={name: unpack(one, bits) for name, one in data["series"].items()},
        scores={name: cell_from_json(cell, stamps) for name, cell in data.get("scores", {}).items()},
        lists={name: (stamps[at], joined) for name, (at, joined) in data.get("lists", {}).items()},
    )


def _claim(channel: Any, contact: dict[str, Any], flags: int, stamp: Stamp) -> Claim:
    return Claim(channel, Contact.from_json(contact), stamp[1], trusted=bool(flags & 1), linking=flags > 1)
