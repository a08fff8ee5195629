"""One thing that happened, as every capability after capture sees it (Segment spec, checked and normalised)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.shared.clock import format_instant, parse_instant

# Of the sending, not of what happened: clients set them anew when they send a message again.
STAMPS = ("sentAt", "receivedAt")
DECODER = json.JSONDecoder()
BEGINNING = '{"events":['


@dataclass(frozen=True, slots=True)
class Event:
    """A message that capture accepted.

    ``timestamp`` is when it happened (corrected), ``received_at`` when a door took it; both aware UTC.
    ``trusted`` is true for PutEvents from an allowed principal and secret write keys.
    ``body`` keeps the whole message as sent, less nulls; unknown fields are kept there. Of a message too large to
    travel, ``claim`` says where the whole is kept and what is left out: ``{"object", "bytes", "left_out": [path]}``.
    """

    message_id: str
    type: str
    timestamp: datetime
    received_at: datetime
    source: str
    trusted: bool
    body: Mapping[str, Any] = field(default_factory=dict)
    claim: Mapping[str, Any] | None = None
    _text: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What journeys call it: the event name of a track, else the type (``identify``, ``page`` ...)."""
        return str(self.body["event"]) if self.type == "track" else self.type

    @property
    def order(self) -> tuple[datetime, str]:
        """The one order of events: time, then message id (arrival never decides)."""
        return (self.timestamp, self.message_id)

    @property
    def properties(self) -> Mapping[str, Any]:
        """Properties of a track, page or screen."""
        return _mapping(self.body.get("properties"))

    @property
    def context(self) -> Mapping[str, Any]:
        """Segment's context object."""
        return _mapping(self.body.get("context"))

    @property
    def traits(self) -> Mapping[str, Any]:
        """Traits of an identify; some clients put them only in ``context.traits``."""
        return _mapping(self.body.get("traits")) or _mapping(self.context.get("traits"))

    @property
    def scores(self) -> Mapping[str, Any]:
        """What a model of the sender's says of the person, in an identify."""
        return _mapping(self.body.get("scores"))

    def to_json(self) -> dict[str, Any]:
        """The shape on queues between capabilities; ``from_json`` reads it back."""
        said = {
            "messageId": self.message_id,
            "type": self.type,
            "timestamp": format_instant(self.timestamp),
            "receivedAt": format_instant(self.received_at),
            "source": self.source,
            "trusted": self.trusted,
            "body": dict(self.body),
        }
        return said if self.claim is None else {**said, "claim": dict(self.claim)}

    def to_text(self) -> str:
        """``to_json`` as compact JSON. Made once: timeline, archive and queues all hold it."""
        if not self._text:
            self._text.append(json.dumps(self.to_json(), separators=(",", ":")))
        return self._text[0]

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Event":
        """Reads ``to_json``'s shape; raises ``KeyError`` on anything else."""
        return Event(
            message_id=data["messageId"],
            type=data["type"],
            timestamp=parse_instant(data["timestamp"]),
            received_at=parse_instant(data["receivedAt"]),
            source=data["source"],
            trusted=data["trusted"],
            body=data["body"],
            claim=data.get("claim"),
        )


def packed_events(text: str) -> list[Event]:
    """The events of a message that ``Queue.send_packed("events", ...)`` wrote; raises when it is no such message.

    Each keeps the text it travelled in: timeline and archive take it over, for writing JSON costs as much as reading.
    """
    if not text.startswith(BEGINNING):
        return [Event.from_json(one) for one in json.loads(text)["events"]]
    events: list[Event] = []
    at = len(BEGINNING)
    while text[at] != "]":
        data, end = DECODER.raw_decode(text, at)
        event = Event.from_json(data)
        own = text[at:end]
        # A timeline holds one event a line; who wrote this one spaced it otherwise.
        if "\n" not in own and "\r" not in own:
            event._text.append(own)
        events.append(event)
        at = end + (text[end] == ",")
    if text[at:] != "]}":
        raise ValueError("more than events")
    return events


def _mapping(value: object) -> Mapping[str, Any]:
    # Bodies are JSON, so a plain question nearly always answers; the abstract one takes six times as long.
    if value is None:
        return {}
    return value if type(value) is dict or isinstance(value, Mapping) else {}
