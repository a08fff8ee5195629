"""Rejected messages are kept once, found by their reason, and told about without what they said."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.capture.handlers.quarantine_events import QuarantineEventsSettings, build
from functions.capture.index import Entry, grouped
from functions.capture.quarantine import Quarantine, notices
from functions.shared.bucket import Bucket
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import system_clock


def rejected(message_id: str | None, source: str = "web", field: str = "userId", **more: Any) -> dict[str, Any]:
    return {
        "field": field,
        "rule": "no identifier",
        "messageId": message_id,
        "receivedAt": "2026-03-02T12:00:00.000Z",
        "source": source,
        "body": '{"email":"ann@example.com"}',
        **more,
    }


def delivery(*bodies: str) -> dict[str, Any]:
    records = [{"messageId": f"r{n}", "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    return {"Records": records}


def stored() -> dict[str, str]:
    s3 = boto3.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="quarantine").get("Contents", [])]
    return {key: s3.get_object(Bucket="quarantine", Key=key)["Body"].read().decode() for key in keys}


class Died(BaseException):
    """The process ends here; nothing that catches errors catches this."""


class FakeAws:
    """S3 and EventBridge as far as the quarantine knows them; the call of number ``dies`` fails before or after it."""

    def __init__(self, dies: int = 0, after: bool = False) -> None:
        self.objects: dict[str, bytes] = {}
        self.told: list[dict[str, Any]] = []
        self.order: list[str] = []
        self._dies = dies
        self._after = after

    def put_object(self, **said: Any) -> None:
        if self._call(said["Key"].partition("/")[0]):
            self.objects[said["Key"]] = said["Body"]
        self._die()

    def put_events(self, **said: Any) -> dict[str, int]:
        if self._call("notice"):
            self.told += [json.loads(entry["Detail"]) for entry in said["Entries"]]
        self._die()
        return {"FailedEntryCount": 0}

    def _call(self, what: str) -> bool:
        self.order.append(what)
        return len(self.order) != self._dies or self._after

    def _die(self) -> None:
        if len(self.order) == self._dies:
            raise Died


def keep(aws: FakeAws, lines: list[dict[str, Any]]) -> None:
    Quarantine(Bucket("quarantine", client=aws), Bus("segue", NOTICES, aws)).keep({"rejected": lines})


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="quarantine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("events").create_event_bus(Name="segue")
        yield


def test_a_batch_is_one_object_and_an_index_entry_for_each_reason(aws: None) -> None:
    handler = build(QuarantineEventsSettings("quarantine", "segue"), system_clock)
    lines = [rejected("m1"), rejected("m2"), rejected("m3", field="properties.total")]
    assert handler(delivery(json.dumps({"rejected": lines})), None) == {"batchItemFailures": []}
    objects = stored()
    by_field, by_property, kept = sorted(objects, key=lambda key: (not key.startswith("index/"), "prop" in key))
    assert [json.loads(line) for line in objects[kept].splitlines()] == lines
    name = kept.removeprefix("rejected/2026/03/02/").removesuffix(".jsonl")
    assert by_field.startswith(f"index/2026/03/02/web/userId/no-identifier/2-{name}-")
    assert by_property.startswith(f"index/2026/03/02/web/properties.total/no-identifier/1-{name}-")
    said = json.loads(objects[by_field])
    assert (said["rule"], said["count"], said["object"]) == ("no identifier", 2, kept)
    assert said["firstReceivedAt"] == said["lastReceivedAt"] == "2026-03-02T12:00:00.000Z"
    assert len(said["messageIdHashes"]) == 2


def test_a_batch_delivered_again_overwrites_its_objects(aws: None) -> None:
    handler = build(QuarantineEventsSettings("quarantine", "segue"), system_clock)
    twice = delivery(json.dumps({"rejected": [rejected("m1"), rejected("m2")]}))
    assert handler(twice, None) == {"batchItemFailures": []}
    before = stored()
    assert handler(twice, None) == {"batchItemFailures": []}
    assert stored() == before


def test_a_record_that_cannot_be_kept_comes_back_alone(aws: None) -> None:
    handler = build(QuarantineEventsSettings("quarantine", "segue"), system_clock)
    bodies = [json.dumps({"rejected": [rejected("m1")]}), '{"rejected": [{}]}', "no json"]
    failed = handler(delivery(*bodies), None)["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == ["r1", "r2"]


LONG = [
    rejected("m1", body="a" * 9, whole="w" * 32, part=1, parts=3),
    rejected("m1", body="b" * 9, whole="w" * 32, part=2, parts=3),
    rejected("m2", field="type"),
]
LAST = [rejected("m1", body="c", whole="w" * 32, part=3, parts=3)]


def test_the_notice_comes_last_and_the_index_after_what_it_names() -> None:
    aws = FakeAws()
    keep(aws, LONG)
    assert aws.order == ["parts", "rejected", "index", "index", "notice"]


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after it"])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
def test_a_worker_that_dies_at_any_request_is_healed_by_the_next_delivery(call: int, after: bool) -> None:
    healthy, dying = FakeAws(), FakeAws(dies=call, after=after)
    keep(healthy, LONG)
    with pytest.raises(Died):
        keep(dying, LONG)
    keep(dying, LONG)
    assert dying.objects == healthy.objects
    assert healthy.told == dying.told[-len(healthy.told) :]


def test_the_later_parts_of_a_long_body_stand_where_the_first_says_even_when_they_come_alone() -> None:
    aws = FakeAws()
    keep(aws, LAST)
    assert aws.order == ["parts"]
    keep(aws, LONG)
    parts = {key: json.loads(body)["body"] for key, body in aws.objects.items() if key.startswith("parts/")}
    where = "parts/2026/03/02/" + "w" * 32
    assert parts == {f"{where}/2.json": "b" * 9, f"{where}/3.json": "c"}
    assert [json.loads(aws.objects[key])["count"] for key in aws.objects if key.startswith("index/")] == [1, 1]


def test_messages_of_several_days_are_kept_each_under_its_own() -> None:
    aws = FakeAws()
    keep(aws, [rejected("m1"), rejected("m2", receivedAt="2026-03-05T12:00:00.000Z"), rejected("m3")])
    counts = {Entry.from_key(key).day: Entry.from_key(key).count for key in aws.objects if key.startswith("index/")}  # type: ignore[union-attr]
    assert counts == {"2026/03/02": 2, "2026/03/05": 1}


def test_reasons_without_end_are_indexed_within_bounds() -> None:
    lines = [rejected(f"m{n}", field=f"properties.p{n % 700}") for n in range(1000)]
    aws = FakeAws()
    keep(aws, lines)
    assert aws.order.count("index") == len(grouped(lines)) == 21
    entries = [Entry.from_key(key) for key in aws.objects if key.startswith("index/")]
    assert sum(entry.count for entry in entries if entry) == 1000
    assert len(aws.objects) == 22


def test_notices_hold_no_personal_data_and_none_is_about_our_own_events() -> None:
    told = notices([rejected("ann@example.com"), rejected("m2"), rejected(None, "segue.feedback")], "key")
    (notice,) = told
    assert (notice["source"], notice["field"], notice["count"], notice["object"]) == ("web", "userId", 2, "key")
    assert "ann" not in json.dumps(told)
