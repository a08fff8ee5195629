"""What happens when two years of purchases meet these journeys? The whole system, run and then read."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from functions.dispatch.api import Message, Messages
from functions.journeys.api import Enrolment, Enrolments
from functions.journeys.language.publication import publish
from functions.profiles.api import Profiles
from functions.shared.clock import parse_instant
from infra.local.demo.gather import Ledger, gather
from infra.local.demo.picture import Run
from infra.local.demo.purchases import arrivals, fate
from infra.local.demo.story import play
from infra.local.providers import SentMessage
from infra.local.quiet import errors_only
from infra.local.report.model import Calls, DemoResult, OutboxMessage, Quarantined
from infra.local.world import SNAPSHOTS, LocalWorld, RunExecution

WIRING = frozenset({"app", "local"})
"""Requests of the shop's own app and of the laptop's wiring are not the system's."""
BEFORE = timedelta(hours=1)


def run_demo(journeys: Path, customers: int, console: Console, templates: Path = SNAPSHOTS) -> DemoResult:
    """Plays the story in a world of its own; raises ``FaultsFound`` when the journeys cannot be published."""
    started = time.perf_counter()
    events = arrivals(customers)
    start = events[0].at - BEFORE
    with errors_only(), LocalWorld(journeys=journeys, templates=templates, start=start, fate_of=fate) as world:
        ended_at = play(world, events, console, lambda: len(world.outbox))
        ledger = _read(world)
        _, machines = publish(journeys)
        return gather(
            arrivals=events,
            customers=customers,
            publication=world.publication,
            machines=machines,
            ledger=ledger,
            timeline=world.history().timeline,
            ended_at=ended_at,
            elapsed_seconds=time.perf_counter() - started,
        )


def _read(world: LocalWorld) -> Ledger:
    counted = world.meter.snapshot()
    units = counted.units_of(*(who for who in counted.units if who not in WIRING))
    enrolments = list(Enrolments(world.table("enrolments")).scan())
    messages = list(Messages(world.table("messages")).scan())
    return Ledger(
        enrolments=enrolments,
        messages=messages,
        profiles=list(Profiles(world.table("profiles")).scan()),
        runs=_runs(world.executions(), enrolments),
        outbox=_outbox(world.outbox, messages),
        quarantined=[_quarantined(line) for line in world.quarantined()],
        calls=[Calls(who, what, n) for (who, what), n in sorted(counted.requests.items()) if who not in WIRING],
        read_units=units.read,
        write_units=units.write,
        state_transitions=world.state_transitions(),
    )


def _runs(executions: Iterable[RunExecution], enrolments: Sequence[Enrolment]) -> dict[str, list[Run]]:
    reasons = {one.execution_name: one.reason for one in enrolments}
    runs: dict[str, list[Run]] = defaultdict(list)
    for one in executions:
        runs[one.machine].append(_run(one, reasons))
    return runs


def _run(one: RunExecution, reasons: Mapping[str, str | None]) -> Run:
    return Run(
        states=[state for state, _ in one.states],
        running=one.status == "RUNNING",
        stopped=(reasons.get(one.name) or one.cause or "stopped") if one.status == "ABORTED" else None,
    )


def _outbox(sent: Sequence[SentMessage], messages: Sequence[Message]) -> list[OutboxMessage]:
    lines: dict[str, Message] = {one.message: one for one in messages}
    return [_shown(one, lines[one.message]) for one in sent]


def _shown(one: SentMessage, line: Message) -> OutboxMessage:
    push = one.channel == "push"
    return OutboxMessage(
        at=one.at,
        channel=one.channel,
        journey=line.journey,
        template=line.template,
        to=one.to,
        sender=one.sender,
        subject="" if push else one.subject,
        html=one.html,
        text=one.text,
        title=one.subject if push else "",
        link=str((one.data or {}).get("Url") or ""),
    )


def _quarantined(line: Mapping[str, Any]) -> Quarantined:
    at: datetime = parse_instant(line["receivedAt"])
    return Quarantined(at, str(line["messageId"] or "no message id"), line["field"], line["rule"])
