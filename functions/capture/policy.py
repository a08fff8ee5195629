"""Can this message be used, and what does it say? Checked strictly at the envelope, kept whole inside."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from functions.capture import model
from functions.capture.claims import fitted
from functions.capture.model import Item, Reading
from functions.capture.privacy import without_ip, without_query_emails
from functions.capture.signatures import covers
from functions.capture.sizes import SAID, checked_size
from functions.capture.tracking_plan import WARNING, TrackingPlan
from functions.shared.clock import parse_instant
from functions.shared.errors import RejectedInput
from functions.shared.events import Event
from functions.shared.identifiers import NAMESPACE_NAME, id_text
from functions.shared.names import CHANNELS

MESSAGES = UUID("0f4ce0a4-3a36-5f0c-8a51-0c3f8f2b6f0e")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDS = ("userId", "anonymousId", "previousId")
ADDRESSES = ("email", "phone")
DEVICE_IDS = ("id", "token", "advertisingId")
CONSENT_STATES = ("granted", "withdrawn")
LIST_STATES = ("joined", "left")
# Names a person to our own events alone; nobody may link or erase by it.
PROFILE = "segue_profile"
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
    kind = body["type"] = _type(body)
    for name in IDS:
        if name in body:
            body[name] = _id(body[name], name)
    _check_shapes(body)
    _check_identified(body)
    _check_type(kind, body, item)
    _check_allowed(kind, body, item.allowed)
    if isinstance(item.sent_at, str):
        body.setdefault("sentAt", item.sent_at)
    timestamp, warnings = _timestamp(body, item)
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


def _type(body: Mapping[str, Any]) -> str:
    # Segment's own spec pages leave the type out beside an event name; only a track has one.
    kind = body.get("type", "track" if "event" in body else None)
    if kind is None:
        raise RejectedInput("type", "missing")
    if kind in model.LATER_TYPES:
        raise RejectedInput("type", "not supported yet")
    if not isinstance(kind, str) or kind not in model.TYPES:
        raise RejectedInput("type", f"not one of {', '.join(model.TYPES)}")
    return kind


def _id(value: object, field: str) -> str:
    if isinstance(value, int) and abs(value) >= 10**model.NUMBER_DIGITS:
        raise RejectedInput(field, f"a number of more than {model.NUMBER_DIGITS} digits")
    text = id_text(value)
    if text is None:
        raise RejectedInput(field, "neither text nor number")
    return text


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


def _check_identified(body: Mapping[str, Any]) -> None:
    """Raises when an identifier is of a wrong type, or when there is none that is needed (a blocked one is one)."""
    found = [name for name in IDS if name in body]
    context = body.get("context", {})
    for holder, path, names in (
        (body.get("traits", {}) if body["type"] != "group" else {}, "traits", ADDRESSES),
        (context.get("traits", {}), "context.traits", ADDRESSES),
        (context.get("device", {}), "context.device", DEVICE_IDS),
    ):
        for name in names:
            if holder.get(name) is not None:
                found.append(_id(holder[name], f"{path}.{name}"))
    for one in context.get("externalIds", []):
        if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
            raise RejectedInput("context.externalIds", "an entry without type and id")
        if one.get("id") is not None:
            found.append(_id(one["id"], "context.externalIds.id"))
    if body["type"] == "reset":
        device = context.get("device", {})
        if "anonymousId" not in body and not any(name in device for name in DEVICE_IDS):
            raise RejectedInput("anonymousId", "reset names no device")
    elif not found and body["type"] != "command":
        raise RejectedInput("userId", "no identifier")


def _check_type(kind: str, body: dict[str, Any], item: Item) -> None:
    # A signature proves who somebody is. It makes nobody's public key a secret.
    server = item.trusted and not item.browser
    if not server and kind in model.SERVER_TYPES:
        raise RejectedInput("type", model.SERVER_TYPES[kind])
    if item.browser and body.get("verified") is True:
        raise RejectedInput("verified", "nothing is verified with a browser's key")
    if kind == "track":
        name = body.get("event")
        if not isinstance(name, str) or not name.strip():
            raise RejectedInput("event", "missing" if name is None else "not a name")
    elif kind == "identify" and "scores" in body:
        _check_scores(body["scores"], server)
    elif kind == "consent":
        _check_consent(body, server)
    elif kind == "audience":
        _check_audience(body)
    elif kind == "command":
        _check_command(body)


def _check_allowed(kind: str, body: Mapping[str, Any], allowed: Collection[str] | None) -> None:
    if allowed is None or kind in allowed or (kind == "track" and body["event"] in allowed):
        return
    raise RejectedInput("event" if kind == "track" else "type", "not allowed for this write key")


def _check_scores(scores: object, server: bool) -> None:
    if not server:
        raise RejectedInput("scores", "scores need a secret key")
    if not isinstance(scores, Mapping):
        raise RejectedInput("scores", "not an object")
    if len(scores) > model.SCORES:
        raise RejectedInput("scores", f"more than {model.SCORES} scores")
    for name, value in scores.items():
        named = isinstance(name, str) and len(name) <= model.SCORE_NAME_CHARACTERS
        if not named or not model.SCORE_NAME.fullmatch(name):
            raise RejectedInput("scores", "a name that is none: lower case, digits, - and _, 40 characters at most")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise RejectedInput(f"scores.{name}", "not a number")
        # Conditions compare floats; a number beyond those that are whole is a mistake.
        if value is not None and abs(value) > model.LARGEST_SCORE:
            raise RejectedInput(f"scores.{name}", "beyond 2^53")


def _check_consent(body: Mapping[str, Any], server: bool) -> None:
    topic = body.get("topic")
    if not isinstance(topic, str) or not topic:
        raise RejectedInput("topic", "missing" if topic is None else "not a name")
    if body.get("channel") not in CHANNELS:
        raise RejectedInput("channel", f"not one of {', '.join(CHANNELS)}")
    if body.get("state") not in CONSENT_STATES:
        raise RejectedInput("state", f"not one of {', '.join(CONSENT_STATES)}")
    if not isinstance(body.get("address", ""), str):
        raise RejectedInput("address", "not a text")
    if body["state"] == "granted" and not server:
        raise RejectedInput("state", "consent cannot be granted with a browser's key")


def _check_audience(body: Mapping[str, Any]) -> None:
    """Which lists there are is not asked here: a list may be filled before the policy that names it is deployed."""
    name = body.get("audience")
    if not isinstance(name, str):
        raise RejectedInput("audience", "missing" if name is None else "not a name")
    if not 0 < len(name) <= model.AUDIENCE_CHARACTERS:
        raise RejectedInput("audience", f"not 1 to {model.AUDIENCE_CHARACTERS} characters")
    if body.get("state") not in LIST_STATES:
        raise RejectedInput("state", f"not one of {', '.join(LIST_STATES)}")


def _check_command(body: dict[str, Any]) -> None:
    """Raises unless it says what a command needs; ids become texts in ``body``."""
    command = body.get("command")
    if not isinstance(command, str) or command not in model.COMMANDS:
        known = f"not one of {', '.join(model.COMMANDS)}"
        raise RejectedInput("command", "missing" if command is None else known)
    wanted = model.COMMANDS[command]
    for name in wanted:
        body[name] = _end(body.get(name), name)
    # Whoever names two people in a command that is about one meant another command.
    if "b" in body and "b" not in wanted:
        raise RejectedInput("b", f"{command} takes a only")
    if "b" in wanted and all(body["a"][part] == body["b"][part] for part in ("type", "id")):
        raise RejectedInput("b", "the same as a")


def _end(end: object, field: str) -> dict[str, Any]:
    if not isinstance(end, Mapping):
        raise RejectedInput(field, "missing" if end is None else "not an object")
    kind = end.get("type")
    if not isinstance(kind, str) or not NAMESPACE_NAME.fullmatch(kind) or kind == PROFILE:
        raise RejectedInput(f"{field}.type", "missing" if kind is None else "not the name of a namespace")
    if "id" not in end:
        raise RejectedInput(f"{field}.id", "missing")
    text = _id(end["id"], f"{field}.id")
    if not text.strip():
        raise RejectedInput(f"{field}.id", "empty")
    return {**end, "id": text}


def _timestamp(body: Mapping[str, Any], item: Item) -> tuple[datetime, tuple[str, ...]]:
    """When it happened: the caller's time, corrected by what its clock was off when it sent."""
    received_at = item.received_at
    sent_at = _instant(body.get("sentAt"))
    near = sent_at is None or abs(received_at - sent_at) <= model.LATEST_SKEW
    suspect = () if near else ("clock_suspect",)
    field = "timestamp" if "timestamp" in body else "originalTimestamp"
    if field not in body:
        happened_at = item.happened_at or received_at
        likely = timedelta(0) <= received_at - happened_at <= model.LATEST_SKEW
        return _milliseconds(happened_at if likely else received_at), suspect
    stated = _instant(body[field])
    if stated is None:
        raise RejectedInput(field, "not an RFC 3339 time")
    if sent_at is not None and near:
        stated = _shifted(stated, received_at - sent_at)
    if stated > received_at + model.LATEST_SKEW:
        raise RejectedInput(field, "more than 24 hours ahead of its receipt")
    if stated < EPOCH:
        raise RejectedInput(field, "before 1970")
    if stated > received_at + model.TOLERATED_AHEAD:
        return _milliseconds(received_at), ("clock_suspect",)
    return _milliseconds(stated), suspect


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except (ValueError, OverflowError):
        return None


def _shifted(stated: datetime, offset: timedelta) -> datetime:
    try:
        return stated + offset
    except OverflowError:
        return stated


def _milliseconds(instant: datetime) -> datetime:
    """Cut to what is stored, so that a time compares the same before and after a queue."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def _message_id(body: Mapping[str, Any]) -> str:
    stated = body.get("messageId")
    if stated is None:
        said = {name: value for name, value in body.items() if name not in ("sentAt", "receivedAt")}
        return str(uuid5(MESSAGES, json.dumps(said, sort_keys=True, separators=(",", ":"))))
    text = _id(stated, "messageId")
    if not 0 < len(text) <= model.MESSAGE_ID_CHARACTERS:
        raise RejectedInput("messageId", f"not 1 to {model.MESSAGE_ID_CHARACTERS} characters")
    return text


def usable_number(text: str) -> float | int:
    """For ``json.loads``: integers Python would not read (over 4,300 digits) become infinite, which is refused."""
    return int(text) if len(text) <= model.NUMBER_DIGITS else float("inf")
