"""Rejected messages are kept once, and told about without what they said."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.capture.handlers.quarantine_events import QuarantineEventsSettings, build
from functions.capture.quarantine import notices
from functions.shared.bus import NoticeBus
from functions.shared.clock import system_clock
from functions.shared.errors import TransientError


def rejected(message_id: str | None, source: str = "web", field: str = "userId") -> dict[str, Any]:
    return {
        "field": field,
        "rule": "no identifier",
        "messageId": message_id,
        "receivedAt": "2026-03-02T12:00:00.000Z",
        "source": source,
        "body": '{"email":"ann@example.com"}',
    }


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="quarantine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("events").create_event_bus(Name="segue")
        yield


def test_a_batch_delivered_again_overwrites_its_object(aws: None) -> None:
    handler = build(QuarantineEventsSettings("quarantine", "segue"), system_clock)
    body = json.dumps({"rejected": [rejected("m1"), rejected("m2")]})
    delivery = {"Records": [{"messageId": "r1", "body": body, "eventSource": "aws:sqs"}]}
    assert handler(delivery, None) == handler(delivery, None) == {"batchItemFailures": []}
    (stored,) = boto3.client("s3").list_objects_v2(Bucket="quarantine")["Contents"]
    assert stored["Key"].startswith("rejected/2026/03/02/")
    lines = boto3.client("s3").get_object(Bucket="quarantine", Key=stored["Key"])["Body"].read().splitlines()
    assert [json.loads(line) for line in lines] == [rejected("m1"), rejected("m2")]


def test_a_record_that_cannot_be_kept_comes_back_alone(aws: None) -> None:
    handler = build(QuarantineEventsSettings("quarantine", "segue"), system_clock)
    bodies = [json.dumps({"rejected": [rejected("m1")]}), '{"rejected": []}', "no json"]
    records = [{"messageId": f"r{n}", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    failed = handler({"Records": records}, None)["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == ["r1", "r2"]


def test_notices_hold_no_personal_data_and_none_is_about_our_own_events() -> None:
    told = notices([rejected("ann@example.com"), rejected("m2"), rejected(None, "segue.feedback")], "key")
    (notice,) = told
    assert (notice["source"], notice["field"], notice["count"], notice["object"]) == ("web", "userId", 2, "key")
    assert "ann" not in json.dumps(told)


def test_a_bus_that_refuses_a_notice_brings_the_batch_back() -> None:
    class Refusing:
        def put_events(self, **_: Any) -> dict[str, int]:
            return {"FailedEntryCount": 1}

    with pytest.raises(TransientError):
        NoticeBus("segue", Refusing()).publish("event.rejected", [{}])
