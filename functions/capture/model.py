"""What does capture take, and up to which size? The limits and the shapes it hands on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.shared.clock import format_instant
from functions.shared.events import Event

TYPES = ("track", "identify", "page", "screen", "group", "alias", "consent", "audience", "reset", "command")
# Of the replay interface; their capabilities are not there yet.
LATER_TYPES = ("decline", "receipt")
# What an operator may say about who is who, and the identifiers it is said of.
COMMANDS: Mapping[str, Sequence[str]] = {
    "link": ("a", "b"),
    "cut": ("a", "b"),
    "clear": ("a", "b"),
    "unmerge": ("a", "b"),
    "erase": ("a",),
    "clear_shared": ("a",),
}

EVENT_BYTES = 32 * 1024
BODY_BYTES = 4 * 1024 * 1024
BATCH_MESSAGES = 20_000
MESSAGE_ID_CHARACTERS = 100
AUDIENCE_CHARACTERS = 100
TRAITS = 300
DEPTH = 6
NUMBER_DIGITS = 300
LATEST_SKEW = timedelta(hours=24)
TOLERATED_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that can be used, with warning codes (``clock_suspect``)."""

    event: Event
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that cannot be used: which field broke which rule, and its original JSON text."""

    field: str
    rule: str
    message_id: str | None
    received_at: datetime
    source: str
    body: str

    def to_json(self) -> dict[str, Any]:
        """The shape on the quarantine queue."""
        return {
            "field": self.field,
            "rule": self.rule,
            "messageId": self.message_id,
            "receivedAt": format_instant(self.received_at),
            "source": self.source,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One message as a door took it. ``raw`` is what its JSON said; ``text`` that JSON where it could not be read.

    ``sent_at`` is its batch's ``sentAt``; ``happened_at`` the time of an envelope, for a message that says none.
    """

    raw: object
    received_at: datetime
    source: str
    trusted: bool
    text: str | None = None
    sent_at: object = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteKey:
    """Where a key's events come from. A browser's key is public, so what it says of people is not trusted."""

    source: str
    browser: bool

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "WriteKey":
        """Reads one entry of the secret; only a missing or false ``browser`` is a server. Our own sources stay ours."""
        source = str(data.get("source") or "http")
        return WriteKey(
            f"http.{source}" if source.startswith("segue.") else source, data.get("browser", False) is not False
        )
