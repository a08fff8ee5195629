"""Who stands where in which journey? One enrolment is one person's run through one journey."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from functions.shared.names import EnrolmentId, ProfileId

EnrolmentStatus = Literal["starting", "active", "completed", "exited", "failed", "held_out", "outranked", "superseded"]
RUNNING: frozenset[EnrolmentStatus] = frozenset({"starting", "active"})


@dataclass(frozen=True, slots=True)
class EntryEvent:
    """The event that entered: ``entry.*`` in conditions and templates."""

    message_id: str
    event: str
    timestamp: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, str]:
        """Time, then message id."""
        return (self.timestamp, self.message_id)


@dataclass(frozen=True, slots=True)
class Wait:
    """A ``wait_for`` that stands open: which events wake it, with which task token."""

    step: str
    token: str
    on: tuple[str, ...]
    where: str | None
    message: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The authority on one run. ``entered_at`` and ``ended_at`` are aware UTC; ``run`` counts executions from 1."""

    profile: ProfileId
    enrolment: EnrolmentId
    journey: str
    version: str
    status: EnrolmentStatus
    entered_at: datetime
    entry: EntryEvent
    run: int = 1
    arms: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    ended_at: datetime | None = None
    wait: Wait | None = None
    goal_reached_at: datetime | None = None
    goal_value: float | None = None

    @property
    def execution_name(self) -> str:
        """Deterministic, so that Step Functions refuses a second start as well as our own row (rulings.md 1)."""
        return f"{self.enrolment}-{self.run}"

    @property
    def running(self) -> bool:
        """True while its machine runs or is being started."""
        return self.status in RUNNING
