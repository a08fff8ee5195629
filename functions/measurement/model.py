"""What did a journey achieve? Counts, shares with intervals, and a sentence that dares no more than they allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from functions.shared.names import Channel, EnrolmentId

Verdict = Literal["ahead", "behind", "no difference seen", "too small to tell", "no goal", "no holdout"]


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """One planned message as dispatch and feedback left it."""

    enrolment: EnrolmentId
    journey: str
    channel: Channel
    decision: Literal["sent", "withheld", "deferred", "failed"]
    reason: str | None = None
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many people, with Wilson's 95% interval (0..1); an empty group spans everything."""

    reached: int
    people: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The observed share; 0 for an empty group."""
        return self.reached / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Treated against held-out people. ``difference`` and its 95% interval are shares; None where too few people."""

    treated: Share
    held_out: Share
    verdict: Verdict
    difference: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """One journey's counts. ``entered`` counts enrolments with a run; ``held_out`` those without, by the holdout."""

    journey: str
    entered: int
    held_out: int
    people: int
    sent: int
    delivered: int
    sent_by_channel: Mapping[str, int] = field(default_factory=dict)
    withheld: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, int] = field(default_factory=dict)
    goals: int = 0
    comparison: Comparison | None = None
