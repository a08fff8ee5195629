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
    """A ``wait_for`` that stands open: which events wake it, with which task token.

    ``message`` is the id of the message whose receipts count, empty when that message was never sent; None = any event.
    ``since`` is how far back it looks, ``taken`` the events that ended earlier waits of this run. ``steps`` is what the
    machine carries, kept only where ``where`` reads it.
    """

    step: str
    token: str
    on: tuple[str, ...]
    where: str | None
    message: str | None
    since: datetime
    taken: tuple[str, ...] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal that was reached: when, and what it was worth (None: it has no value)."""

    reached_at: datetime
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The authority on one run. ``entered_at`` and ``ended_at`` are aware UTC; ``run`` counts executions from 1.

    ``ended_by`` is the message id of the event that ended it from outside; None when its own machine did.
    """

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
    ended_by: str | None = None

    @property
    def execution_name(self) -> str:
        """Deterministic, so that Step Functions refuses a second start as well as our own row."""
        return f"{self.enrolment}-{self.run}"

    @property
    def running(self) -> bool:
        """True while its machine runs or is being started."""
        return self.status in RUNNING


@dataclass(frozen=True, slots=True)
class Standing:
    """Every enrolment of a person, and how often each journey was entered (what an entry is conditional on)."""

    enrolments: Mapping[EnrolmentId, Enrolment] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)

    def having(self, enrolment: Enrolment) -> "Standing":
        """With this enrolment as it is now."""
        return Standing({**self.enrolments, enrolment.enrolment: enrolment}, self.entries)

    def entered(self, enrolment: Enrolment) -> "Standing":
        """With an enrolment that has just been entered."""
        count = self.entries.get(enrolment.journey, 0) + 1
        return Standing({**self.enrolments, enrolment.enrolment: enrolment}, {**self.entries, enrolment.journey: count})
