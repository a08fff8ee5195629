"""Work that was given up is tried again: counted, moved whole, and never lost."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from functions.shared.sqs import sent_anew
from infra.local.requests import observed
from infra.local.world import LocalWorld
from infra.redrive import WITH_ITS_AGE, first_sent_of
from tests import invariants
from tests.fakes.stopped import Stopped

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def dead():
    """``dead(body, ...)`` gives up messages of ``recognise-people``; ``dead.queue()`` is what its queue holds."""
    with mock_aws():
        sqs = boto3.client("sqs")
        urls = {
            name: sqs.create_queue(QueueName=f"segue-dev-{name}", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
            for name in ("recognise-people", "recognise-people-dlq", "send-email", "send-email-dlq")
        }

        def give_up(*bodies):
            for body in bodies:
                sqs.send_message(QueueUrl=urls["recognise-people-dlq"], MessageBody=body)

        def messages(name):
            return sqs_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].queues[f"segue-dev-{name}"].messages

        def bodies(name):
            return sorted(one.body for one in messages(name))

        def ages(name):
            found = sqs.receive_message(QueueUrl=urls[name], MaxNumberOfMessages=10, **WITH_ITS_AGE)["Messages"]
            return {one["Body"]: first_sent_of(one) for one in found}

        give_up.messages = messages
        give_up.ages = ages
        give_up.urls = urls
        give_up.queue = lambda: bodies("recognise-people")
        give_up.left = lambda: bodies("recognise-people-dlq")
        yield give_up


def test_depths_are_told_without_a_function(segue, dead):
    assert segue("redrive").stdout == "No work was given up: 2 functions with nothing in their dead letters.\n"
    dead("1", "2")
    assert segue("redrive").stdout.split() == ["recognise-people", "2"]
    assert json.loads(segue("redrive", "--json").stdout) == {"recognise-people": 2, "send-email": 0}


@pytest.mark.parametrize("name", ["recognise-people", "recognise_people"])
def test_messages_go_back_to_the_queue_they_came_from(segue, dead, name):
    bodies = [f"body {number:02}" for number in range(23)]
    dead(*bodies)
    answer = segue("redrive", name)
    assert (answer.exit_code, answer.stdout) == (0, "23 messages back with recognise-people.\n")
    assert (dead.queue(), dead.left()) == (bodies, [])
    assert json.loads(segue("redrive", name, "--json").stdout) == {
        "function": "recognise-people",
        "moved": 0,
        "left": 0,
    }


def test_however_often_a_message_is_put_back_it_says_when_it_was_first_sent(segue, dead):
    dead("1")
    [given_up] = dead.messages("recognise-people-dlq")
    given_up.sent_timestamp = long_ago = given_up.sent_timestamp - 86_400_000
    segue("redrive", "recognise-people")
    assert dead.ages("recognise-people") == {"1": long_ago}
    boto3.client("sqs").send_message(
        QueueUrl=dead.urls["recognise-people-dlq"], MessageBody="2", MessageAttributes=sent_anew(long_ago)
    )
    segue("redrive", "recognise-people")
    assert dead.ages("recognise-people") == {"1": long_ago, "2": long_ago}


@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after it"])
@pytest.mark.parametrize("number", range(1, 8))
def test_a_command_that_is_stopped_anywhere_loses_nothing_and_goes_on(segue, dead, number, late):
    dead("1", "2")
    with observed(Stopped(number, late)):
        segue("redrive", "recognise-people")
    assert set(dead.queue()) | set(dead.left()) == {"1", "2"}
    assert segue("redrive", "recognise-people").exit_code == 0
    assert set(dead.queue()) == {"1", "2"}
    assert len(dead.queue()) <= 3
    assert dead.left() == []


def test_a_function_that_is_not_there_is_named_with_those_that_are(segue, dead):
    answer = segue("redrive", "send-pigeon")
    assert answer.exit_code == 2
    assert "name one of: recognise-people, send-email" in answer.stderr


@pytest.mark.parametrize("arguments", [(), ("recognise-people",)])
def test_a_stage_that_is_not_deployed_says_so(segue, arguments):
    with mock_aws():
        answer = segue("redrive", *arguments, "--stage", "prod")
    assert answer.exit_code == 3
    assert "no functions of stage prod in eu-west-1" in answer.stderr


def test_an_event_given_up_is_on_its_person_after_a_redrive(segue):
    message = {"type": "identify", "messageId": "m1", "userId": "u1", "timestamp": "2026-03-02T12:00:00Z"}
    body = json.dumps({"source": "shop", "detail-type": "identify", "detail": message})
    with LocalWorld(start=START) as world:
        boto3.client("sqs").send_message(QueueUrl=world.queue_url("accept-bus-events") + "-dlq", MessageBody=body)
        assert list(world.dead_letters()) == ["accept-bus-events"]
        assert segue("redrive", "accept-bus-events").stdout == "1 message back with accept-bus-events.\n"
        world.run_until(START + timedelta(minutes=1))
        invariants.check(world, [message])


def test_help_teaches_by_example(segue):
    assert "segue redrive recognise-people" in segue("redrive", "--help").stdout
