"""Deliveries as a whole: worked on in portions while time lasts, and only what failed comes again."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.delivery import Portions, delivered_again, first_sent, whole_delivery
from functions.shared.errors import TransientError
from functions.shared.sqs import Queue


def deliver(work: Any, *bodies: object, portions: Portions | None = None) -> list[str]:
    records = [{"messageId": f"r{n}", "body": json.dumps(body)} for n, body in enumerate(bodies)]
    answer = whole_delivery({"Records": records}, int, work, "test", portions=portions)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_a_delivery_is_worked_on_once_and_answers_what_failed() -> None:
    seen: list[Mapping[str, int]] = []

    def work(records: Mapping[str, int]) -> set[str]:
        seen.append(records)
        return {"r2"}

    assert deliver(work, 1, "no number", 3) == ["r1", "r2"]
    assert seen == [{"r0": 1, "r2": 3}]


def test_a_record_nobody_foresaw_never_holds_up_the_others() -> None:
    def work(records: Mapping[str, int]) -> set[str]:
        if 0 in records.values():
            raise ZeroDivisionError
        return set()

    assert deliver(work, 1, 0, 2) == ["r1"]


def test_a_passing_failure_brings_everything_back_without_trying_each_alone() -> None:
    calls = 0

    def work(records: Mapping[str, int]) -> set[str]:
        nonlocal calls
        calls += 1
        raise TransientError("later")

    assert deliver(work, 1, 2) == ["r0", "r1"]
    assert calls == 1


class Worker:
    """Takes a second for each unit of a portion, fails what it is told to, and remembers what was sent again."""

    def __init__(self, seconds: int = 1_000, fails: Callable[[int], bool] = lambda body: False) -> None:
        self.seconds = seconds
        self.fails = fails
        self.done: list[list[int]] = []
        self.again: list[int] = []
        self.sent: list[dict[str, Any]] = []

    def __call__(self, records: Mapping[str, int]) -> set[str]:
        self.done.append(list(records.values()))
        self.seconds -= sum(records.values())
        return {record for record, body in records.items() if self.fails(body)}

    def portions(self, most: int, needed: int = 0) -> Portions:
        return Portions(most, int, needed, Queue("again", self), lambda: self.seconds * 1000)

    def send_message(self, **request: Any) -> None:
        self.again.append(json.loads(request["MessageBody"]))
        self.sent.append(request)


def test_a_portion_holds_no_more_than_fits_unless_one_record_does() -> None:
    worker = Worker()
    assert deliver(worker, 2, 2, 1, 9, 4, portions=worker.portions(most=4)) == []
    assert worker.done == [[2, 2], [1], [9], [4]]


def test_what_there_is_no_time_for_goes_back_as_new_messages_not_as_failures() -> None:
    worker = Worker(seconds=10)
    assert deliver(worker, 3, 3, 3, 3, portions=worker.portions(most=3, needed=5)) == []
    assert (worker.done, worker.again) == ([[3], [3]], [3, 3])
    assert [one["DelaySeconds"] for one in worker.sent] == [60, 60]


def test_what_is_held_back_is_counted_for_its_age_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(Worker(), 3, 3, 3, portions=Worker(seconds=0).portions(most=3, needed=5))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["held_back"] for one in lines if "held_back" in one] == [[2.0]]


def test_what_was_delivered_before_stays_so_however_often_it_is_held_back() -> None:
    sent = {"SentTimestamp": "1772449200123"}
    again = {**sent, "ApproximateReceiveCount": "2"}
    anew = {**sent, "ApproximateReceiveCount": "1"}
    records = [
        {"messageId": f"r{n}", "body": str(n + 1), "attributes": attributes}
        for n, attributes in enumerate([anew, anew, again])
    ]
    worker = Worker()
    for _ in range(2):
        whole_delivery({"Records": records}, int, worker, "test", portions=worker.portions(most=1, needed=2_000))
        [new, old] = worker.sent[-2:]
        assert "MessageAttributes" not in new
        [stated] = old["MessageAttributes"].values()
        delivered = {
            **records[2],
            "attributes": {"SentTimestamp": "1772500000000", "ApproximateReceiveCount": "1"},
            "messageAttributes": {"firstSent": {"dataType": "Number", "stringValue": stated["StringValue"]}},
        }
        assert delivered_again({"Records": [records[0], delivered]}) == {"r2"}
        assert first_sent(delivered) == datetime(2026, 3, 2, 11, 0, 0, 123_000, UTC)
        records[2] = delivered


def test_the_first_portion_is_always_worked_on() -> None:
    worker = Worker(seconds=0)
    assert deliver(worker, 3, 3, portions=worker.portions(most=3, needed=5)) == []
    assert (worker.done, worker.again) == ([[3]], [3])


def test_what_cannot_be_sent_again_fails() -> None:
    class Refusing:
        def send_message(self, **_: Any) -> None:
            raise OSError("the queue is away")

    worker = Worker()
    assert deliver(worker, 1, 1, 1, portions=Portions(1, int, 5, Queue("again", Refusing()), lambda: 0)) == ["r1", "r2"]


@given(st.lists(st.integers(1, 5) | st.just("no number"), max_size=12), st.integers(1, 8), st.integers(0, 20))
def test_every_record_is_done_or_sent_again_or_failed_and_never_two_of_these(bodies, most, seconds) -> None:
    worker = Worker(seconds=seconds, fails=lambda body: body == 5)
    failed = deliver(worker, *bodies, portions=worker.portions(most, needed=5))
    done = [body for portion in worker.done for body in portion]
    unread = [n for n, body in enumerate(bodies[: len(bodies) - len(worker.again)]) if body == "no number"]
    assert len(done) + len(unread) + len(worker.again) == len(bodies)
    assert done + worker.again == [body for n, body in enumerate(bodies) if n not in unread]
    assert len(failed) == len(unread) + done.count(5)
