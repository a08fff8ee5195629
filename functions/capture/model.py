"""What does capture take, and up to which size? The limits and the shapes it hands on."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.shared.clock import format_instant
from functions.shared.errors import RejectedInput
from functions.shared.events import Event

TYPES = ("track", "identify", "page", "screen", "group", "alias", "consent", "audience", "reset", "command")
# What we tell ourselves comes back by the bus from sources that begin so.
OWN_SOURCES = "segue."
# Of the replay interface; their capabilities are not there yet.
LATER_TYPES = ("decline", "receipt")
# What nobody may say who has no secret key, signed or not.
SERVER_TYPES: Mapping[str, str] = {
    "command": "commands need a secret key",
    "audience": "audience messages need a secret key",
}
# What an operator may say about who is who, and the identifiers it is said of.
COMMANDS: Mapping[str, Sequence[str]] = {
    "link": ("a", "b"),
    "cut": ("a", "b"),
    "clear": ("a", "b"),
    "unmerge": ("a", "b"),
    "erase": ("a",),
    "clear_shared": ("a",),
}

# Of a message's JSON: what travels whole, and what is taken at all.
EVENT_BYTES = 32 * 1024
CLAIM_BYTES = 1024 * 1024
# Of one text inside it, in UTF-8.
TEXT_BYTES = 8 * 1024
BODY_BYTES = 4 * 1024 * 1024
BATCH_MESSAGES = 20_000
MESSAGE_ID_CHARACTERS = 100
AUDIENCE_CHARACTERS = 100
# Of a field's name in a rejection: names inside a message are as long as its sender likes.
PATH_CHARACTERS = 200
TRAITS = 300
SCORES = 100
# As policy.yaml and expressions write it: score("churn-risk").
SCORE_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
SCORE_NAME_CHARACTERS = 40
LARGEST_SCORE = 2**53
DEPTH = 6
NUMBER_DIGITS = 300
INSTANT_CHARACTERS = 64
LATEST_SKEW = timedelta(hours=24)
TOLERATED_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that can be used, with warning codes (``clock_suspect``, ``off_plan``).

    ``whole`` = the JSON of a message too large to travel, to be kept where its event's ``claim`` says.
    """

    event: Event
    warnings: Sequence[str] = ()
    whole: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that cannot be used: which field broke which rule, how it came, and its original JSON text."""

    field: str
    rule: str
    message_id: str | None
    item: "Item"
    body: str

    def to_json(self) -> dict[str, Any]:
        """The shape on the quarantine queue and in its bucket: all that makes it the same event when it is put back.

        ``unread`` says that ``body`` is a delivery that could not be read, and not a message's JSON; ``refused`` that
        its door found fault with it, whatever it says.
        """
        item = self.item
        allowed = None if item.allowed is None else sorted(item.allowed)
        return {
            "field": self.field,
            "rule": self.rule,
            "messageId": self.message_id,
            "receivedAt": format_instant(item.received_at),
            "source": item.source,
            "trusted": item.trusted,
            "browser": item.browser,
            "allowed": allowed,
            "refused": item.refused is not None,
            "sentAt": item.sent_at,
            "happenedAt": item.happened_at and format_instant(item.happened_at),
            "unread": item.text is not None,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One message as a door took it. ``raw`` is what its JSON said; ``text`` that JSON where it could not be read.

    ``trusted`` = its word on who is who counts, from a browser as far as a signature goes; ``browser`` = it came with a
    public key, which no signature makes a server's. ``allowed`` = the events its key may send, None for all;
    ``refused`` = what its door found wrong with it.
    ``sent_at`` is its batch's ``sentAt``; ``happened_at`` the time of an envelope, for a message that says none.
    """

    raw: object
    received_at: datetime
    source: str
    trusted: bool
    text: str | None = None
    sent_at: object = None
    happened_at: datetime | None = None
    browser: bool = False
    allowed: Collection[str] | None = None
    refused: RejectedInput | None = None


@dataclass(frozen=True, slots=True)
class WriteKey:
    """Where a key's events come from, and which they may be.

    A browser's key is public, so what it says of people is not trusted, unless ``signing_secret`` signed the customer's
    id. ``events`` = names of tracks and types it may send, None for all.
    """

    source: str
    browser: bool
    events: Collection[str] | None = None
    signing_secret: str | None = field(default=None, repr=False)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "WriteKey":
        """Reads one entry of the secret; only a missing or false ``browser`` is a server. Our own sources stay ours."""
        source = str(data.get("source") or "http")
        secret = data.get("signing_secret")
        return WriteKey(
            f"http.{source}" if source.startswith(OWN_SOURCES) else source,
            browser=data.get("browser", False) is not False,
            events=_names(data["events"]) if data.get("events") is not None else None,
            signing_secret=secret if isinstance(secret, str) and secret else None,
        )


def _names(listed: object) -> Collection[str]:
    # What cannot be read allows nothing: its events wait in quarantine, where a typo is seen.
    return frozenset(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else frozenset()
