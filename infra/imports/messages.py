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
from functions.identity.canonical import canonical
from functions.journeys.language.faults import did_you_mean
from functions.shared.clock import format_instant
from functions.shared.errors import RejectedInput
from functions.shared.identifiers import NAMESPACE_NAME

MESSAGES = UUID("5b0a5b6e-6a1c-5c39-9a55-0c6b3f6f7d11")
USER_ID = "userId"
IDS = (USER_ID, "anonymousId")
ADDRESSES = ("email", "phone")
EXTERNAL, TRAIT, SCORE = "id:", "trait.", "score."
# Such a name in other letters, or with another sign.
PREFIXED = re.compile(r"(id|trait|score)\s*[:.]\s*(.+)", re.IGNORECASE | re.DOTALL)
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

    def misnamed(self, columns: Sequence[str]) -> tuple[str, str] | None:
        """What is wrong with the columns of a table, and what to do about it."""

    def reads(self, column: str) -> str:
        """What a column is taken for, in words."""


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
        if typed:
            _check_names(said)
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

    def misnamed(self, columns: Sequence[str]) -> tuple[str, str] | None:
        """See ``Meaning``."""
        absent = sorted(set(self.texts) - set(columns))
        if absent:
            return f"no column {absent[0]}, which --text names", did_you_mean(absent[0], columns)
        traits = [one.removeprefix(TRAIT) for one in columns]
        twice = next((one for one in traits if traits.count(one) > 1), None)
        if twice is not None:
            return f"{twice} and {TRAIT}{twice} are one trait", "leave one of them out, or rename it"
        return _misnamed(columns, self.id_column)

    def reads(self, column: str) -> str:
        """See ``Meaning``."""
        who = _who(column, self.id_column)
        if who is not None:
            return who
        if column.startswith(SCORE):
            return f"score {column.removeprefix(SCORE)}"
        return f"trait {column.removeprefix(TRAIT)}{', as text' if column in self.texts else ''}"


@dataclass(frozen=True, slots=True)
class Membership:
    """Each row is a person who joins a list, or leaves it; columns that identify nobody say nothing."""

    of_now: ClassVar[bool] = True

    audience: str
    leave: bool = False
    id_column: str = USER_ID

    def body(self, said: Mapping[str, Any], typed: bool) -> dict[str, Any]:
        """See ``Meaning``."""
        if typed:
            _check_names(said)
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

    def misnamed(self, columns: Sequence[str]) -> tuple[str, str] | None:
        """See ``Meaning``."""
        return _misnamed(columns, self.id_column)

    def reads(self, column: str) -> str:
        """See ``Meaning``."""
        return _who(column, self.id_column) or "nothing"


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


def unusable_addresses(body: Mapping[str, Any]) -> list[str]:
    """The addresses of a message that nobody can be found by or written to.

    A phone number without its country code is not among them: what it is, ``brand.default_country`` says.
    """
    traits = body.get("traits") or (body.get("context") or {}).get("traits") or {}
    said = {name: traits.get(name) for name in ADDRESSES} if isinstance(traits, Mapping) else {}
    return [name for name, value in said.items() if isinstance(value, str) and _unusable(name, value.strip())]


def _unusable(name: str, value: str) -> bool:
    local = name == "phone" and value[:1] in (*"0123456789(",)
    return value != "" and not local and canonical(name, value, None) is None


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


def _who(column: str, id_column: str) -> str | None:
    """Whom a column names, in words; None when it names nobody."""
    column = USER_ID if column == id_column else column
    if column in IDS:
        return "customer id" if column == USER_ID else "anonymous id"
    if column in ADDRESSES:
        return f"{column} address" if column == "email" else f"{column} number"
    return f"identifier {column.removeprefix(EXTERNAL)}" if column.startswith(EXTERNAL) else None


def _meant(column: str) -> str:
    """The reserved name that a column is but for case and punctuation, else the column."""
    bare = re.sub(r"[\W_]+", "", column.casefold())
    reserved = next((one for one in (*IDS, *ADDRESSES) if one.casefold() == bare), None)
    prefix = PREFIXED.fullmatch(column)
    if reserved is None and prefix is not None:
        kind = prefix[1].lower()
        return f"{kind}{':' if kind == 'id' else '.'}{prefix[2]}"
    return reserved or column


def _asked(column: str, meant: str) -> str:
    return f"did you mean {meant}? ({TRAIT}{column} is a trait of this name)"


def _check_names(said: Mapping[str, Any]) -> None:
    for name in said:
        if (meant := _meant(name)) != name:
            raise RejectedInput(name, _asked(name, meant))


def _misnamed(columns: Sequence[str], id_column: str) -> tuple[str, str] | None:
    if id_column not in columns and id_column != USER_ID:
        return f"no column {id_column}, which --id names", did_you_mean(id_column, columns)
    if id_column != USER_ID and USER_ID in columns:
        return f"a column userId beside {id_column}, which --id names", f"rename it {TRAIT}userId, or leave out --id"
    for column in columns:
        meant = _meant(column)
        # Who says which column is the userId means no other.
        if meant not in (column, USER_ID if id_column != USER_ID else column) and column != id_column:
            return f"a column {column}", _asked(column, meant)
        if column.startswith(EXTERNAL) and not NAMESPACE_NAME.fullmatch(column.removeprefix(EXTERNAL)):
            return f"{column} names no namespace", "write id:crm, id:shop, id:social.instagram"
    return None if any(_who(one, id_column) for one in columns) else _nobody(columns)


def _nobody(columns: Sequence[str]) -> tuple[str, str]:
    if len(columns) == 1:
        return f'no column says who somebody is: the only one is "{columns[0]}"', "separate by comma, semicolon or tab"
    return "no column says who somebody is", "name one userId, or say which it is with --id"


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
