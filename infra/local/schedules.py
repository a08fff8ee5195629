"""When does a rule that fires every so often fire next? On the laptop, only when what it wakes can find something.

Two years are 70,000 quarters of an hour. A poll that would find an empty table is left out, as the pump leaves out
receiving from an empty queue: on AWS it costs a few requests and finds nothing. Nothing else differs.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.audiences.api import DUE_PARTITIONS, due_of
from functions.journeys.language.cron import read_cron
from functions.journeys.sweep import STUCK_AFTER
from functions.journeys.times import zone_of
from functions.shared.clock import format_instant, parse_instant
from infra.local.templates import REGION

RATE_UNITS = {"minute": 60, "hour": 3600, "day": 86400}

Finds = Callable[[], datetime | None]
"""From when on a poll can find something; None when there is nothing to find."""


@dataclass(slots=True)
class Schedule:
    """One rule: which queue it tells, how often, and when next; without ``finds`` it fires whatever there is."""

    queue_url: str
    every: timedelta
    next_at: datetime
    finds: Finds | None = None

    def due(self) -> datetime | None:
        """The next of its times that is worth firing at; None when none is in sight."""
        if self.finds is None:
            return self.next_at
        first = self.finds()
        if first is None:
            return None
        return self.next_at + max(0, math.ceil((first - self.next_at) / self.every)) * self.every

    def fire(self, at: datetime) -> dict[str, Any]:
        """The message of that time; it is over then."""
        self.next_at = at + self.every
        return {"source": "aws.events", "detail-type": "Scheduled Event", "time": format_instant(at), "detail": {}}

    def left_behind(self, now: datetime) -> None:
        """The times up to ``now`` that were not worth firing at are over."""
        if self.next_at <= now:
            self.next_at += ((now - self.next_at) // self.every + 1) * self.every


class JourneySchedule:
    """A journey's own schedule; what EventBridge Scheduler does with its template."""

    def __init__(self, queue_url: str, journey: str, schedule: Mapping[str, str], start: datetime) -> None:
        self.queue_url = queue_url
        self._journey = journey
        self._ticks = read_cron(schedule["cron"]).after(start, zone_of({}, schedule["zone"]))
        self._next = next(self._ticks, None)

    def due(self) -> datetime | None:
        """Its next time."""
        return self._next

    def fire(self, at: datetime) -> dict[str, Any]:
        """The message of that time; it is over then."""
        self._next = next(self._ticks, None)
        return {"journey": self._journey, "tick": at.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def left_behind(self, now: datetime) -> None:
        """Each of its times is worth firing at."""


def polls(table: Callable[[str], str], given_up: Callable[[str], int]) -> Mapping[str, Finds]:
    """For each function that polls a table, from when on it finds something there, as moto holds it.

    ``given_up`` = how many messages of a function stand among the dead letters: as long as none does, whatever was cut
    short is healed by its own message.
    """
    return {
        "find-due-people": lambda: _first_due(table("audiences")),
        "sweep-enrolments": lambda: _first_stuck(table("enrolments")) if given_up("advance-people") else None,
    }


def rate(expression: str) -> timedelta:
    """The length of ``rate(15 minutes)``."""
    number, unit = expression.removeprefix("rate(").removesuffix(")").split()
    return timedelta(seconds=int(number) * RATE_UNITS[unit.removesuffix("s")])


def _first_stuck(table: str) -> datetime | None:
    people = _items(table).values()
    starting = (row.attrs for rows in people for row in rows.values() if "starting" in row.attrs)
    return min((parse_instant(row["entered_at"].value) + STUCK_AFTER for row in starting), default=None)


def _first_due(table: str) -> datetime | None:
    # Who runs without moto need not wait for it.
    from moto.dynamodb.models.dynamo_type import DynamoType

    items = _items(table)
    partitions = [items.get(DynamoType({"S": partition})) for partition in DUE_PARTITIONS]
    firsts = [min(key.value for key in partition) for partition in partitions if partition]
    return min(map(due_of, firsts), default=None)


def _items(table: str) -> Any:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[table].items
