"""Where does one look for rejected messages? Under keys that tell what lies there, so that a listing is the index."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Line: TypeAlias = Mapping[str, Any]
"""One rejected message as ``Rejection.to_json`` has it."""

PREFIX = "index/"
# Each is an object of its own; what is rejected for still more reasons in one batch stands under the last.
GROUPS = 20
VARIOUS = "various"
SOURCE_CHARACTERS, FIELD_CHARACTERS, RULE_CHARACTERS = 200, 200, 400
# An S3 key has 1,024 bytes; these are all ASCII.
SLUG_CHARACTERS = 100
IDS_NAMED = 20
PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,39}")
INDEX_IN_A_LIST = re.compile(r"\[(\d+)\]")
NO_PART_OF_A_KEY = re.compile(r"[^A-Za-z0-9._*]+")
PLACE_IN_A_LIST = re.compile(r"[0-9]{1,4}")
KEY = re.compile(rf"{PREFIX}(\d{{4}}/\d\d/\d\d)/([^/]+)/([^/]+)/([^/]+)/(\d+)-([0-9a-f]{{32}})-([0-9a-f]{{8}})\.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one key of the index says; ``source``, ``field`` and ``rule`` as keys spell them (``slug``).

    ``object`` is the hash in the name of the object that holds the messages, ``group`` tells which of them.
    """

    day: str
    source: str
    field: str
    rule: str
    count: int
    object: str
    group: str

    @property
    def key(self) -> str:
        """``index/2026/03/02/shop/properties.total/not-a-number/12-<32 hex>-<8 hex>.json``, under 1,024 bytes."""
        where = f"{PREFIX}{self.day}/{self.source}/{self.field}/{self.rule}"
        return f"{where}/{self.count}-{self.object}-{self.group}.json"

    @staticmethod
    def from_key(key: str) -> "Entry | None":
        """Reads ``key``; None when it is no key of the index."""
        found = KEY.fullmatch(key)
        if found is None:
            return None
        day, source, field, rule, count, name, group = found.groups()
        return Entry(day, source, field, rule, int(count), name, group)


@dataclass(frozen=True, slots=True)
class Group:
    """Rejected messages of one source that broke one rule at one field."""

    source: str
    field: str
    rule: str
    lines: Sequence[Line]

    @property
    def id(self) -> str:
        """Eight hex digits; two groups of an object whose slugs are the same still have keys of their own."""
        return _hex(json.dumps([self.source, self.field, self.rule]), 8)

    def entry(self, day: str, name: str) -> Entry:
        """Its place in the index; ``day`` like ``2026/03/02``, ``name`` the hash of its object."""
        return Entry(day, slug(self.source), slug(self.field), slug(self.rule), len(self.lines), name, self.id)

    def told(self) -> dict[str, Any]:
        """What a notice says of it. Ids are hashed, since a caller may put anything into a messageId."""
        return {
            "source": self.source,
            "field": self.field,
            "rule": self.rule,
            "count": len(self.lines),
            "messageIdHashes": [_hex(line["messageId"], 16) for line in self.lines if line["messageId"]][:IDS_NAMED],
        }

    def to_json(self) -> dict[str, Any]:
        """What the index says beyond the key."""
        received = sorted(line["receivedAt"] for line in self.lines)
        return {**self.told(), "firstReceivedAt": received[0], "lastReceivedAt": received[-1]}


def grouped(lines: Iterable[Line]) -> list[Group]:
    """The messages by source, field and rule; the same lines always give the same groups, in the same order."""
    found: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        said = (line["source"][:SOURCE_CHARACTERS], sayable(line["field"]), line["rule"][:RULE_CHARACTERS])
        found[said].append(line)
    names = sorted(found, key=lambda said: (-len(found[said]), said))
    groups = [Group(*said, found[said]) for said in sorted(names[:GROUPS])]
    rest = [line for said in names[GROUPS:] for line in found[said]]
    return [*groups, Group(VARIOUS, VARIOUS, VARIOUS, rest)] if rest else groups


def sayable(field: str) -> str:
    """A field's path without what a caller may have put into it: ``properties.ann@example.com`` is ``properties.*``.

    Names of properties are the callers', and some use addresses as such. Places in lists are one: ``products.*.sku``.
    """
    names = INDEX_IN_A_LIST.sub(r".\1", field[: 2 * FIELD_CHARACTERS]).split(".")
    said = ["*" if PLACE_IN_A_LIST.fullmatch(name) else name for name in names]
    if not all(name == "*" or PLAIN_NAME.fullmatch(name) for name in said):
        # An address holds dots of its own, so any of the names may be a piece of it.
        said = [said[0], "*"] if PLAIN_NAME.fullmatch(said[0]) else ["*"]
    return ".".join(said)[:FIELD_CHARACTERS]


def day_of(line: Line) -> str:
    """``2026/03/02``: the day a door took the message."""
    return str(line["receivedAt"][:10].replace("-", "/"))


def name_of(text: str) -> str:
    """The name of an object that holds this text: the same text is the same object."""
    return _hex(text, 32)


def object_key(day: str, name: str) -> str:
    """``rejected/2026/03/02/<32 hex>.jsonl``: messages, one a line."""
    return f"rejected/{day}/{name}.jsonl"


def part_key(day: str, whole: str, part: int) -> str:
    """``parts/2026/03/02/<32 hex>/2.json``: a later part of a body that is longer than a queue message."""
    return f"parts/{day}/{whole}/{part}.json"


def slug(text: str) -> str:
    """A part of a key: ``not one of a, b`` is ``not-one-of-a-b``; letters, digits and ``. _ - *`` only."""
    return NO_PART_OF_A_KEY.sub("-", text)[:SLUG_CHARACTERS].strip("-.") or "none"


def _hex(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
