"""Can this message be used, and what does it say? Checked strictly at the envelope, kept whole inside."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from functions.capture import model
from functions.capture.claims import fitted
from functions.capture.identifiers import IDS, check_identified, checked_id
from functions.capture.model import Item, Reading
from functions.capture.privacy import without_ip, without_query_emails
from functions.capture.signatures import covers
from functions.capture.sizes import SAID, checked_size
from functions.capture.times import happened
from functions.capture.tracking_plan import WARNING, TrackingPlan
from functions.capture.types import check_allowed, check_type, checked_type
from functions.shared.errors import RejectedInput
from functions.shared.events import Event

MESSAGES = UUID("0f4ce0a4-3a36-5f0c-8a51-0c3f8f2b6f0e")
NO_PLAN = TrackingPlan()


def read_message(raw: object, received_at: datetime, source: str, trusted: bool, sent_at: object = None) -> Event:
    """The event a raw message says; raises ``RejectedInput`` (field, rule) and nothing else, whatever it is given.

    ``sent_at`` is the batch's ``sentAt``, for messages without their own.
    """
    return read(Item(raw=raw, received_at=received_at, source=source, trusted=trusted, sent_at=sent_at)).event


def read(item: Item, plan: TrackingPlan = NO_PLAN) -> Reading:
    """``read_message`` for a message as a door took it, with warnings and what the authors say of it."""
    if item.refused is not None:
        raise item.refused
    raw = item.raw
    if not isinstance(raw, Mapping):
        raise RejectedInput("message", "not an object")
    size = checked_size(raw)
    body = _without_nulls(raw)
    kind = body["type"] = checked_type(body)
    for name in IDS:
        if name in body:
            body[name] = checked_id(body[name], name)
    _check_shapes(body)
    check_identified(body)
    check_type(kind, body, item)
    check_allowed(kind, body, item.allowed)
    if isinstance(item.sent_at, str):
        body.setdefault("sentAt", item.sent_at)
    timestamp, warnings = happened(body, item)
    _forget(body, plan)
    # Our own events are not the customers' to plan; a receipt in quarantine would be a bounce nobody hears of.
    off_plan = None if item.source.startswith(model.OWN_SOURCES) else plan.warned(body)
    warnings += () if off_plan is None else (WARNING,)
    event = Event(
        message_id=_message_id(body),
        type=kind,
        timestamp=timestamp,
        received_at=item.received_at,
        source=item.source,
        trusted=item.trusted and (not item.browser or covers(body)),
        body=body,
    )
    if size <= model.EVENT_BYTES:
        return Reading(event, warnings, off_plan=off_plan)
    return replace(fitted(event), warnings=warnings, off_plan=off_plan)


def _forget(body: Mapping[str, Any], plan: TrackingPlan) -> None:
    """Takes out what the authors do not keep, before anything is made of the message."""
    context, properties = body.get("context"), body.get("properties")
    if context and not plan.keep_ip:
        without_ip(context)
    if not plan.keep_query_emails:
        without_query_emails(context or {}, properties)


def message_id_of(raw: object) -> str | None:
    """The id a message states, for naming it in a rejection; None when it states none that can be one."""
    stated = raw.get("messageId") if isinstance(raw, Mapping) else None
    return stated if isinstance(stated, str) and 0 < len(stated) <= model.MESSAGE_ID_CHARACTERS else None


def _without_nulls(raw: Mapping[Any, Any]) -> dict[str, Any]:
    """Null reads as absent, but for traits and scores: there it says that one is deleted."""
    body: dict[str, Any] = {}
    for name, value in raw.items():
        if name in ("traits", "scores") and isinstance(value, Mapping):
            body[name] = dict(value)
        elif isinstance(value, Mapping):
            body[name] = _without_nulls(value)
        elif value is not None:
            body[name] = value
    return body


def _check_shapes(body: Mapping[str, Any]) -> None:
    for name in SAID:
        if name in body and not isinstance(body[name], Mapping):
            raise RejectedInput(name, "not an object")
    context = body.get("context", {})
    for name in ("traits", "device"):
        if name in context and not isinstance(context[name], Mapping):
            raise RejectedInput(f"context.{name}", "not an object")
    if not isinstance(context.get("externalIds", []), list):
        raise RejectedInput("context.externalIds", "not a list")
    for traits, field in ((body.get("traits", {}), "traits"), (context.get("traits", {}), "context.traits")):
        if len(traits) > model.TRAITS:
            raise RejectedInput(field, f"more than {model.TRAITS} traits")


def _message_id(body: Mapping[str, Any]) -> str:
    stated = body.get("messageId")
    if stated is None:
        said = {name: value for name, value in body.items() if name not in ("sentAt", "receivedAt")}
        return str(uuid5(MESSAGES, json.dumps(said, sort_keys=True, separators=(",", ":"))))
    text = checked_id(stated, "messageId")
    if not 0 < len(text) <= model.MESSAGE_ID_CHARACTERS:
        raise RejectedInput("messageId", f"not 1 to {model.MESSAGE_ID_CHARACTERS} characters")
    return text


def usable_number(text: str) -> float | int:
    """For ``json.loads``: integers Python would not read (over 4,300 digits) become infinite, which is refused."""
    return int(text) if len(text) <= model.NUMBER_DIGITS else float("inf")
