"""Where does Segue run whole, without AWS? Here: everything the templates deploy, on moto, in virtual time.

``with LocalWorld() as world: world.put_events(...); world.run_until(...)``. Nothing is simulated but AWS itself: the
functions, their environment, queues, rules and state machines are those of the committed templates.
"""

import heapq
import io
import itertools
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from unittest.mock import patch
from urllib.parse import unquote

import boto3
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from functions.identity.api import History, Rules, history_of
from functions.journeys.api import Enrolments, Switches
from functions.journeys.language.project import POLICY_FILE, load
from functions.journeys.language.publication import publish_project
from functions.journeys.language.removed import as_published
from functions.journeys.language.tracking_plan import publish_plan
from functions.journeys.machines import Machines
from functions.journeys.operate import Operator
from functions.journeys.switches.model import Command, Target
from functions.shared import aws
from functions.shared.store import DynamoRows
from infra.local.bus import whole_events
from infra.local.clock import VirtualClock
from infra.local.delays import Delays
from infra.local.delivery import delivered_as_on_aws
from infra.local.economies import economies
from infra.local.engine import Engine, virtual_step_functions
from infra.local.functions import LocalFunction
from infra.local.meter import Meter
from infra.local.one_by_one import one_by_one
from infra.local.providers import FateOf, Providers, SentMessage
from infra.local.pump import Mapping as QueueMapping
from infra.local.pump import Pump
from infra.local.requests import acting, answered, observed
from infra.local.resources import make_resources
from infra.local.schedules import JourneySchedule, Schedule, polls, rate
from infra.local.templates import ACCOUNT, REGION, read_templates
from infra.local.versions import versioned_step_functions
from infra.quarantine.kept import QuarantineBucket, by_object

ROOT = Path(__file__).parents[2]
SNAPSHOTS = ROOT / "infra" / "snapshots"
START = datetime(2026, 1, 1, tzinfo=UTC)
STAGE = "dev"


@dataclass(frozen=True, slots=True)
class RunExecution:
    """One execution as its history tells it: the states it entered, in order, with the instants."""

    name: str
    machine: str
    status: str
    states: Sequence[tuple[str, datetime]]
    error: str | None
    cause: str | None
    input: Mapping[str, Any]


