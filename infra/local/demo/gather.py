"""What came of the run? The stores' rows, the executions and the outbox as one result for the table and the report."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.dispatch.model import STATUS_ORDER, Message
from functions.journeys.model import Enrolment
from functions.measurement.funnel import funnel
from functions.measurement.model import MessageOutcome
from functions.profiles.model import Snapshot
from functions.shared.events import Event
from functions.shared.names import CHANNELS, Channel, ProfileId
from functions.shared.publication import Publication
from infra.local.demo.life import life, richest
from infra.local.demo.picture import Run, picture
from infra.local.demo.purchases import Arrival
from infra.local.report.model import (
    Calls,
    DemoResult,
    JourneyPage,
    Month,
    OutboxMessage,
    Quarantined,
    Timeline,
)

_DELIVERED = STATUS_ORDER.index("delivered")
_PROBLEMS = frozenset({"failed", "bounced_hard"})


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the stores hold after a run, and what was counted while it ran."""

    enrolments: Sequence[Enrolment]
    messages: Sequence[Message]
    profiles: Sequence[Snapshot]
    runs: Mapping[str, Sequence[Run]]
    outbox: Sequence[OutboxMessage]
    quarantined: Sequence[Quarantined]
    calls: Sequence[Calls]
    read_units: float
    write_units: float
    state_transitions: int


def gather(
    *,
    arrivals: Sequence[Arrival],
    customers: int,
    publication: Publication,
    machines: Mapping[str, Mapping[str, Any]],
    ledger: Ledger,
    timeline: Callable[[ProfileId], Iterable[Event]],
    ended_at: datetime,
    elapsed_seconds: float,
) -> DemoResult:
    """``timeline`` reads all events of one person; ``ended_at`` is the virtual clock at the end."""
    outcomes = [_outcome(message) for message in ledger.messages if message.decision is not None]
    return DemoResult(
        customers=customers,
        started_at=arrivals[0].at,
        ended_at=ended_at,
        elapsed_seconds=elapsed_seconds,
        events=len(arrivals),
        profiles=len(ledger.profiles),
        journeys=[
            _page(published, machines[name], ledger, outcomes, ended_at)
            for name, published in publication.journeys.items()
        ],
        months=_months(arrivals, ledger.outbox),
        outbox=ledger.outbox,
        timeline=_timeline(ledger, timeline, publication),
        quarantined=ledger.quarantined,
        calls=ledger.calls,
        read_units=ledger.read_units,
        write_units=ledger.write_units,
        state_transitions=ledger.state_transitions,
        executions=sum(len(runs) for runs in ledger.runs.values()),
    )


def _page(
    published: Mapping[str, Any],
    machine: Mapping[str, Any],
    ledger: Ledger,
    outcomes: Sequence[MessageOutcome],
    ended_at: datetime,
) -> JourneyPage:
    name, goal = published["journey"], published["goal"]
    within = timedelta(seconds=goal["within_seconds"]) if goal else None
    entry = " or ".join(published["entry"]["on"])
    nodes, edges = picture(machine, entry, ledger.runs.get(name, ()))
    return JourneyPage(
        name=name,
        title=published["title"],
        message_class=published["class"],
        nodes=nodes,
        edges=edges,
        funnel=funnel(name, ledger.enrolments, outcomes, within, ended_at),
        goal=f"{_names(goal['on'])} within {within.days} days" if goal and within else None,
        holdout=published["holdout"] or 0.0,
    )


def _names(on: str | Sequence[str]) -> str:
    return on if isinstance(on, str) else " or ".join(on)


def _outcome(message: Message) -> MessageOutcome:
    delivered = (
        message.status is not None
        and STATUS_ORDER.index(message.status) >= _DELIVERED
        and message.status not in _PROBLEMS
    )
    assert message.decision is not None
    return MessageOutcome(
        enrolment=message.enrolment,
        journey=message.journey,
        channel=message.channel,
        decision=message.decision,
        reason=message.reason,
        delivered=delivered,
    )


def _months(arrivals: Sequence[Arrival], outbox: Sequence[OutboxMessage]) -> list[Month]:
    orders: Counter[datetime] = Counter()
    sent: dict[datetime, Counter[Channel]] = defaultdict(Counter)
    for arrival in arrivals:
        if not arrival.broken:
            orders[_month(arrival.at)] += arrival.name == "Order Completed"
    for message in outbox:
        sent[_month(message.at)][message.channel] += 1
    starts = sorted({*orders, *sent})
    months, at = [], starts[0]
    while at <= starts[-1]:
        months.append(Month(at, orders[at], {channel: sent[at][channel] for channel in CHANNELS}))
        at = _month(at + timedelta(days=31))
    return months


def _month(at: datetime) -> datetime:
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def _timeline(
    ledger: Ledger, timeline: Callable[[ProfileId], Iterable[Event]], publication: Publication
) -> Timeline | None:
    chosen = richest(ledger.enrolments, ledger.messages)
    snapshot = next((one for one in ledger.profiles if one.profile == chosen), None)
    if chosen is None or snapshot is None:
        return None
    return life(
        snapshot,
        timeline(chosen),
        [one for one in ledger.enrolments if one.profile == chosen],
        [one for one in ledger.messages if one.profile == chosen],
        {name: str(published["title"]) for name, published in publication.journeys.items()},
        channel_order=publication.policy.get("channel_order") or (),
    )
