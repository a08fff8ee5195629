"""What does the report show? Plain data, so that a page can be made from any run, or from a sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from functions.measurement.model import Funnel
from functions.shared.names import Channel

Tone = Literal["plain", "good", "no", "bad"]
LineKind = Literal["event", "consent", "enrolment", "decision", "receipt"]


@dataclass(frozen=True, slots=True)
class Node:
    """One state of a journey. ``entered`` counts visits; ``left_early`` runs that were stopped there, by reason."""

    id: str
    title: str
    kind: str
    entered: int = 0
    channel: Channel | None = None
    left_early: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """How many went from one state to another; ``label`` says on which answer."""

    source: str
    target: str
    count: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class JourneyPage:
    """One journey: its picture with counts, and its funnel."""

    name: str
    title: str
    message_class: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    funnel: Funnel
    goal: str | None = None
    holdout: float = 0.0


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month (UTC) of the story; ``start`` is its first day."""

    start: datetime
    orders: int
    messages: Mapping[Channel, int]


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message as the provider got it; ``html`` is None for channels without it. ``title`` is a push title."""

    at: datetime
    channel: Channel
    journey: str
    template: str
    to: str
    sender: str = ""
    subject: str = ""
    preheader: str = ""
    html: str | None = None
    text: str = ""
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened to a person, or one decision about them, in words; ``facts`` are the values it saw."""

    at: datetime
    kind: LineKind
    title: str
    detail: str = ""
    tone: Tone = "plain"
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One person's whole story, ascending."""

    name: str
    profile: str
    traits: Mapping[str, object]
    identifiers: Sequence[str]
    lines: Sequence[TimelineLine]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One event that was refused, kept, and counted."""

    at: datetime
    message_id: str
    field: str
    rule: str


@dataclass(frozen=True, slots=True)
class Calls:
    """How often one function asked AWS for one operation (``dynamodb.UpdateItem``)."""

    function: str
    operation: str
    requests: int


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything the report and the summary say about a run; times are virtual but ``elapsed_seconds``."""

    customers: int
    started_at: datetime
    ended_at: datetime
    elapsed_seconds: float
    events: int
    profiles: int
    journeys: Sequence[JourneyPage]
    months: Sequence[Month]
    outbox: Sequence[OutboxMessage]
    timeline: Timeline | None
    quarantined: Sequence[Quarantined]
    calls: Sequence[Calls]
    read_units: float
    write_units: float
    state_transitions: int
    executions: int

    @property
    def enrolments(self) -> int:
        """Runs entered and kept out by holdout."""
        return sum(page.funnel.entered + page.funnel.held_out for page in self.journeys)

    @property
    def sent(self) -> int:
        """Messages a provider accepted."""
        return sum(page.funnel.sent for page in self.journeys)

    @property
    def withheld(self) -> int:
        """Messages the gate said no to."""
        return sum(sum(page.funnel.withheld.values()) for page in self.journeys)

    @property
    def requests(self) -> int:
        """AWS requests of our own code."""
        return sum(call.requests for call in self.calls)
