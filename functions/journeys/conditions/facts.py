"""What does a condition know when it is asked? Everything is handed in; evaluating reads no table and no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from functions.journeys.model import EntryEvent
from functions.profiles.model import Snapshot
from functions.shared.events import Event

if TYPE_CHECKING:
    from functions.journeys.conditions.condition import Condition


@dataclass(frozen=True, slots=True)
class Facts:
    """One person at one instant.

    ``event`` is the event at hand (its history in ``snapshot`` cut with ``Snapshot.as_of``), ``entry`` the one that
    entered. ``steps`` is what the machine carries. ``now`` is aware UTC, ``zone`` the person's. ``consents`` maps
    channel to topic to ``granted`` or ``withdrawn``; None when they were not read. ``audiences`` maps names to their
    conditions, ``lists`` names those that people are put on; ``asked`` = audiences that are being asked already.
    ``population`` maps event names to the median interval between two of them, for ``expected()``.
    """

    snapshot: Snapshot
    now: datetime
    zone: tzinfo = UTC
    event: Event | None = None
    entry: EntryEvent | None = None
    steps: Mapping[str, Any] = field(default_factory=dict)
    consents: Mapping[str, Mapping[str, str]] | None = None
    audiences: Mapping[str, "Condition"] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    population: Mapping[str, timedelta] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
