"""What travels of a message that is too large for the queues? Who it is about and what fits; the whole waits in S3."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from functions.capture.model import EVENT_BYTES, Reading
from functions.shared.errors import RejectedInput
from functions.shared.events import STAMPS, Event

Way: TypeAlias = tuple[str, ...]
"""The names from the top of a message to one of its members."""

# What is small by its nature: a consent with half its fields left out would be another consent.
TYPES = ("track", "identify", "page", "screen", "group", "alias")
EVERYTHING = "*"
# Beyond that, naming what was left out takes more room than it saves.
NAMED = 20
TRAITS: tuple[Way, ...] = (("traits",), ("context", "traits"))
OPENED: frozenset[Way] = frozenset(
    [
        *(("properties",), ("context",), ("context", "location"), *TRAITS),
        *((*traits, "address") for traits in TRAITS),
    ]
)
# Who it is about, when it happened, and the country by which a telephone number is read.
KEPT: frozenset[Way] = frozenset(
    [
        *((name,) for name in ("type", "event", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt")),
        *((name,) for name in ("userId", "anonymousId", "previousId", "groupId", "verified")),
        *(("context", name) for name in ("device", "externalIds", "previousIdType")),
        *((*traits, name) for traits in TRAITS for name in ("email", "phone", "country")),
        *((*traits, "address", "country") for traits in TRAITS),
        ("context", "location", "country"),
    ]
)


def fitted(event: Event) -> Reading:
    """The event with its largest members left out until it fits, and the text its claim names.

    ``claim`` = ``{"object": key in the bucket, "bytes": of it, "left_out": ["properties.items", ...]}``; of a name left
    out stays what ``KEPT`` names below it, and ``*`` is everything else. Raises ``RejectedInput`` when nothing fits.
    """
    if _bytes(event.body) <= EVENT_BYTES:
        return Reading(event)
    if event.type not in TYPES:
        raise RejectedInput("message", f"over {EVENT_BYTES // 1024} KB")
    whole = json.dumps(event.body, separators=(",", ":"))
    for ways in _plans(event.body):
        left_out = sorted(".".join(way) for way in ways)
        body = _without(event.body, ways)
        if _bytes(body) + _bytes(left_out) <= EVENT_BYTES:
            claim = {"object": object_key(event.body), "bytes": len(whole), "left_out": left_out}
            return Reading(replace(event, body=body, claim=claim), whole=whole)
    raise RejectedInput("message", f"over {EVENT_BYTES // 1024} KB of identifiers")


def object_key(body: Mapping[str, Any]) -> str:
    """``claims/<32 hex>.json``: by its content, so that a message that comes again overwrites itself. When it was sent
    is no part of that: clients stamp what they send again anew."""
    said = {name: value for name, value in body.items() if name not in STAMPS}
    whole = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return f"claims/{hashlib.sha256(whole.encode()).hexdigest()[:32]}.json"


def _plans(body: Mapping[str, Any]) -> Iterator[Collection[Way]]:
    """What may be left out, the least first: single members, whole parts, everything."""
    excess = _bytes(body) - EVENT_BYTES
    for opened in (OPENED, frozenset[Way]()):
        ways = _largest(dict(_members(body, (), opened)), excess)
        if ways:
            yield ways
    yield [(EVERYTHING,)]


def _largest(sizes: Mapping[Way, int], excess: int) -> Collection[Way]:
    """As many of the largest as bring it down, with what naming them adds; none when that takes too many."""
    ways: list[Way] = []
    for way, size in sorted(sizes.items(), key=lambda one: (-one[1], one[0])):
        if excess <= 0 or len(ways) == NAMED:
            break
        ways.append(way)
        excess -= size - _bytes(".".join(way)) - 2
    return ways if excess <= 0 else ()


def _members(holder: Mapping[str, Any], at: Way, opened: Collection[Way]) -> Iterator[tuple[Way, int]]:
    for name, value in holder.items():
        way = (*at, name)
        if way in opened and isinstance(value, Mapping):
            yield from _members(value, way, opened)
        elif way not in KEPT:
            yield way, _bytes(name) + _bytes(value)


def _without(holder: Mapping[str, Any], ways: Collection[Way], at: Way = (), gone: bool = False) -> dict[str, Any]:
    gone = gone or (EVERYTHING,) in ways
    left: dict[str, Any] = {}
    for name, value in holder.items():
        way = (*at, name)
        out = gone or way in ways
        if way in KEPT:
            left[name] = value
        elif way in OPENED and isinstance(value, Mapping):
            inner = _without(value, ways, way, out)
            if inner or not out:
                left[name] = inner
        elif not out:
            left[name] = value
    return left


def _bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
