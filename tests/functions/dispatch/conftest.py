"""A small world around the send path: tables and SES on moto, the other services on the wire's fakes."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from functions.dispatch.api import Messages
from functions.dispatch.handlers import send_email, send_push, send_sms
from functions.dispatch.settings import SendEmailSettings, SendPushSettings, SendSmsSettings
from functions.journeys.api import Switch, Switches, Target
from functions.permissions.api import Consent, Permissions
from functions.profiles.api import Arrival, Claim
from functions.profiles.model import Contact
from functions.shared.clock import format_instant
from functions.shared.events import Event
from functions.shared.publication import Publication
from tests.fakes.people import record
from tests.fakes.providers import wire
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PERSON = "p-ann"
ADDRESSES = {
    "email": ("email#1", "Ann@Example.com"),
    "sms": ("phone#1", "+358 40 123 4567"),
    "push": ("push_token#1", "tok-1"),
}
PUBLICATION = Publication(
    policy={
        "brand": {"name": "Acme", "postal_address": "1 Main St"},
        "topics": {"offers": {"opt_in": "single"}, "receipts": {"opt_in": "none"}, "club": {"opt_in": "double"}},
        "channels": {"email": {"sender": "hello@acme.example"}, "sms": {"sender": "ACME"}},
    },
    journeys={},
    interest={},
    series={},
    expected=[],
    templates={
        "welcome/hello": {
            "email": {
                "subject": "Hello {{ profile.traits.first_name }}",
                "html": "<p>Hi {{ profile.traits.first_name }}</p><a href='{{ unsubscribe_url }}'>stop</a>",
                "text": "Hi {{ profile.traits.first_name }}\n{{ unsubscribe_url }} {{ brand.postal_address }}",
            },
            "sms": {"body": "{{ brand.name }}: hi {{ profile.traits.first_name }}"},
            "push": {"title": "Hi", "body": "{{ entry.properties.total }} spent", "link": "https://x", "ttl": "1m"},
        },
        "welcome/needs-more": {
            "email": {"subject": "{{ profile.traits.nickname }}", "html": "x", "text": "x"},
        },
    },
    freshness_seconds=3600,
)


@dataclass
class World:
    """One person, one run, and the three functions as Lambda would build them."""

    wire: object
    publication_path: str
    now: datetime = NOON
    builders: dict = field(default_factory=dict)
    handlers: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("profiles", "enrolments", "permissions", "messages"):
            create_table(name)
        sqs = boto3.client("sqs")
        self.queues = {c: sqs.create_queue(QueueName=f"send-{c}")["QueueUrl"] for c in ("email", "sms", "push")}
        boto3.client("sesv2").create_email_identity(EmailIdentity="hello@acme.example")
        self.permissions = Permissions("permissions")
        self.messages = Messages("messages")
        self.switches = Switches("enrolments", lambda: self.now)
        self.restart()
        self.enrolment("active")
        self.profile()

    def restart(self):
        """Fresh function environments, as after a crash."""
        shared = {
            "enrolments_table": "enrolments",
            "profiles_table": "profiles",
            "permissions_table": "permissions",
            "messages_table": "messages",
            "machine_prefix": "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-test-",
            "publication_path": self.publication_path,
            **{f"{channel}_queue_url": url for channel, url in self.queues.items()},
        }
        clock = lambda: self.now  # noqa: E731
        self.builders = {
            "email": lambda: send_email.build(SendEmailSettings(**shared, configuration_set="segue"), clock),
            "sms": lambda: send_sms.build(SendSmsSettings(**shared), clock),
            "push": lambda: send_push.build(SendPushSettings(**shared, push_application_id="app"), clock),
        }
        self.handlers = {}

    def enrolment(self, status, enrolment="e-1"):
        entry = {
            "messageId": "m-0",
            "event": "Order Completed",
            "timestamp": "2026-03-02T11:00:00.000Z",
            "properties": {"total": 40},
            "traits": {},
        }
        item = {
            "pk": PERSON,
            "sk": f"E#{enrolment}",
            "enrolment": enrolment,
            "journey": "welcome",
            "version": "v1",
            "status": status,
            "entered_at": format_instant(NOON),
            "entry": json.dumps(entry),
        }
        typed = {name: {"S": value} for name, value in item.items()} | {"run": {"N": "1"}}
        boto3.client("dynamodb").put_item(TableName="enrolments", Item=typed)

    def profile(self, *channels, traits=None, at=NOON, message_id="m-1", addresses=None):
        claims = [
            Claim(
                channel, Contact(address, key, at, platform="android" if channel == "push" else None), message_id, True
            )
            for channel, (key, address) in (addresses or ADDRESSES).items()
        ]
        body = {"type": "identify", "traits": traits or {"first_name": "Ann"}}
        event = Event(message_id, "identify", at, at, "test", True, body)
        record("profiles", PERSON, Arrival(event, claims, "trusted"))

    def consent(self, state="granted", channel="email", topic="offers", message_id=None, at=NOON):
        contact = None if topic is None else ADDRESSES[channel][0]
        message_id = message_id or f"{state}-{channel}-{topic}"
        self.permissions.record(Consent(PERSON, contact, channel, topic, state, "test", at, message_id))

    def switch(self, word, **target):
        """Somebody turns the switch of ``journey=`` or ``channel=``; None = as usual again."""
        [(kind, name)] = target.items()
        self.switches.turn(Target(kind, name), word and Switch(word, self.now, "ann"))

    def body(self, **changes):
        good = {
            "token": "token-1",
            "enrolment": "e-1",
            "profile": PERSON,
            "contacts": {channel: key for channel, (key, _) in ADDRESSES.items()},
            "journey": "welcome",
            "version": "v1",
            "step": "greet",
            "visit": 1,
            "channel": "email",
            "fallback": [],
            "class": "marketing",
            "topic": "offers",
            "template": "hello",
            "planned_at": format_instant(NOON),
            "steps": {},
        }
        return {**good, **changes}

    def deliver(self, *bodies):
        """One SQS batch to the function of its channel; the indexes that must come again."""
        records = [
            {"messageId": str(n), "body": json.dumps(body), "eventSource": "aws:sqs"} for n, body in enumerate(bodies)
        ]
        channel = bodies[0]["channel"]
        if channel not in self.handlers:
            self.handlers[channel] = self.builders[channel]()
        answer = self.handlers[channel]({"Records": records}, None)
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def forwarded(self, channel):
        """Takes what waits on a channel's queue."""
        found = boto3.client("sqs").receive_message(QueueUrl=self.queues[channel], MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            boto3.client("sqs").delete_message(QueueUrl=self.queues[channel], ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    @property
    def inbox(self):
        """Raw messages SES took."""
        return [message.raw_data for message in get_backend("ses")[DEFAULT_ACCOUNT_ID]["eu-west-1"].sent_messages]

    @property
    def provider_calls(self):
        return len(self.inbox) + len(self.wire.texts) + len(self.wire.pushes)

    @property
    def lines(self):
        return list(self.messages.scan())

    @property
    def answers(self):
        return self.wire.answers

    def later(self, **delta):
        self.now += timedelta(**delta)

    def requests(self):
        return Counter(self.wire.requests)


@pytest.fixture
def world(tmp_path):
    path = tmp_path / "publication.json"
    path.write_text(json.dumps(PUBLICATION.to_json()))
    with mock_aws(), wire() as one:
        yield World(one, str(path))
