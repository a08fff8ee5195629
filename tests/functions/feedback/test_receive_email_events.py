"""Feedback as Lambda runs it: any order, any repetition, a crash anywhere; nothing is lost and nothing counts twice."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from functions.dispatch.api import Messages
from functions.dispatch.model import Message
from functions.feedback.handlers.receive_email_events import ReceiveEmailEventsSettings, build
from functions.permissions.api import Permissions
from functions.shared.clock import system_clock
from tests.fakes.providers import Killed, wire
from tests.fakes.ses_events import KINDS, ses_event
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SENT = Message(
    message="m",
    profile="p-1",
    enrolment="e-1",
    journey="welcome",
    version="v",
    step="greet",
    visit="1",
    channel="email",
    message_class="marketing",
    topic="offers",
    template="hello",
    planned_at=NOON,
    decided_at=NOON,
    phase="sent",
    decision="sent",
    contact="email#1",
)


class World:
    """The function with its tables, and a queue that hears everything on the bus."""

    def __init__(self, one):
        self.wire = one
        create_table("messages")
        create_table("permissions")
        self.messages = Messages("messages")
        self.permissions = Permissions("permissions")
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="segue")
        self.heard_at = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.heard_at, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="segue", EventPattern='{"source": ["segue.feedback"]}')
        events.put_targets(Rule="all", EventBusName="segue", Targets=[{"Id": "1", "Arn": arn}])
        self.restart()

    def restart(self):
        settings = ReceiveEmailEventsSettings("messages", "permissions", "segue")
        self.handler = build(settings, system_clock)

    def receive(self, *envelopes):
        records = [
            {"messageId": str(n), "body": json.dumps(one), "eventSource": "aws:sqs"} for n, one in enumerate(envelopes)
        ]
        answer = self.handler({"Records": records}, None)
        return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def heard(self):
        """Takes what has come over the bus."""
        sqs = boto3.client("sqs")
        found = sqs.receive_message(QueueUrl=self.heard_at, MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            sqs.delete_message(QueueUrl=self.heard_at, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    @property
    def status(self):
        return self.messages.get("m").status

    @property
    def suppressed(self):
        return self.permissions.read("email#1", "p-1").suppressed


@pytest.fixture
def world():
    with mock_aws(), wire() as one:
        made = World(one)
        made.messages.write(SENT)
        yield made


def test_a_delivery_moves_the_status_and_comes_back_as_an_event(world):
    assert world.status == "sent"
    assert world.receive(ses_event("Delivery", "m")) == []
    assert world.status == "delivered"
    [heard] = world.heard()
    assert (heard["source"], heard["detail-type"]) == ("segue.feedback", "Email Delivered")
    assert heard["detail"]["type"] == "track"
    assert heard["detail"]["timestamp"] == "2026-03-02T13:00:00.123Z"


@pytest.mark.parametrize("order", list(permutations(["Delivery", "Open", "Click"])), ids="-".join)
def test_the_status_only_moves_forward(world, order):
    for kind in order:
        world.receive(ses_event(kind, "m"))
    assert world.status == "clicked"
    assert world.messages.get("m").status_at == datetime(2026, 3, 2, 13, 0, 0, 123000, tzinfo=UTC)
    assert sorted(heard["detail-type"] for heard in world.heard()) == [
        "Email Delivered",
        "Email Link Clicked",
        "Email Opened",
    ]


@pytest.mark.parametrize(("kind", "reason"), [("Bounce", "bounced_hard"), ("Complaint", "complained")])
def test_a_hard_bounce_and_a_complaint_suppress_the_address(world, kind, reason):
    assert world.receive(ses_event(kind, "m"), ses_event(kind, "m", envelope_id="again")) == []
    assert world.suppressed == reason
    assert len(list(world.permissions.ledger("email#1"))) == 1
    assert world.status == reason
    assert len({heard["detail"]["messageId"] for heard in world.heard()}) == 1


def test_a_soft_bounce_leaves_the_address(world):
    world.receive(ses_event("Bounce", "m", bounceType="Transient"))
    assert world.suppressed is None
    assert world.status == "bounced_soft"


def test_the_send_event_settles_a_lost_answer(world):
    lost = {"phase": "unknown", "decision": "failed", "reason": "unknown_outcome"}
    line = Message(**{**{name: getattr(SENT, name) for name in SENT.__slots__}, "message": "lost", **lost})
    world.messages.write(line)
    world.receive(ses_event("Send", "lost"))
    settled = world.messages.get("lost")
    assert (settled.phase, settled.decision, settled.reason) == ("sent", "sent", None)
    assert world.heard() == []


def test_a_refusal_after_the_fact_is_a_failure(world):
    world.receive(ses_event("Reject", "m"))
    line = world.messages.get("m")
    assert (line.status, line.decision, line.reason) == ("failed", "failed", "provider_rejected")


def test_what_is_not_ours_or_not_known_is_counted_and_said(world, capsys, caplog):
    assert world.receive(ses_event("Delivery", None), ses_event("Delivery", "nobody"), ses_event("Bounce", "x")) == []
    [metric] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (metric["receipts_foreign"], metric["receipts_unknown_message"]) == ([1], [2])
    assert "not ours" in caplog.text
    assert "ann@" not in caplog.text
    assert world.heard() == []


def test_only_the_malformed_record_returns(world):
    assert world.receive({"detail": {"eventType": "Open"}}, ses_event("Open", "m")) == [0]
    assert world.status == "opened"


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_around_any_request_is_repaired_by_redelivery(world, kind):
    world.wire.reset()
    world.receive(ses_event(kind, "m"))
    clean = len(world.wire.requests)
    after = (world.status, world.suppressed, {heard["detail"]["messageId"] for heard in world.heard()})
    for point in range(1, clean + 1):
        for moment in ("before", "after"):
            message = f"m-{point}-{moment}"
            contact = f"email#{message}"
            fields = {name: getattr(SENT, name) for name in SENT.__slots__}
            world.messages.write(Message(**{**fields, "message": message, "contact": contact}))
            event = ses_event(kind, message, ses_id=message, feedbackId=message)
            world.wire.reset()
            world.wire.kill = (point, moment)
            with pytest.raises(Killed):
                world.receive(event)
            world.restart()
            assert world.receive(event) == []
            assert world.messages.get(message).status == after[0]
            assert world.permissions.read(contact, "p-1").suppressed == after[1]
            assert len({heard["detail"]["messageId"] for heard in world.heard()}) == len(after[2])


def test_a_bus_that_refuses_makes_the_record_come_again(world):
    world.wire.say["PutEvents"] = "throttled"
    assert world.receive(ses_event("Open", "m")) == [0]
    world.wire.say.clear()
    assert world.receive(ses_event("Open", "m")) == []


def test_the_trigger_as_aws_sends_it_with_a_record_that_is_no_json(world):
    given = json.loads((Path(__file__).parents[2] / "data" / "lambda_events.json").read_text())
    envelope = {**given["eventbridge"], "source": "aws.ses", "detail": ses_event("Open", "m")["detail"]}
    given["sqs"]["Records"][1]["body"] = json.dumps(envelope)
    answer = world.handler(given["sqs"], None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": given["sqs"]["Records"][0]["messageId"]}]}
    assert world.status == "opened"


def test_a_status_keeps_the_time_of_the_word_that_set_it(world):
    world.receive(ses_event("Open", "m"))
    later = (NOON + timedelta(days=1)).isoformat()
    world.receive(ses_event("Delivery", "m", timestamp=later))
    assert world.messages.get("m").status_at.day == 2
