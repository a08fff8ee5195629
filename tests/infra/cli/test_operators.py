"""Operators look at people and say who is one: what the commands print, and what they put on the bus."""

import json
import re
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from functions.shared.publication import Publication
from functions.shared.store import DynamoRows
from infra.local.replay.lines import Reader, read_lines
from infra.local.replay.replay import recogniser_on
from tests.infra.cli.pages import printed, shown

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "undo-a-merge.md").read_text(encoding="utf-8")
EVENTS, COMMAND = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
PUBLICATION = Publication(
    policy={}, journeys={}, interest={}, series={}, expected=[], templates={}, freshness_seconds=3600
)


@pytest.fixture
def events(tmp_path):
    def file(text=EVENTS):
        path = tmp_path / "events.jsonl"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return file


@pytest.fixture
def bus():
    with mock_aws():
        aws, sqs = boto3.client("events"), boto3.client("sqs")
        queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        aws.create_event_bus(Name="segue-dev")
        aws.put_rule(Name="all", EventBusName="segue-dev", EventPattern='{"source": [{"prefix": ""}]}')
        aws.put_targets(Rule="all", EventBusName="segue-dev", Targets=[{"Id": "queue", "Arn": arn}])
        yield lambda: [
            json.loads(message["Body"])["detail"]
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        ]


def test_a_person_of_a_file_is_shown_as_the_page_says(segue, events):
    command = "segue identity show email:ann@example.com --events events.jsonl"
    assert printed(segue("identity", "show", "email:ann@example.com", "--events", events())) == shown(TEXT, command)


def test_a_merge_undone_is_shown_as_the_page_says(segue, events):
    command = "segue identity show anonymous_id:81 --events events.jsonl"
    assert printed(segue("identity", "show", "anonymous_id:81", "--events", events(EVENTS + COMMAND))) == shown(
        TEXT, command
    )


@pytest.mark.parametrize("who", ["email:ANN@Example.com", "5f2721fd-bedd-5b39-b3a7-112f2ff372f6", "customer_id:u-17"])
def test_a_person_is_found_by_any_spelling_and_by_an_old_id(segue, events, who):
    said = json.loads(segue("identity", "show", who, "--events", events(), "--json").stdout)
    assert said["profile"] == "8622f4c5-8c73-5038-9a25-77d9d98a1b42"
    assert [one["value"] for one in said["identifiers"]] == ["u-17", "ann@example.com", "81"]


def test_a_person_of_a_deployed_stage_is_shown(segue, events, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="segue-qa/deployment-key", SecretString="pepper")
        tables = [f"segue-qa-{name}" for name in ("identity", "profiles")]
        for table in tables:
            boto3.client("dynamodb").create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            )
        recogniser = recogniser_on(DynamoRows(), PUBLICATION, *tables, pepper="pepper")
        for one in Reader().accepted(read_lines(Path(events()), None), None):
            assert not recogniser.recognise({"r": [(one.reading.event, recogniser.named(one.reading.event))]})
        lines = printed(segue("identity", "show", "email:ann@example.com", "--stage", "qa"))
    # The ids differ: every deployment hashes with a key of its own.
    assert lines[1:5] == shown(TEXT, "segue identity show email:ann@example.com --events events.jsonl")[1:5]
    assert lines[-1].startswith("  linked 2026-03-02 by Order Completed m-17")


def test_a_stage_that_is_not_there_says_what_to_do(segue):
    with mock_aws():
        answer = segue("identity", "show", "customer_id:u-17", "--stage", "nowhere")
    assert answer.exit_code == 3
    assert "nowhere" in answer.stderr
    assert "--events FILE" in answer.stderr


@pytest.mark.parametrize("who", ["customer_id:u-18", "not-a-profile", "email:nobody@example.com"])
def test_nobody_is_said_plainly(segue, events, who):
    answer = segue("identity", "show", who, "--events", events())
    assert answer.exit_code == 1
    assert f"nobody is {who}" in answer.stderr


@pytest.mark.parametrize("verb", ["link", "cut", "clear", "unmerge"])
def test_each_command_is_one_event_on_the_bus(segue, bus, verb):
    answer = segue("identity", verb, "customer_id:u-17", "email:ann@example.com")
    assert answer.exit_code == 0, answer.stderr
    (detail,) = bus()
    assert (detail["type"], detail["command"]) == ("command", verb)
    assert detail["a"] == {"type": "customer_id", "id": "u-17"}
    assert detail["b"] == {"type": "email", "id": "ann@example.com"}
    assert detail["messageId"] in answer.stdout
    assert detail["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("u-17", "email:ann@example.com"),
        ("customer_id:", "email:ann@example.com"),
        ("customer_id:u-17", "customer_id:u-17"),
        ("no such kind:1", "email:ann@example.com"),
        ("email:not an address", "customer_id:u-17"),
    ],
)
def test_what_names_nobody_is_refused_before_anything_is_said(segue, bus, a, b):
    answer = segue("identity", "cut", a, b)
    assert answer.exit_code == 2
    assert not bus()


@pytest.mark.parametrize("verb", ["show", "link", "cut", "clear", "unmerge"])
def test_help_teaches_by_example(segue, verb):
    assert f"segue identity {verb} " in segue("identity", verb, "--help").stdout
