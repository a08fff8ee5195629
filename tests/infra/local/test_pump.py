"""The pump delivers as Lambda's pollers do: partial failures, retries later, dead letters after too many."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from functions.shared.delivery import first_sent
from infra.local.clock import VirtualClock
from infra.local.pump import Mapping, Pump

START = datetime(2026, 1, 1, tzinfo=UTC)
HIDDEN = timedelta(minutes=3)


class Function:
    """Records its batches; fails the records whose body is named in ``bad``."""

    def __init__(self, bad=(), raises=False):
        self.id = "work"
        self.batches = []
        self.records = []
        self.bad = bad
        self.raises = raises

    def __call__(self, event):
        bodies = [json.loads(record["body"]) for record in event["Records"]]
        self.records += event["Records"]
        self.batches.append(bodies)
        if self.raises:
            raise RuntimeError("broken")
        failed = [record for record in event["Records"] if json.loads(record["body"]) in self.bad]
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


@pytest.fixture
def sqs():
    with mock_aws():
        boto3.DEFAULT_SESSION = None
        yield boto3.client("sqs")
        boto3.DEFAULT_SESSION = None


def depth(sqs, url):
    name = "ApproximateNumberOfMessages"
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def world(sqs, function, bodies, batch_size=10):
    clock = VirtualClock(START)
    pump = Pump(sqs, clock, lambda url: int(depth(sqs, url)))
    work = sqs.create_queue(QueueName="work")["QueueUrl"]
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    pump.mappings.append(
        Mapping(work, "arn:aws:sqs:eu-west-1:123456789012:work", function, batch_size, dead, 3, HIDDEN)
    )
    for body in bodies:
        sqs.send_message(QueueUrl=work, MessageBody=json.dumps(body))
    return clock, pump


def pumped(sqs, function, bodies, rounds=10, batch_size=10):
    clock, pump = world(sqs, function, bodies, batch_size)
    for _ in range(rounds):
        while pump.step():
            pass
        due = pump.next_due()
        if due is None:
            break
        clock.advance_to(due)
    dead = pump.mappings[0].dead_letter_url
    letters = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
    return clock, [json.loads(letter["Body"]) for letter in letters]


def test_a_batch_is_delivered_once_when_all_is_well(sqs):
    function = Function()
    clock, letters = pumped(sqs, function, [1, 2, 3])
    assert function.batches == [[1, 2, 3]]
    assert (clock(), letters) == (START, [])


def test_only_what_failed_comes_again_later_and_ends_as_a_dead_letter(sqs):
    function = Function(bad=[2])
    clock, letters = pumped(sqs, function, [1, 2, 3])
    assert function.batches == [[1, 2, 3], [2], [2]]
    assert letters == [2]
    assert clock() == START + 2 * HIDDEN


def test_what_comes_again_is_as_old_as_it_was(sqs):
    function = Function(bad=[2])
    clock, pump = world(sqs, function, [2])
    for _ in range(3):
        pump.step()
        clock.advance_to(clock() + HIDDEN)
    assert not pump.step()
    clock.advance_to(START + timedelta(days=2))
    pump.redrive()
    pump.step()
    assert len(function.records) == 4
    assert {first_sent(record) for record in function.records} == {START}


def test_a_function_that_raises_returns_its_whole_batch(sqs):
    function = Function(raises=True)
    _, letters = pumped(sqs, function, [1, 2])
    assert [sorted(batch) for batch in function.batches] == [[1, 2]] * 3
    assert sorted(letters) == [1, 2]


def test_a_large_batch_is_delivered_at_once(sqs):
    function = Function()
    pumped(sqs, function, range(120), batch_size=100)
    assert [len(batch) for batch in function.batches] == [100, 20]


def test_a_delivery_ends_at_six_megabytes_however_many_records_it_might_hold(sqs):
    function = Function()
    bodies = [f"{n}" + 900_000 * "x" for n in range(13)]
    pumped(sqs, function, bodies, batch_size=100)
    assert [len(batch) for batch in function.batches] == [6, 6, 1]
    assert [body for batch in function.batches for body in batch] == bodies


def test_time_does_not_pass_while_nothing_is_retried(sqs):
    clock, _ = pumped(sqs, Function(bad=["x"]), ["x"])
    assert clock() - START <= 2 * HIDDEN
