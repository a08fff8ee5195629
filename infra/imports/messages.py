"""What does a row say? One message about one person, with an id that is the same whenever the row is."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID, uuid5

from functions.capture.model import Item
from functions.capture.policy import read
from functions.shared.clock import format_instant
from functions.shared.errors import RejectedInput
from functions.shared.identifiers import NAMESPACE_NAME

MESSAGES = UUID("5b0a5b6e-6a1c-5c39-9a55-0c6b3f6f7d11")
USER_ID = "userId"
IDS = (USER_ID, "anonymousId")
ADDRESSES = ("email", "phone")
EXTERNAL, TRAIT, SCORE = "id:", "trait.", "score."
# What tells a message from a row of names and values.
SHAPED = ("traits", "scores", "context", "type")
DELETED = "null"
# More digits are not exact in every JSON reader (2^53), and leading zeros are no number's.
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?", re.ASCII)
# EventBridge takes 1 MB a request and puts an envelope of its own around each entry.
MESSAGE_BYTES = 900_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is sent: its line in the file, and its JSON in ASCII."""

    line: int
    kind: str
    text: str


class Meaning(Protocol):
    """What the rows of a file are taken to say."""

    of_now: ClassVar[bool]
    """Whether they say what shall be from now on; else what was so when the file was written."""

    def body(self, said: Mapping[str, Any], typed: bool) -> dict[str, Any]:
        """The message of a row, without its id; ``typed`` = its values are JSON's own, else they are a CSV's texts."""

    def misnamed(self, columns: Sequence[str]) -> str | None:
        """What is wrong with the columns of a table."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """Each row is an ``identify``; ``id_column`` is the userId, columns in ``texts`` stay the texts they are."""

    of_now: ClassVar[bool] = False

    id_column: str = USER_ID
    texts: Collection[str] = ()

    def body(self, said: Mapping[str, Any], typed: bool) -> dict[str, Any]:
        """See ``Meaning``."""
        if typed and any(name in said for name in SHAPED):
            if said.get("type", "identify") != "identify":
                raise RejectedInput("type", "only identify is imported here; segue send takes other messages")
            return {**said, "type": "identify"}
        said = _with_user_id(said, self.id_column)
        body = {"type": "identify", **_named(said)}
        traits: dict[str, Any] = body.pop("traits", {})
        scores: dict[str, Any] = {}
        for column, value in said.items():
            if column in IDS or column in ADDRESSES or column.startswith(EXTERNAL):
                continue
            read_as = value if typed or column in self.texts else _value(value)
            if column.startswith(SCORE):
                scores[column.removeprefix(SCORE)] = read_as
            else:
                traits[column.removeprefix(TRAIT)] = read_as
        return {**body, **({"traits": traits} if traits else {}), **({"scores": scores} if scores else {})}

    def misnamed(self, columns: Sequence[str]) -> str | None:
        """See ``Meaning``."""
        absent = sorted(set(self.texts) - set(columns))
        return f"no column {absent[0]}, which --text names" if absent else _misnamed(columns, self.id_column)


@dataclass(frozen=True, slots=True)
class Membership:
    """Each row is a person who joins a list, or leaves it; columns that identify nobody say nothing."""

    of_now: ClassVar[bool] = True

    audience: str
    leave: bool = False
    id_column: str = USER_ID

    def body(self, said: Mapping[str, Any], typed: bool) -> dict[str, Any]:
        """See ``Meaning``."""
        named = _named(_with_user_id(said, self.id_column))
        if typed and "context" in said and "context" not in named:
            named["context"] = said["context"]
        # What identifies a person here states nothing of them, so it stands where it is no trait.
        traits = named.pop("traits", None) or (said.get("traits") if typed else None)
        if traits:
            named["context"] = {**named.get("context", {}), "traits": traits}
        return {
            "type": "audience",
            "audience": self.audience,
            "state": "left" if self.leave else "joined",
            **named,
        }

    def misnamed(self, columns: Sequence[str]) -> str | None:
        """See ``Meaning``."""
        return _misnamed(columns, self.id_column)


def letter_of(line: int, body: dict[str, Any], source: str, as_of: datetime, now: datetime) -> Letter:
    """The message as it goes out, checked as the door will check it; raises ``RejectedInput``.

    The same row of the same source as of the same time has the same id, so whatever is sent twice counts once.
    """
    at = format_instant(as_of)
    said = json.dumps([source, at, body], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    message = {"messageId": str(uuid5(MESSAGES, said)), "timestamp": at, **body}
    read(Item(raw=message, received_at=now, source=source, trusted=True))
    text = json.dumps(message, separators=(",", ":"))
    if len(text) > MESSAGE_BYTES:
        raise RejectedInput("message", f"over {MESSAGE_BYTES // 1000} KB")
    return Letter(line, body["type"], text)


def _named(said: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {name: said[name] for name in IDS if said.get(name) not in (None, "")}
    traits = {name: _or_deleted(said[name]) for name in ADDRESSES if said.get(name, "") != ""}
    external = [
        {"type": name.removeprefix(EXTERNAL), "id": value}
        for name, value in said.items()
        if name.startswith(EXTERNAL) and value not in (None, "")
    ]
    if traits:
        body["traits"] = traits
    if external:
        body["context"] = {"externalIds": external}
    return body


def _with_user_id(said: Mapping[str, Any], id_column: str) -> Mapping[str, Any]:
    return said if id_column == USER_ID else {USER_ID if name == id_column else name: said[name] for name in said}


def _misnamed(columns: Sequence[str], id_column: str) -> str | None:
    if id_column not in columns and id_column != USER_ID:
        return f"no column {id_column}, which --id names"
    if id_column != USER_ID and USER_ID in columns:
        return f"a column userId beside {id_column}, which --id names"
    columns = [USER_ID if one == id_column else one for one in columns]
    for column in columns:
        if column.startswith(EXTERNAL) and not NAMESPACE_NAME.fullmatch(column.removeprefix(EXTERNAL)):
            return f"{column} names no namespace; write id:crm, id:shop, id:social.instagram"
    known = [one for one in columns if one in (*IDS, *ADDRESSES) or one.startswith(EXTERNAL)]
    if known:
        return None
    alike = {one.replace("_", "").lower(): one for one in (*IDS, *ADDRESSES)}
    meant = [(one, alike[key]) for one in columns if (key := re.sub(r"[ _-]", "", one).lower()) in alike]
    return f"no column says who somebody is{f'; rename {meant[0][0]} to {meant[0][1]}' if meant else ''}"


def _or_deleted(value: Any) -> Any:
    return None if value == DELETED else value


def _value(text: str) -> Any:
    """A CSV's text as JSON: null, true, false, a number; anything else, dates among it, is a text."""
    plain = text.strip()
    if plain == DELETED:
        return None
    if plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if NUMBER.fullmatch(plain):
        return float(plain) if "." in plain else int(plain)
    return text