class LocalWorld:
    """One deployment on the laptop. ``journeys`` is the folder to publish; ``templates`` what was synthesised;
    ``secrets`` = texts of secrets by name, where not any will do."""

    def __init__(
        self,
        journeys: Path = ROOT / "journeys",
        templates: Path = SNAPSHOTS,
        start: datetime = START,
        fate_of: FateOf = lambda address: "delivered",
        secrets: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._secrets = secrets
        self.clock = VirtualClock(start)
        self.meter = Meter()
        self.functions: dict[str, LocalFunction] = {}
        project = load(journeys)
        self.publication, self._machines = publish_project(project)
        self._kept = as_published(project)
        self.tracking_plan = publish_plan(journeys / POLICY_FILE)
        self._templates = read_templates(templates)
        self._stack = ExitStack()
        self._engine = Engine(self.clock, self._execution_ended)
        self._providers = Providers(self.clock, self._publish_later, fate_of)
        self._schedules: list[Schedule | JourneySchedule] = []
        self._notices: list[tuple[datetime, int, str, str, dict[str, Any]]] = []
        self._sequence = itertools.count()

    def __enter__(self) -> Self:
        if dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables:
            raise RuntimeError("another world is open in this process; moto knows only one AWS")
        self._stack.enter_context(_quiet_logs())
        _forget_sessions()
        self._stack.enter_context(_environment())
        self._stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        self._stack.enter_context(economies())
        self._stack.enter_context(one_by_one())
        self._stack.enter_context(delivered_as_on_aws(self.clock))
        self._stack.enter_context(whole_events())
        self._stack.enter_context(virtual_step_functions(self._engine))
        self._stack.enter_context(versioned_step_functions(self.clock))
        self._stack.enter_context(self.meter)
        self._stack.enter_context(observed(self._providers))
        self._events = boto3.client("events", region_name=REGION)
        self._sqs = boto3.client("sqs", region_name=REGION)
        make_resources(self._templates, self._secrets)
        self._publications = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._write_publications()
        self._make_machines()
        self._stack.enter_context(answered({**self._providers.fakes(), "lambda.Invoke": self._invoke}))
        self._make_functions()
        self._pump = Pump(self._sqs, self.clock, lambda url: len(self._queue(url).messages))
        self._map_queues()
        self._delays = Delays(self.clock, lambda: [self._queue(one.queue_url) for one in self._pump.mappings])
        self._make_rules()
        self._verify_senders()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()
        _forget_sessions()

    @property
    def bus(self) -> str:
        """The bus apps put events on."""
        [resource] = self._templates.of_type("AWS::Events::EventBus")
        return str(self._templates.resolved(resource)["Name"])

    @property
    def outbox(self) -> list[SentMessage]:
        """Every message the providers took, in order."""
        return self._providers.outbox

    @property
    def providers(self) -> Providers:
        """The world beyond our functions; ``providers.answers["sms"] = "paused"``."""
        return self._providers

    def put_events(self, messages: Iterable[Mapping[str, Any]], source: str = "shop") -> None:
        """Puts Segment messages on the bus as an app does, ten entries a request."""
        entries = [
            {
                "EventBusName": self.bus,
                "Source": source,
                "DetailType": str(message.get("event") or message.get("type") or "unknown"),
                "Detail": json.dumps(message),
                "Time": self.clock(),
            }
            for message in messages
        ]
        for first in range(0, len(entries), 10):
            self.put_entries(entries[first : first + 10])

    def put_entries(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """One PutEvents request, and its answer; raises what botocore and EventBridge refuse it with."""
        with acting("app"):
            answer: dict[str, Any] = self._events.put_events(Entries=entries)
        return answer

    def deploy(self, journeys: Path) -> None:
        """Publishes another ``journeys/`` folder over the running world, in the order of a deployment: first the
        functions' publication, then the machines, each that changed with a new version. Who is under way keeps theirs.
        """
        project = load(journeys)
        self.publication, self._machines = publish_project(project, self._kept)
        self._kept |= as_published(project)
        self.tracking_plan = publish_plan(journeys / POLICY_FILE)
        self._write_publications()
        for function in self.functions.values():
            function.restart()
        with acting("local"):
            self._make_machines()

    def drain(self) -> None:
        """Runs everything that can run at this instant."""
        while self.step():
            pass

    def step(self) -> bool:
        """Runs a little of what can run at this instant: a batch of each queue, and the machines; False when there
        was nothing."""
        with acting("local"):
            self._delays.keep()
            worked = self._tell_due()
            worked = self._fire_due() or worked
            worked = self._pump.step() or worked
        with acting("stepfunctions"):
            return self._engine.step() or worked

    def run_until(self, instant: datetime) -> None:
        """Lets time pass up to and including ``instant``, stopping wherever something is due."""
        self.drain()
        while (due := self.next_due()) is not None and due <= instant:
            self.clock.advance_to(due)
            self.drain()
        self.clock.advance_to(instant)

    def stand_still_until(self, instant: datetime) -> None:
        """Lets time pass in which nobody takes anything off a queue: only Step Functions goes on, as AWS would."""
        with acting("stepfunctions"):
            while (due := self._engine.next_due()) is not None and due <= instant:
                self.clock.advance_to(due)
                self._engine.step()
        self.clock.advance_to(instant)

    def next_due(self) -> datetime | None:
        """The next instant at which something happens by itself."""
        noticed = self._notices[0][0] if self._notices else None
        scheduled = [schedule.due() for schedule in self._schedules]
        ahead = (noticed, *scheduled, self._engine.next_due(), self._pump.next_due(), self._delays.next_due())
        return min([one for one in ahead if one], default=None)

    def executions(self) -> Iterator[RunExecution]:
        """Every execution ever started, by machine and start."""
        for machine in self._moto_machines():
            for execution in machine.executions:
                yield _run(machine.name, execution)

    def state_transitions(self) -> int:
        """States entered by all executions; what Standard workflows are billed by."""
        return sum(len(one.states) for one in self.executions())

    def dead_letters(self) -> dict[str, list[str]]:
        """Bodies in dead-letter queues, by function; none are removed."""
        found: dict[str, list[str]] = {}
        with acting("local"):
            for mapping in self._pump.mappings:
                if mapping.dead_letter_url is None:
                    continue
                queue = self._queue(mapping.dead_letter_url)
                bodies = [message.body for message in queue.messages]
                if bodies:
                    found[mapping.function.id] = bodies
        return found

    def redrive(self) -> None:
        """Puts what stands in dead-letter queues back where it came from."""
        with acting("local"):
            self._pump.redrive()

    def operator(self) -> Operator:
        """Somebody at the switches of journeys and channels."""
        table, prefix = self.table("enrolments"), f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:segue-{STAGE}-"
        return Operator(Switches(table, self.clock), Enrolments(table), Machines(prefix), self.clock)

    def switch(self, word: Command, target: Target) -> None:
        """Somebody says it of a journey or of a channel, now."""
        with acting("local"):
            getattr(self.operator(), word)(target, "local")

    def queued(self) -> dict[str, int]:
        """How many messages stand in each function's queue."""
        depths = {one.function.id: len(self._queue(one.queue_url).messages) for one in self._pump.mappings}
        return {function: depth for function, depth in depths.items() if depth}

    def next_delivery(self, function: str) -> dict[str, Any]:
        """Takes the next delivery out of a function's queue without calling the function; it never comes again."""
        return self._pump.take(next(one for one in self._pump.mappings if one.function.id == function))

    def queue_url(self, function: str) -> str:
        """The queue that feeds a function: ``world.queue_url("recognise-people")``."""
        return next(one.queue_url for one in self._pump.mappings if one.function.id == function)

    def history(self) -> History:
        """Whose events are whose, read from the tables."""
        rules = Rules.of(self.publication.policy)
        return history_of(DynamoRows(), self.table("identity"), self.table("profiles"), rules)

    def table(self, name: str) -> str:
        """The physical name of a table: ``world.table("messages")``."""
        return f"segue-{STAGE}-{name}"

    def bucket(self, name: str) -> str:
        """The physical name of a bucket: ``world.bucket("archive")``."""
        return f"segue-{STAGE}-{name}-{ACCOUNT}-{REGION}"

    def quarantined(self) -> list[dict[str, Any]]:
        """The messages that stand open in quarantine, as lines of its bucket with their whole bodies."""
        bucket = QuarantineBucket(self.bucket("quarantine"), boto3.client("s3"))
        with acting("local"):
            return [dict(kept.line) for entries in by_object(bucket.entries()) for kept in bucket.messages(entries)]

    def _queue(self, url: str) -> Any:
        return sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[url.rpartition("/")[2]]

    def _moto_machines(self) -> list[StateMachine]:
        return list(stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][REGION].state_machines)

    def _make_machines(self) -> None:
        """One machine per published journey, with the substitutions the template makes; one that changed is a new
        version of it, and one whose journey is gone stays, as a deployment keeps it until it is drained."""
        template = next(self._templates.of_type("AWS::StepFunctions::StateMachine"))
        substitutions = self._templates.resolved(template)["DefinitionSubstitutions"]
        machines = boto3.client("stepfunctions", region_name=REGION)
        deployed = {one.name: one for one in self._moto_machines()}
        for journey, definition in self._machines.items():
            text = json.dumps(definition)
            for name, value in substitutions.items():
                text = text.replace(f"${{{name}}}", str(value))
            named = f"segue-{STAGE}-{journey}"
            published = {"publish": True, "versionDescription": self.publication.journeys[journey]["version"]}
            if named not in deployed:
                role = f"arn:aws:iam::{ACCOUNT}:role/machines"
                machines.create_state_machine(name=named, definition=text, roleArn=role, **published)
            elif deployed[named].definition != text:
                machines.update_state_machine(stateMachineArn=deployed[named].arn, definition=text, **published)

    def _write_publications(self) -> None:
        files = {"PUBLICATION_PATH": self.publication.to_json(), "TRACKING_PLAN_PATH": self.tracking_plan}
        for name, content in files.items():
            (self._publications / name).write_text(json.dumps(content), encoding="utf-8")

    def _make_functions(self) -> None:
        paths = {name: str(self._publications / name) for name in ("PUBLICATION_PATH", "TRACKING_PLAN_PATH")}
        for resource in self._templates.of_type("AWS::Lambda::Function"):
            said = self._templates.resolved(resource)
            variables = said.get("Environment", {}).get("Variables", {})
            # One environment stands here for as many as Lambda would run.
            alone = {"PROCESSES": "1"} if "PROCESSES" in variables else {}
            environment = {**variables, **paths, **alone}
            name = said["FunctionName"]
            function_id = name.removeprefix(f"segue-{STAGE}-")
            with acting("local"):
                self.functions[name] = LocalFunction(name, function_id, said["Handler"], environment, self.clock)

    def _map_queues(self) -> None:
        queues = {
            self._templates.resolve({"Fn::GetAtt": [queue.logical_id, "Arn"]}, queue.stack): queue
            for queue in self._templates.of_type("AWS::SQS::Queue")
        }
        for resource in self._templates.of_type("AWS::Lambda::EventSourceMapping"):
            said = self._templates.resolved(resource)
            arn = said["EventSourceArn"]
            queue = self._templates.resolved(queues[arn])
            redrive = queue.get("RedrivePolicy", {})
            dead_letters = queues.get(redrive.get("deadLetterTargetArn", ""))
            mapping = QueueMapping(
                queue_url=self._url(queues[arn]),
                queue_arn=arn,
                function=self.functions[said["FunctionName"].rpartition(":")[2]],
                batch_size=int(said.get("BatchSize", 10)),
                dead_letter_url=self._url(dead_letters) if dead_letters else None,
                max_receives=int(redrive.get("maxReceiveCount", 1)),
                hidden=timedelta(seconds=int(queue["VisibilityTimeout"])),
            )
            self._pump.mappings.append(mapping)

    def _url(self, queue: Any) -> str:
        return str(self._templates.resolve({"Ref": queue.logical_id}, queue.stack))

    def _make_rules(self) -> None:
        for resource in self._templates.of_type("AWS::Events::Rule"):
            said = self._templates.resolved(resource)
            [target] = said["Targets"]
            if "ScheduleExpression" in said:
                every, told = rate(said["ScheduleExpression"]), self._told_by(target["Arn"])
                finds = polls(self.table, self._given_up).get(told.function.id)
                self._schedules.append(Schedule(told.queue_url, every, self.clock() + every, finds))
                continue
            name = said.get("Name") or f"{resource.stack}-{resource.logical_id}"[:64]
            where = {"EventBusName": said["EventBusName"]} if said.get("EventBusName") else {}
            self._events.put_rule(Name=name, EventPattern=json.dumps(said["EventPattern"]), **where)
            self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": target["Arn"]}], **where)

        for name, journey in self.publication.journeys.items():
            if "schedule" in journey["entry"]:
                url = self.queue_url("enter-scheduled")
                self._schedules.append(JourneySchedule(url, name, journey["entry"]["schedule"], self.clock()))

    def _told_by(self, queue_arn: str) -> QueueMapping:
        return next(one for one in self._pump.mappings if one.queue_arn == queue_arn)

    def _given_up(self, function: str) -> int:
        url = next(one.dead_letter_url for one in self._pump.mappings if one.function.id == function)
        return len(self._queue(url).messages) if url else 0

    def _verify_senders(self) -> None:
        """SES sends only from verified addresses; on AWS the owner verifies the policy's sender."""
        sender = self.publication.policy.get("channels", {}).get("email", {}).get("sender")
        if sender:
            boto3.client("ses", region_name=REGION).verify_email_identity(EmailAddress=parseaddr(sender)[1])

    def _invoke(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Stands in for ``lambda:Invoke`` of the machines, with no container."""
        name = unquote(params["url_path"].split("/")[3]).rpartition(":")[2]
        answer, failed = self.functions[name].invoke(params["body"])
        error = {"FunctionError": "Unhandled"} if failed else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **error}

    def _execution_ended(self, execution: Execution) -> None:
        """Step Functions tells the default bus how an execution ended; moto does not."""
        status = str(execution.exec_status.value)
        if status == "SUCCEEDED":
            return
        detail = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": status,
            "stopDate": int(self.clock().timestamp() * 1000),
            "input": json.dumps(execution.input_data),
            "error": execution.error,
            "cause": execution.cause,
        }
        self._publish_later(self.clock(), "aws.states", "Step Functions Execution Status Change", detail)

    def _publish_later(self, at: datetime, source: str, detail_type: str, detail: dict[str, Any]) -> None:
        heapq.heappush(self._notices, (at, next(self._sequence), source, detail_type, detail))

    def _tell_due(self) -> bool:
        worked = False
        while self._notices and self._notices[0][0] <= self.clock():
            at, _, source, detail_type, detail = heapq.heappop(self._notices)
            entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Time": at}
            self._events.put_events(Entries=[entry])
            worked = True
        return worked

    def _fire_due(self) -> bool:
        worked = False
        for schedule in self._schedules:
            while (at := schedule.due()) is not None and at <= self.clock():
                self._sqs.send_message(QueueUrl=schedule.queue_url, MessageBody=json.dumps(schedule.fire(at)))
                worked = True
            schedule.left_behind(self.clock())
        return worked


def _forget_sessions() -> None:
    """Clients and their sessions keep the keys and the hooks they were born with."""
    boto3.DEFAULT_SESSION = None
    aws.forget()


def _run(machine: str, execution: Execution) -> RunExecution:
    history = execution.to_history_output()["events"] if execution.exec_worker else []
    states = [
        (event["stateEnteredEventDetails"]["name"], event["timestamp"])
        for event in history
        if "stateEnteredEventDetails" in event
    ]
    return RunExecution(
        name=execution.name,
        machine=machine.removeprefix(f"segue-{STAGE}-"),
        status=str(execution.exec_status.value),
        states=states,
        error=execution.error,
        cause=execution.cause,
        input=execution.input_data,
    )


@contextmanager
def _environment() -> Iterator[None]:
    """What the functions find around them; the keys open nothing, so no request could reach a real account."""
    fixed = {
        "AWS_ACCESS_KEY_ID": "laptop",
        "AWS_SECRET_ACCESS_KEY": "laptop",
        "AWS_SESSION_TOKEN": "laptop",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Metrics are lines on standard output, which CloudWatch reads and a person at a terminal does not.
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    with patch.dict(os.environ, fixed):
        os.environ.pop("AWS_PROFILE", None)
        yield


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """moto's interpreter logs every caught error with the whole state; functions' own logs stay."""
    loggers = [logging.getLogger("moto.stepfunctions"), logging.getLogger("botocore")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
