"""What does an app send of a scenario? People as they are made known, and whatever they do after that."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from functions.shared.clock import format_instant
from infra.local.scenarios.definition import Person, Prefer, Saying, Scenario


def arrivals(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """The messages by which the people of a scenario are known at its start: traits first, devices, then consent."""
    yield from _numbered("start-1", scenario.starts_at, map(_identity, scenario.people))
    yield from _numbered("start-2", scenario.starts_at, (one for person in scenario.people for one in _devices(person)))
    yield from _numbered("start-3", scenario.starts_at, (one for person in scenario.people for one in _consent(person)))


def message_of(scenario: Scenario, row: Saying | Prefer, number: int) -> dict[str, Any]:
    """The message of the ``number``-th happening.

    Ids follow the file, since of two messages of one instant the one with the smaller id is the earlier.
    """
    common = {"messageId": f"when-{number:05d}", "timestamp": format_instant(scenario.instant(row.at))}
    if isinstance(row, Prefer):
        return {**common, "type": "identify", "userId": row.user_id, "traits": {"preferred_channel": row.channel}}
    said = row.model_dump(by_alias=True, exclude_unset=True, exclude={"at"})
    if row.timestamp is not None:
        said["timestamp"] = format_instant(scenario.instant(row.timestamp))
    return {**common, **said}


def users_of(scenario: Scenario) -> set[str]:
    """Everybody with a customer id in it."""
    said = {row.user_id for row in scenario.when if isinstance(row, Saying) and row.user_id is not None}
    return {person.user_id for person in scenario.people} | said


def _numbered(prefix: str, at: datetime, messages: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, message in enumerate(messages):
        yield {"messageId": f"{prefix}-{number:05d}", "timestamp": format_instant(at), **message}


def _identity(person: Person) -> dict[str, Any]:
    return {"type": "identify", "userId": person.user_id, "traits": person.traits}


def _devices(person: Person) -> Iterator[dict[str, Any]]:
    for device in person.devices:
        said = {"id": device.id, "token": device.token, "type": device.platform}
        yield {
            "type": "identify",
            "userId": person.user_id,
            "context": {"device": {name: value for name, value in said.items() if value is not None}},
        }


def _consent(person: Person) -> Iterator[dict[str, Any]]:
    for topic, channels in person.consent.items():
        for channel, state in channels.items():
            said = {"topic": topic, "channel": channel, "state": state}
            yield {"type": "consent", "userId": person.user_id, **said}
