"""The doors as they are deployed: built from their environment, on real queues and a real secret."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.capture.handlers import accept_bus_events, accept_http
from functions.capture.sqs import prompt_queue
from functions.shared.events import Event

LAMBDA_SECONDS = 30
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GOOD = {"type": "identify", "userId": "u1", "traits": {"name": "Ann"}}


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    with mock_aws():
        sqs = boto3.client("sqs")
        boto3.client("secretsmanager").create_secret(Name="keys", SecretString='{"write_key": "k", "source": "server"}')
        yield {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("identity", "quarantine")}


@pytest.fixture
def plan_path(tmp_path: Path) -> str:
    path = tmp_path / "tracking_plan.json"
    path.write_text('{"unplanned": "allow", "events": {}, "keep_ip": false, "keep_query_emails": false}')
    return str(path)


def received(url: str, field: str) -> list[Any]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [one for message in messages for one in json.loads(message["Body"])[field]]


def test_the_bus_door(urls: dict[str, str], plan_path: str) -> None:
    settings = accept_bus_events.AcceptBusEventsSettings(urls["identity"], urls["quarantine"], "claims", plan_path)
    details: list[Any] = [{**GOOD, "userId": f"u{n}"} for n in range(9)] + [{"type": "identify"}]
    records = [
        {
            "messageId": f"r{n}",
            "body": json.dumps({"detail-type": "identify", "source": "shop", "detail": detail}),
            "attributes": {"SentTimestamp": str(int(NOON.timestamp() * 1000))},
        }
        for n, detail in enumerate(details)
    ]
    answer = accept_bus_events.build(settings, lambda: NOON)({"Records": records}, None)
    assert answer == {"batchItemFailures": []}
    events = [Event.from_json(one) for one in received(urls["identity"], "events")]
    assert [event.body["userId"] for event in events] == [f"u{n}" for n in range(9)]
    (rejected,) = received(urls["quarantine"], "rejected")
    assert (rejected["field"], json.loads(rejected["body"])) == ("userId", {"type": "identify"})


def test_the_http_door(urls: dict[str, str], plan_path: str) -> None:
    settings = accept_http.AcceptHttpSettings(urls["identity"], urls["quarantine"], "claims", "keys", plan_path)
    body = json.dumps({"writeKey": "k", "batch": [GOOD, {"type": "x"}]})
    event = {"rawPath": "/v1/batch", "requestContext": {"http": {"method": "POST"}}, "body": body}
    answer = accept_http.build(settings, lambda: NOON)(event, None)
    assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (200, 1)
    (taken,) = received(urls["identity"], "events")
    assert (taken["source"], taken["trusted"]) == ("server", True)
    assert len(received(urls["quarantine"], "rejected")) == 1


def test_the_http_door_gives_up_on_aws_before_lambda_gives_up_on_it(urls: dict[str, str]) -> None:
    config = prompt_queue(urls["identity"])._client.meta.config
    once = config.connect_timeout + config.read_timeout
    # The secret and one queue, both silent, and a second between attempts.
    assert 2 * config.retries["total_max_attempts"] * (once + 1) < LAMBDA_SECONDS
