"""A small world around journeys: tables, secret and machines on moto, the four functions as Lambda would build them."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import boto3
import pytest
from botocore.loaders import JSONFileLoader
from moto import mock_aws
from moto.sqs.models import sqs_backends

from functions.decisioning.api import Decisions
from functions.journeys.api import Enrolments, Switch, Switches, Target
from functions.journeys.handlers import (
    advance_people,
    close_enrolments,
    evaluate_step,
    register_wait,
    sweep_enrolments,
)
from functions.profiles.api import Arrival, Claim, Profiles
from functions.profiles.model import Contact
from functions.shared.clock import format_instant
from functions.shared.events import Event
from infra.local.versions import versioned_step_functions
from tests.fakes.people import record
from tests.fakes.providers import wire
from tests.fakes.tables import create_table
from tests.functions.journeys.published import NOON, journey, publication

PREFIX = "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-test-"
DEFINITION = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
FUNCTIONS = {
    "advance": (advance_people, advance_people.AdvancePeopleSettings),
    "evaluate": (evaluate_step, evaluate_step.EvaluateStepSettings),
    "register": (register_wait, register_wait.RegisterWaitSettings),
    "sweep": (sweep_enrolments, sweep_enrolments.SweepEnrolmentsSettings),
    "close": (close_enrolments, close_enrolments.CloseEnrolmentsSettings),
}


@dataclass
class World:
    """Whoever acts here is ``ann`` unless said; ``now`` is the clock of the functions."""

    wire: object
    publication_path: object
    now: datetime = NOON
    published: object = None
    handlers: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("enrolments", "profiles", "decisioning"):
            create_table(name)
        boto3.client("secretsmanager").create_secret(Name="key", SecretString="a deployment's key")
        self.sqs = boto3.client("sqs")
        self.queue_url = self.sqs.create_queue(QueueName="advance-people")["QueueUrl"]
        self.states = boto3.client("stepfunctions")
        self.enrolments = Enrolments("enrolments", pause=lambda _: None)
        self.switches = Switches("enrolments", lambda: self.now)
        self.decisions = Decisions("decisioning")
        self.profiles = Profiles("profiles")
        self.publish(journey())

    def publish(self, *journeys, **said):
        self.published = publication(*journeys, **said)
        self.publication_path.write_text(json.dumps(self.published.to_json()))
        self.profiles = Profiles("profiles", self.published.series)
        for one in journeys:
            self.states.create_state_machine(
                name=f"segue-test-{one['journey']}",
                definition=json.dumps(DEFINITION),
                roleArn="arn:aws:iam::123456789012:role/machine",
            )
        self.restart()

    def restart(self):
        """Fresh function environments, as after a crash."""
        self.handlers = {}

    def handler(self, function):
        """The function as Lambda would have built it by now."""
        if function not in self.handlers:
            path = str(self.publication_path)
            given = {
                "enrolments_table": "enrolments",
                "profiles_table": "profiles",
                "decisioning_table": "decisioning",
                "machine_prefix": PREFIX,
                "bus_name": "segue-test",
                "deployment_key_secret": "key",
                "publication_path": path,
                "journeys_queue_url": self.queue_url,
                "processes": "10",
            }
            module, settings = FUNCTIONS[function]
            wanted = {name.lower(): given[name.lower()] for name in settings.variables()}
            self.handlers[function] = module.build(settings(**wanted), lambda: self.now)
        return self.handlers[function]

    def happens(self, message_id, name="Order Completed", *, at=None, profile="ann", **properties):
        """The event is in the person's timeline; the clock is at it. Answers what identity passes on."""
        at = at or self.now
        self.now = max(self.now, at)
        body = {"type": "track", "event": name, "userId": profile, "properties": properties}
        event = Event(message_id, "track", at, at, "test", True, body)
        claim = Claim("email", Contact("Ann@Example.com", f"email#{profile}", at), message_id, True)
        recorded = record("profiles", profile, Arrival(event, [claim], "trusted"), series=self.published.series)
        return {"profile": recorded.snapshot.to_json(), "events": [event.to_json()]}

    def states_traits(self, message_id, *, at, profile="ann", **traits):
        """An identify from outside is in the person's timeline."""
        body = {"type": "identify", "userId": profile, "traits": traits}
        record("profiles", profile, Arrival(Event(message_id, "identify", at, at, "test", True, body), [], "trusted"))

    def deliver(self, *messages):
        """Delivers messages of people to ``advance_people``; answers the indexes that must come again."""
        return self.invoke("advance", *({"people": people} for people in messages))

    def invoke(self, function, *bodies):
        records = [
            {"messageId": str(n), "body": json.dumps(body), "eventSource": "aws:sqs"} for n, body in enumerate(bodies)
        ]
        answer = self.handler(function)({"Records": records}, None)
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def meanwhile(self, *messages):
        """Delivers, and answers the AWS requests it took."""
        self.handler("advance")
        self.wire.reset()
        assert self.deliver(*messages) == []
        return list(self.wire.requests)

    def queued(self):
        """Takes what stands in the journeys queue, with the seconds each message was put off by."""
        held = sqs_backends["123456789012"]["eu-west-1"].queues["advance-people"]
        found = [
            (json.loads(one.body), round(max(0, one.delayed_until - one.sent_timestamp) / 1000))
            for one in held._messages
        ]
        held._messages.clear()
        return found

    def runs(self, profile="ann"):
        found = self.enrolments.standing((profile,)).enrolments.values()
        return sorted(found, key=lambda one: (one.entry.order, one.journey))

    def run(self, profile="ann"):
        [one] = self.runs(profile)
        return one

    def executions(self, name="welcome"):
        found = self.states.list_executions(stateMachineArn=PREFIX + name)["executions"]
        return {one["name"]: one["status"] for one in found}

    def input_of(self, run):
        arn = PREFIX.replace(":stateMachine:", ":execution:") + f"{run.journey}:{run.execution_name}"
        return json.loads(self.states.describe_execution(executionArn=arn)["input"])

    def waiting(self, run, token="token-1", *, on="Order Completed", at=None, **said):
        """What the machine asks ``register_wait``."""
        register = self.handler("register")
        self.wire.reset()
        task = {
            "token": token,
            "journey": run.journey,
            "version": run.version,
            "step": "second_order",
            "on": [on],
            "where": None,
            "message": None,
            "enrolment": run.enrolment,
            "profile": run.profile,
            "steps": {},
            "entered_at": format_instant(at or self.now),
            **said,
        }
        register(task, None)
        return task

    def switch(self, word, **target):
        """Somebody turns the switch of ``journey=`` or ``channel=``; None = as usual again."""
        [(kind, name)] = target.items()
        self.switches.turn(Target(kind, name), word and Switch(word, self.now, "ann"))

    def later(self, **some):
        self.now += timedelta(**some)
        return self.now


@pytest.fixture(scope="session", autouse=True)
def service_models_read_once():
    """Every connection reads botocore's models from disk anew, which is half the time of these tests."""
    read = JSONFileLoader.load_file
    known = {}

    def load_file(loader, path):
        if path not in known:
            known[path] = read(loader, path)
        return known[path]

    JSONFileLoader.load_file = load_file
    yield
    JSONFileLoader.load_file = read


@pytest.fixture
def world(tmp_path):
    with mock_aws(), versioned_step_functions(lambda: NOON), wire() as one:
        yield World(one, tmp_path / "publication.json")
