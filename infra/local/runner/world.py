"""Where does a story run in milliseconds? In everything that deploys, with rows, queues and machines in this process.

``infra.local.worlds.World`` without moto: people are made by identity, journeys run as compiled, messages pass the
gate.
"""

import hashlib
import heapq
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from functions.audiences.api import DUE_PARTITIONS, due_of
from functions.capture.model import Item
from functions.capture.policy import read
from functions.capture.tracking_plan import TrackingPlan
from functions.journeys.language.project import POLICY_FILE
from functions.journeys.language.publication import publish
from functions.journeys.language.tracking_plan import publish_plan
from functions.journeys.sweep import STUCK_AFTER
from functions.journeys.switches.model import Command, Target
from functions.shared.bus import NOTICES
from functions.shared.clock import format_instant
from functions.shared.names import Channel, MessageId, ProfileId
from functions.shared.publication import Publication
from functions.shared.rows import Table
from functions.shared.sqs import encode
from infra.local.providers import Answer, FateOf, Providers, ReceiptKind
from infra.local.quiet import errors_only
from infra.local.replay.picture import people
from infra.local.runner.clients import EventBridge, StepFunctions, Ways
from infra.local.runner.executor import Ended, Executor, Run, State, micros
from infra.local.runner.machine import Machine, Surroundings, load
from infra.local.runner.queues import Queues
from infra.local.runner.stage import AUDIENCES_TABLE, MACHINES, SENDERS, Clients, Stage, Stores
from infra.local.schedules import JourneySchedule, Schedule, rate
from infra.local.templates import Templates, read_templates
from infra.local.worlds import Seen, World

SNAPSHOTS = Path(__file__).parents[3] / "infra" / "snapshots"
SOURCE = "scenario"


@dataclass(frozen=True, slots=True)
class Published:
    """What the authors published, and their machines as they compile."""

    publication: Publication
    definitions: Mapping[str, Mapping[str, Any]]
    plan: TrackingPlan


