"""Who stands where in which journey? One enrolment is one person's run through one journey."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from functions.shared.changed import changed
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

    ``messages`` are the ids of the messages whose receipts count, none when the step sent nothing; None = any event.
    ``since`` is how far back it looks, ``taken`` the events that ended earlier waits of this run, as far as its machine
    still carries them. ``steps`` is what the machine carries, kept only where ``where`` reads it. ``visit`` = the pass
    of the loops it belongs to.
    """

    step: str
    token: str
    on: tuple[str, ...]
    where: str | None
    messages: tuple[str, ...] | None
    since: datetime
    taken: tuple[str, ...] = ()
    steps: Mapping[str, Any] = field(default_factory=dict)
    visit: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Parking:
    """Where a paused run stands still: since when (aware UTC), at which step, and the token that lets it go on.

    ``channel`` = the channel of the message it is about; empty for a ``wait_for``.
    """

    at: datetime
    step: str
    channel: str
    token: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal that was reached: when, and what it was worth (None: it has no value)."""

    reached_at: datetime
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The authority on one run. ``entered_at`` and ``ended_at`` are aware UTC; ``run`` counts executions from 1.

    ``profile`` is the person's id at entry, for ever: after a merge one of the survivor's, after an unmerge their own
    again. ``ended_by`` is the message id of the event (or the operation of the merge) that ended it from outside;
    None when its own machine did. ``key`` tells runs of one journey apart that may stand side by side. ``taken`` = the
    events that ended waits in earlier passes of its loops, which the machine's own memory has only the last of.
    ``parked`` = where a pause holds it: several places when it sends on several channels side by side.
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
    key: str | None = None
    taken: frozenset[str] = frozenset()
    parked: frozenset[Parking] = frozenset()

    @property
    def execution_name(self) -> str:
        """Deterministic, so that Step Functions refuses a second start as well as our own row."""
        return f"{self.enrolment}-{self.run}"

    @property
    def running(self) -> bool:
        """True while its machine runs or is being started."""
        return self.status in RUNNING


NoEntry = Literal["withheld", "outranked"]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """Why an event that would have entered a journey did not. ``entry`` = the id the run would have had."""

    profile: ProfileId
    entry: EnrolmentId
    journey: str
    decision: NoEntry
    reason: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Every enrolment of a person under any of their ids, and how often each journey was entered.

    ``entries`` counts all ids; ``own_entries`` only the present one, which is what an entry is conditional on.
    ``doubles`` are further rows of a run that stands under another id already: one event that was delivered for both
    sides of a merge. No execution is theirs.
    """

    enrolments: Mapping[EnrolmentId, Enrolment] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)
    own_entries: Mapping[str, int] = field(default_factory=dict)
    doubles: Sequence[Enrolment] = ()

    @staticmethod
    def of(
        found: Iterable[Enrolment], own_entries: Mapping[str, int], all_entries: Iterable[Mapping[str, int]]
    ) -> "Standing":
        """What rows under all ids of a person add up to; the counts are those of the present id, and of every id."""
        enrolments: dict[EnrolmentId, Enrolment] = {}
        doubles: list[Enrolment] = []
        # The row written first is the one whose starter was first, so its id is the one that the execution carries.
        for one in sorted(found, key=lambda run: run.entered_at):
            if one.enrolment in enrolments:
                doubles.append(one)
            else:
                enrolments[one.enrolment] = one
        entries: dict[str, int] = {}
        for counts in all_entries:
            for journey, count in counts.items():
                entries[journey] = entries.get(journey, 0) + count
        return Standing(enrolments, entries, own_entries, doubles)

    def having(self, enrolment: Enrolment) -> "Standing":
        """With this enrolment as it is now."""
        return changed(self, enrolments={**self.enrolments, enrolment.enrolment: enrolment})

    def entered(self, enrolment: Enrolment) -> "Standing":
        """With an enrolment that has just been entered under the present id."""
        journey = enrolment.journey
        return changed(
            self.having(enrolment),
            entries={**self.entries, journey: self.entries.get(journey, 0) + 1},
            own_entries={**self.own_entries, journey: self.own_entries.get(journey, 0) + 1},
        )
