"""What message stands in an EventBridge event? ``detail``, with ``detail-type`` as its type or event name.

A message without an id has the event's: the same whenever EventBridge delivers it again, another for each that is put.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.capture.model import LATER_TYPES, TYPES, Item
from functions.capture.policy import message_id_of, usable_number
from functions.shared.clock import parse_instant


def item_of(text: str, received_at: datetime) -> Item:
    """The item of one SQS body that the bus rule delivered; an unreadable body is an item that will be rejected."""
    try:
        envelope = json.loads(text, parse_int=usable_number)
    except (ValueError, RecursionError):
        envelope = None
    if not isinstance(envelope, Mapping):
        return Item(raw=None, received_at=received_at, source="bus", trusted=True, text=text)
    return Item(
        raw=_message(envelope),
        received_at=received_at,
        source=str(envelope.get("source") or "bus"),
        trusted=True,
        happened_at=_time(envelope.get("time")),
    )


def _message(envelope: Mapping[str, Any]) -> object:
    detail, kind = envelope.get("detail"), envelope.get("detail-type")
    if not isinstance(detail, Mapping):
        return detail
    message = dict(detail)
    # It stays with the message in quarantine too, so that what is put back twice counts once.
    put = message_id_of({"messageId": envelope.get("id")})
    if message.get("messageId") is None and put is not None:
        message["messageId"] = put
    if not isinstance(kind, str):
        return message
    named = kind not in TYPES and kind not in LATER_TYPES
    if message.get("type") is None:
        message["type"] = "track" if named else kind
    if message["type"] == "track" and message.get("event") is None and named:
        message["event"] = kind
    return message


def _time(stated: object) -> datetime | None:
    try:
        return parse_instant(stated) if isinstance(stated, str) else None
    except (ValueError, OverflowError):
        return None
