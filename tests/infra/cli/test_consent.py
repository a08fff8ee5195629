import json

import boto3
import pytest
from moto import mock_aws

COMMAND = ("consent", "u-17", "withdrawn", "--topic", "offers", "--channel", "email")


@pytest.fixture
def bus():
    """A bus whose events land in a queue, so that what was put can be read."""
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name="segue-dev")
        events.put_rule(Name="all", EventBusName="segue-dev", EventPattern='{"source": [{"prefix": ""}]}')
        events.put_targets(Rule="all", EventBusName="segue-dev", Targets=[{"Id": "queue", "Arn": arn}])
        yield lambda: [
            json.loads(message["Body"])
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        ]


def test_puts_one_consent_event_on_the_bus_of_the_stage(segue, bus):
    answer = segue(*COMMAND)
    assert answer.exit_code == 0
    assert "withdrawn: offers by email for u-17" in answer.stdout
    assert "segue-dev in eu-west-1" in answer.stdout
    [envelope] = bus()
    assert (envelope["source"], envelope["detail-type"]) == ("operators", "consent")
    detail = envelope["detail"]
    assert (detail["type"], detail["userId"], detail["topic"]) == ("consent", "u-17", "offers")
    assert (detail["channel"], detail["state"]) == ("email", "withdrawn")
    assert detail["messageId"] in answer.stdout
    assert detail["timestamp"].endswith("Z")


def test_a_stage_that_is_not_deployed_says_so(segue):
    with mock_aws():
        answer = segue(*COMMAND, "--stage", "prod")
    assert answer.exit_code == 3
    assert "no event bus segue-prod in eu-west-1" in answer.stderr
    assert "deploy" in answer.stderr


def test_no_region_says_how_to_set_one(segue, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    answer = segue(*COMMAND)
    assert answer.exit_code == 3
    assert "AWS_REGION" in answer.stderr


def test_aws_region_names_the_region_before_the_default_one_does(segue, monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for default in (None, "us-east-1"):
        monkeypatch.setenv("AWS_REGION", "eu-north-1")
        if default is None:
            monkeypatch.delenv("AWS_DEFAULT_REGION")
        else:
            monkeypatch.setenv("AWS_DEFAULT_REGION", default)
        with mock_aws():
            answer = segue(*COMMAND, "--stage", "prod")
        assert "no event bus segue-prod in eu-north-1" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("consent", "u-17", "maybe", "--topic", "offers", "--channel", "email"),
        ("consent", "u-17", "granted", "--topic", "offers", "--channel", "pigeon"),
        ("consent", "u-17", "granted", "--channel", "email"),
        ("consent", " ", "granted", "--topic", "offers", "--channel", "email"),
    ],
)
def test_unusable_arguments_exit_2_in_words(segue, arguments):
    answer = segue(*arguments)
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output
