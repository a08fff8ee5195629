"""What does a local world hold? The same as a replay prints, and every event as it was understood."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.capture.model import Item
from functions.capture.policy import read
from functions.capture.tracking_plan import TrackingPlan
from functions.identity.naming import named
from functions.shared.errors import RejectedInput
from functions.shared.events import Event
from functions.shared.names import ProfileId
from infra.local.replay.lines import Quarantined
from infra.local.replay.replay import PEPPER, Told, replayed, warnings_of
from infra.local.requests import acting
from infra.local.server.http import Response
from infra.local.world import LocalWorld

JSON = {"content-type": "application/json"}


def world_json(world: LocalWorld) -> Response:
    """What ``segue replay --json`` says of a world, once everything that came in is done."""
    world.drain()
    quarantined = [
        Quarantined(None, one["messageId"], one["field"], one["rule"], _came(one)) for one in world.quarantined()
    ]
    with acting("local"):
        warnings = warnings_of(_told(world))
    return _shown(replayed(world, quarantined, warnings).to_json())


def events_json(world: LocalWorld) -> Response:
    """Every kept event as it was understood, and whose it is, in the order of time."""
    world.drain()
    with acting("local"):
        found = sorted(_events(world), key=lambda one: one[1].order)
    return _shown([{"profile": profile, **event.to_json()} for profile, event in found])


def _events(world: LocalWorld) -> Iterator[tuple[ProfileId, Event]]:
    history = world.history()
    for person in history.profiles.scan():
        for event in history.timeline(person.profile):
            yield person.profile, event


def _came(line: Mapping[str, Any]) -> dict[str, str | None]:
    return {"receivedAt": line["receivedAt"], "source": line["source"], "event": _event_of(line["body"])}


def _event_of(body: str) -> str | None:
    """What a refused message calls itself; None when it does not say."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    said = (message.get("event"), message.get("type")) if isinstance(message, Mapping) else ()
    return next((one for one in said if isinstance(one, str)), None)


def _told(world: LocalWorld) -> Iterator[Told]:
    """Each event's message read again as the door read it: warnings are counted there, and not kept."""
    rules = world.history().rules
    plan = TrackingPlan.from_json(world.tracking_plan)
    for _, event in _events(world):
        try:
            reading = read(Item(dict(event.body), event.received_at, event.source, event.trusted), plan)
        except RejectedInput:
            continue
        yield reading, named(event, rules, PEPPER)


def _shown(said: Mapping[str, Any] | list[dict[str, Any]]) -> Response:
    return Response(200, JSON, json.dumps(said, indent=2, sort_keys=True).encode() + b"\n")