class RunnerWorld:
    """One deployment in this process. With ``watch`` it remembers every state that was entered, with its input, and
    every execution that ended; without ``rendering`` messages pass the gate and are not written."""

    def __init__(
        self,
        published: Published,
        start: datetime,
        fate_of: FateOf = lambda address: "delivered",
        watch: bool = False,
        rendering: bool = True,
    ) -> None:
        self.entered: list[tuple[str, str, datetime, Any]] = []
        self.ended: list[Ended] = []
        self._watch = watch
        self._notices: list[tuple[int, int, str, dict[str, Any]]] = []
        self._numbers = itertools.count()
        self._plan = published.plan
        self._journeys = published.publication.journeys
        self.executor = Executor(start, self._enter if watch else None, self._end)
        self.providers = Providers(self.executor.clock, self._tell_later, fate_of)
        self.machines: dict[str, Machine] = {}
        self.stores = Stores(published.publication)
        clients = Clients(
            self,
            EventBridge(self._put_on_bus),
            StepFunctions(self.executor, self.machines, MACHINES),
            Ways(self.providers),
        )
        self.stage = Stage(
            published.publication, published.plan, self.stores, clients, self.executor.clock, rendering=rendering
        )
        templates = deployed()
        self.queues = Queues(templates, self.stage.deliver(), lambda: self.executor.now)
        self._schedules = list(self._scheduled(templates))
        around = Surroundings(
            functions={"${EvaluateStepArn}": self.stage.evaluate, "${RegisterWaitArn}": self.stage.register},
            queues={f"${{{channel.title()}QueueUrl}}": self._to(SENDERS[channel]) for channel in SENDERS},
            tables={"${EnrolmentsTable}": self.stores.enrolments.update_item},
        )
        self.machines.update({name: load(name, one, around) for name, one in published.definitions.items()})

    # World

    def now(self) -> datetime:
        """See ``World``."""
        return self.executor.clock()

    def put_events(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """See ``World``: by the bus; what is not to be trusted as browsers' messages come, from behind their door."""
        for message in messages:
            if message.get("trusted") is False:
                event = read(Item(dict(message), self.now(), SOURCE, False), self._plan).event
                self.queues.put("recognise-people", encode({"events": [event.to_json()]}))
                continue
            name = str(message.get("event") or message.get("type") or "unknown")
            self._put_on_bus({"Source": SOURCE, "DetailType": name, "Detail": json.dumps(message)})

    def quarantined(self) -> Sequence[Mapping[str, Any]]:
        """See ``World``."""
        return self.stores.quarantined

    def tell_receipt(self, message: MessageId, kind: ReceiptKind) -> None:
        """See ``World``."""
        self.providers.tell(message, kind)

    def opt_out(self, profile: ProfileId, channel: Channel | None) -> None:
        """See ``World``."""
        at = format_instant(self.now())
        line = {"profile": profile, "contact": None, "channel": channel, "topic": None, "state": "withdrawn"}
        said = hashlib.sha256(f"{profile} {channel} {at}".encode()).hexdigest()[:32]
        proof = {"source": SOURCE, "effectiveAt": at, "messageId": said}
        self.queues.put("record-consent", {"consents": [{**line, **proof}]})

    def set_provider(self, channel: Channel, answer: Answer) -> None:
        """See ``World``."""
        self.providers.answers[channel] = answer

    def switch(self, word: Command, target: Target) -> None:
        """See ``World``."""
        getattr(self.stage.operator(), word)(target, SOURCE)

    def run_until(self, instant: datetime) -> None:
        """See ``World``."""
        last = micros(instant)
        self.drain()
        while (due := self.next_due()) is not None and due <= last:
            self.executor.move_to(due)
            self.drain()
        self.executor.move_to(last)

    def stand_still_until(self, instant: datetime) -> None:
        """See ``World``."""
        last = micros(instant)
        while (due := self.executor.next_due()) is not None and due <= last:
            self.executor.move_to(due)
            self.executor.step()
        self.executor.move_to(last)

    def seen(self) -> Seen:
        """See ``World``."""
        users = {
            profile: str(identifier["value"])
            for person in people(self.stage.recogniser.history())
            for profile in (person.profile, *map(ProfileId, person.aka))
            for identifier in person.identifiers
            if identifier["namespace"] == "customer_id"
        }
        lines, enrolments = list(self.stores.messages.scan()), list(self.stores.enrolments.scan())
        given_up = {one.function: len(one.dead) for one in self.queues.feeds.values() if one.dead}
        refusals = list(self.stores.lines.scan())
        return Seen(list(self.providers.outbox), lines, enrolments, users, refusals, given_up)

    # Time

    def drain(self) -> None:
        """Runs everything that can run at this instant."""
        while self._step():
            pass

    def _step(self) -> bool:
        worked = self._tell_due()
        worked = self._fire_due() or worked
        worked = self.queues.step() or worked
        return self.executor.step() or worked

    def next_due(self) -> int | None:
        """The next instant at which something happens by itself, in microseconds."""
        scheduled = [due for one in self._schedules if (due := one.due()) is not None]
        noticed = self._notices[0][0] if self._notices else None
        ahead = (noticed, *map(micros, scheduled), self.executor.next_due(), self.queues.next_due())
        return min((one for one in ahead if one is not None), default=None)

    # Within

    def send_message(self, **said: Any) -> None:
        """The SQS client of the functions."""
        self.queues.send_message(**said)

    def _to(self, function: str) -> Any:
        return lambda body: self.queues.put(function, body)

    def _put_on_bus(self, entry: Mapping[str, Any]) -> None:
        if entry["Source"] == NOTICES:
            return
        detail = json.loads(entry["Detail"])
        self.queues.put("accept-bus-events", encode(self._envelope(entry["Source"], entry["DetailType"], detail)))

    def _envelope(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> dict[str, Any]:
        """What a rule of EventBridge puts on a queue."""
        return {
            "version": "0",
            "id": f"event-{next(self._numbers)}",
            "detail-type": detail_type,
            "source": source,
            "account": "123456789012",
            "time": format_instant(self.now()),
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        }

    def _tell_later(self, at: datetime, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        function = "close-enrolments" if source == "aws.states" else "receive-email-events"
        envelope = self._envelope(source, detail_type, detail)
        heapq.heappush(self._notices, (micros(at), next(self._numbers), function, envelope))

    def _tell_due(self) -> bool:
        worked = False
        while self._notices and self._notices[0][0] <= self.executor.now:
            _, _, function, envelope = heapq.heappop(self._notices)
            self.queues.put(function, envelope)
            worked = True
        return worked

    def _fire_due(self) -> bool:
        worked = False
        for schedule in self._schedules:
            while (at := schedule.due()) is not None and at <= self.now():
                self.queues.put(schedule.queue_url, schedule.fire(at))
                worked = True
            schedule.left_behind(self.now())
        return worked

    def _scheduled(self, templates: Templates) -> Iterator[Schedule | JourneySchedule]:
        for name, journey in self._journeys.items():
            if "schedule" in journey["entry"]:
                yield JourneySchedule("enter-scheduled", name, journey["entry"]["schedule"], self.now())
        for rule in templates.of_type("AWS::Events::Rule"):
            if "ScheduleExpression" in rule.properties:
                every = rate(rule.properties["ScheduleExpression"])
                function = rule.properties["Name"].split("-", 2)[2]
                finds = {"find-due-people": self._first_due, "sweep-enrolments": self._first_stuck}.get(function)
                yield Schedule(function, every, self.now() + every, finds)

    def _first_due(self) -> datetime | None:
        table = Table(AUDIENCES_TABLE)
        firsts = (next(self.stores.rows.query(table, one, "DUE"), None) for one in DUE_PARTITIONS)
        return min((due_of(found[0].sk) for found in firsts if found), default=None)

    def _first_stuck(self) -> datetime | None:
        """As on moto: what was cut short is healed by its own message, until that is given up."""
        if not self.queues.feeds["advance-people"].dead:
            return None
        starting = (run.entered_at for run in self.stores.enrolments.scan() if run.status == "starting")
        return min((at + STUCK_AFTER for at in starting), default=None)

    def _enter(self, run: Run, state: State) -> None:
        self.entered.append((run.name, state.name, self.now(), run.data))

    def _end(self, ended: Ended) -> None:
        """Step Functions tells the default bus how an execution ended."""
        if self._watch:
            self.ended.append(ended)
        if ended.status == "SUCCEEDED":
            return
        detail = {
            "name": ended.name,
            "status": ended.status,
            "stopDate": micros(ended.at) // 1000,
            "input": encode({name: ended.output[name] for name in ("profile", "enrolment")}),
            "error": ended.error,
            "cause": ended.cause,
        }
        self._tell_later(ended.at, "aws.states", "Step Functions Execution Status Change", detail)


@contextmanager
def open_world(journeys: Path, start: datetime) -> Iterator[World]:
    """An ``OpenWorld``: of the folder as it is now; opened again unchanged, nothing is checked or compiled anew."""
    with errors_only():
        yield RunnerWorld(published(journeys), start)


def published(journeys: Path) -> Published:
    """The folder, checked and compiled; raises ``FaultsFound``."""
    files = sorted(one for one in journeys.rglob("*") if one.is_file())
    content = hashlib.sha256()
    for file in files:
        content.update(encode([str(file.relative_to(journeys)), file.stat().st_size]).encode() + file.read_bytes())
    return _published(journeys, content.hexdigest())


@lru_cache(maxsize=16)
def _published(journeys: Path, _content: str) -> Published:
    publication, definitions = publish(journeys)
    return Published(publication, definitions, TrackingPlan.from_json(publish_plan(journeys / POLICY_FILE)))


@lru_cache(maxsize=1)
def deployed() -> Templates:
    """What was synthesised: which queue feeds which function."""
    return read_templates(SNAPSHOTS)
