"""Whatever is told is put in few requests and in order; what a busy bus refuses is put again, alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.shared.bus import ATTEMPTS, ENTRIES, Bus, BusEvent
from functions.shared.errors import TransientError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
REQUEST_BYTES = 1024 * 1024


@dataclass
class EventBridge:
    """Refuses each event of these numbers so many times; answers as PutEvents does."""

    refusals: dict[int, int] = field(default_factory=dict)
    calls: list[list[int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803
        numbers = [json.loads(one["Detail"])["n"] for one in Entries]
        self.calls.append(numbers)
        self.sizes.append(sum(14 + len("".join(one.values()).encode()) for one in Entries))
        answers = [self._answer(n) for n in numbers]
        return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}

    def _answer(self, n: int) -> dict[str, str]:
        if self.refusals.get(n, 0) == 0:
            return {"EventId": str(n)}
        self.refusals[n] -= 1
        return {"ErrorCode": "ThrottlingException", "ErrorMessage": "Slow down."}


def publish(client: EventBridge, texts: Sequence[str], pauses: list[float] | None = None) -> None:
    bus = Bus("segue", "segue.test", client, (pauses if pauses is not None else []).append)
    bus.publish([BusEvent("Told", {"n": n, "text": text}) for n, text in enumerate(texts)])


@given(st.lists(st.integers(min_value=0, max_value=400_000), max_size=30))
def test_requests_hold_ten_events_and_1_mib_at_most_and_keep_the_order(lengths: list[int]) -> None:
    client = EventBridge()
    publish(client, ["x" * length for length in lengths])
    assert [n for call in client.calls for n in call] == list(range(len(lengths)))
    assert all(0 < len(call) <= ENTRIES for call in client.calls)
    assert all(size <= REQUEST_BYTES for size in client.sizes)


def test_twenty_small_events_are_two_requests_and_none_is_none() -> None:
    client = EventBridge()
    publish(client, [])
    publish(client, ["x"] * 20)
    assert [len(call) for call in client.calls] == [10, 10]


def test_only_what_was_refused_is_put_again_after_a_pause_and_before_what_follows() -> None:
    client, pauses = EventBridge({1: 2, 3: 1}), list[float]()
    publish(client, ["x"] * 12, pauses)
    assert client.calls == [list(range(10)), [1, 3], [1], [10, 11]]
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.2 for pause in pauses)


def test_what_is_refused_to_the_end_is_passing_and_says_nothing_of_what_it_said() -> None:
    client = EventBridge({1: 99})
    with pytest.raises(TransientError, match=r"^the bus refused 1 events: ThrottlingException$"):
        publish(client, ["x"] * 12)
    assert client.calls == [list(range(10))] + [[1]] * (ATTEMPTS - 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "ann"}}, "PutEvents"), "ThrottlingException"),
        (ReadTimeoutError(endpoint_url="https://events"), "ReadTimeoutError"),
    ],
)
def test_a_bus_that_takes_no_request_is_passing(error: Exception, code: str) -> None:
    class Closed(EventBridge):
        def put_events(self, **_: Any) -> dict[str, Any]:
            raise error

    with pytest.raises(TransientError, match=rf"^the bus took none of 10 events: {code}$"):
        publish(Closed(), ["x"] * 12)


def test_an_event_says_where_from_and_when() -> None:
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="segue")
        heard = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="segue", EventPattern='{"source": ["segue.test"]}')
        events.put_targets(Rule="all", EventBusName="segue", Targets=[{"Id": "1", "Arn": arn}])
        Bus("segue", "segue.test", events).publish([BusEvent("Told", {"n": 1}, NOON)])
        (message,) = sqs.receive_message(QueueUrl=heard)["Messages"]
    said = json.loads(message["Body"])
    assert (said["source"], said["detail-type"], said["detail"]) == ("segue.test", "Told", {"n": 1})
    assert said["time"].startswith("2026-03-02T12:00:00")
