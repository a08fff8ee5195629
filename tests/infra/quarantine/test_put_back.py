"""What is kept comes back whole and once, wherever a command dies; only what is done is closed."""

import json
from datetime import date

import boto3
import pytest
from moto import mock_aws

from functions.capture.accept import accept
from functions.capture.delivery import items_of
from functions.capture.index import Entry
from functions.capture.model import Item
from functions.capture.quarantine import Quarantine
from functions.capture.sqs import _lines
from functions.shared.bucket import Bucket
from functions.shared.clock import parse_instant
from functions.shared.sqs import MESSAGE_BYTES, Queue, pack
from infra.local.requests import observed
from infra.quarantine.kept import Expired, QuarantineBucket, by_object
from infra.quarantine.put_back import Edits, Replay, edits_in
from tests.fakes.silent_bus import SilentBus
from tests.fakes.stopped import Stopped

NOON = parse_instant("2026-03-02T12:00:00Z")
MIB = 1024 * 1024


class Collected:
    """Takes what a door hands on."""

    def __init__(self):
        self.events, self.rejections = [], []

    def keep(self, wholes):
        pass

    def take(self, events, rejections):
        self.events += events
        self.rejections += rejections


class Stage:
    """A bucket, a queue, and the doors before and behind them."""

    def __init__(self):
        boto3.client("s3").create_bucket(
            Bucket="quarantine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        self.sqs = boto3.client("sqs")
        self.queue = Queue(self.sqs.create_queue(QueueName="door")["QueueUrl"], self.sqs)
        self.bucket = QuarantineBucket("quarantine", boto3.client("s3"))

    def keep(self, *items, missing=()):
        """Refuses what is bad of the items and keeps it as the door, its queue and its consumer do."""
        taken = Collected()
        accept(items, taken, "test")
        lines = list(_lines(taken.rejections))
        lines = [line for line in lines if line.get("part") not in missing]
        packs = pack([json.dumps(line) for line in lines])
        for texts in packs:
            Quarantine(Bucket("quarantine"), SilentBus()).keep({"rejected": [json.loads(text) for text in texts]})
        return len(packs)

    def replay(self, edits=None, **which):
        entries = by_object(self.bucket.entries(**which))
        replay = Replay(self.bucket) if edits is None else Replay(self.bucket, edits)
        return list(replay.put_back(entries, self.queue.send_packed))

    def bodies(self):
        """What stands in the door's queue; it is empty then."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.queue.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def items(self):
        """What the door will read from its queue."""
        return items_of(self.bodies(), NOON)

    def open(self):
        return [entry.field for entry in self.bucket.entries()]

    def closed(self):
        return [entry.field for entry in self.bucket.entries(put_back=True)]


@pytest.fixture
def stage(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    with mock_aws():
        yield Stage()


def bad(number=1, **more):
    message = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{number}",
        "properties": {"n": number},
        **more,
    }
    return Item(message, NOON, "shop", trusted=True)


def other(number=1):
    return bad(number, userId=["u1"])


def test_messages_come_back_as_they_came_and_their_entries_are_closed(stage):
    items = [bad(1), other(2), Item("not an object", NOON, "web", trusted=False, browser=True)]
    stage.keep(*items)
    assert stage.open() == ["userId", "userId", "message"]
    (outcome,) = stage.replay()
    assert (outcome.put_back, outcome.stay) == (3, [])
    assert stage.items() == items
    assert (stage.open(), stage.closed()) == ([], ["userId", "userId", "message"])


def test_a_thousand_messages_come_back_in_few_requests_under_a_mebibyte(stage):
    items = [bad(number, properties={"text": "x" * 3_000}) for number in range(1000)]
    assert stage.keep(*items) == 4
    outcomes = stage.replay()
    assert sum(outcome.put_back for outcome in outcomes) == 1000
    bodies = stage.bodies()
    assert len(bodies) <= 8
    assert max(len(body.encode()) for body in bodies) < MIB
    assert sorted(item.raw["messageId"] for item in items_of(bodies, NOON)) == sorted(f"m{n}" for n in range(1000))


@pytest.mark.parametrize("text", ["x" * 2_500_000, "å" * 250_000, "\x00" * 300_000])
def test_a_body_in_parts_is_joined_across_objects(stage, text):
    item = bad(1, properties={"x": text})
    assert stage.keep(item, bad(2)) >= (2 if len(text) < 400_000 else 3)
    stage.replay()
    assert stage.items() == [item, bad(2)]


def test_a_message_waits_for_the_parts_of_its_body(stage):
    large = bad(1, properties={"x": "x" * 400_000})
    stage.keep(large, other(2), missing={2})
    (outcome,) = stage.replay()
    assert outcome.put_back == 1
    ((name, why),) = outcome.stay
    assert name.endswith("line 1")
    assert why == "part 2 of its body has not arrived"
    assert len(stage.open()) == 1
    stage.keep(large)
    stage.replay()
    assert stage.items()[-1] == large
    assert stage.open() == []


def test_a_message_that_fits_no_queue_stays_and_says_so(stage):
    # Hex of a generator does not pack well; base64 of it is over a mebibyte.
    text = "".join(f"{(n * 2654435761) % 2**64:x}{(n * n * 40503) % 2**61:o}" for n in range(90_000))
    stage.keep(bad(1, properties={"x": text}), other(2))
    outcomes = stage.replay()
    assert [why for outcome in outcomes for _, why in outcome.stay] == ["too large for a queue message"]
    assert len(stage.open()) == 1
    assert all(len(body) <= MESSAGE_BYTES for body in stage.bodies())


# Listing, then for each of two objects: get, send, copy, delete.
@pytest.mark.parametrize("late", [False, True], ids=["before its effect", "after it"])
@pytest.mark.parametrize("number", range(1, 10))
def test_a_command_that_is_stopped_at_any_request_loses_nothing_and_goes_on(stage, number, late):
    stage.keep(bad(1))
    stage.keep(other(2))
    with pytest.raises(KeyboardInterrupt), observed(Stopped(number, late)):
        stage.replay()
    came = [item.raw["messageId"] for item in stage.items()]
    assert len(came) >= len(stage.closed())
    stage.replay()
    came += [item.raw["messageId"] for item in stage.items()]
    assert set(came) == {"m1", "m2"}
    assert len(came) <= 3
    assert (len(stage.open()), len(stage.closed())) == (0, 2)


def test_what_is_refused_again_is_open_again(stage):
    stage.keep(bad(1))
    stage.replay()
    stage.keep(*stage.items())
    assert stage.open() == ["userId"]


def test_two_operators_at_once_close_what_is_closed_already(stage):
    stage.keep(bad(1))
    (entry,) = stage.bucket.entries()
    stage.bucket.close(entry)
    stage.bucket.close(entry)
    assert (stage.open(), stage.closed()) == ([], ["userId"])


def test_days_narrow_a_listing(stage):
    stage.keep(bad(1))
    assert list(stage.bucket.entries(date(2026, 3, 3))) == []
    assert len(list(stage.bucket.entries(date(2026, 3, 2)))) == 1


def test_what_else_stands_in_the_bucket_is_no_entry(stage):
    for key in ("index/notes.txt", "index/2026/03/02/a/b/c/d", "index/2026/03/02/"):
        boto3.client("s3").put_object(Bucket="quarantine", Key=key, Body=b"")
    assert list(stage.bucket.entries()) == []


def test_messages_that_are_no_longer_kept_stay_named(stage):
    stage.keep(bad(1))
    (entry,) = stage.bucket.entries()
    boto3.client("s3").delete_object(Bucket="quarantine", Key=f"rejected/2026/03/02/{entry.object}.jsonl")
    with pytest.raises(Expired):
        stage.bucket.messages([entry])
    (outcome,) = stage.replay()
    assert outcome.stay == [(entry.object[:12], "no longer kept")]
    assert stage.open() == ["userId"]


def test_a_dry_run_says_what_the_rules_say_now_and_sends_nothing(stage):
    stage.keep(bad(1), bad(2), other(3))
    chosen = by_object(stage.bucket.entries())
    edits = Edits(
        {(entry.object, 1): {"type": "track", "event": "x", "userId": "u1"} for entry in chosen[0]}, only=False
    )
    (outcome,) = Replay(stage.bucket, edits).judged(chosen)
    assert (outcome.put_back, dict(outcome.refused)) == (
        3,
        {("userId", "no identifier"): 1, ("userId", "neither text nor number"): 1},
    )
    assert stage.bodies() == []
    assert len(stage.open()) == 2


def test_an_edited_body_comes_with_the_receipt_of_the_kept_one(stage):
    stage.keep(bad(1), other(2))
    entry = next(stage.bucket.entries())
    new = {**bad(1).raw, "userId": "u1"}
    (outcome,) = stage.replay(Edits({(entry.object, 1): new}, only=True))
    assert (outcome.put_back, outcome.stay) == (1, [])
    assert stage.items() == [Item(new, NOON, "shop", trusted=True)]
    assert len(stage.open()) == 1


def browsers(**more):
    message = {"type": "track", "event": "Viewed", "userId": "u1", "properties": []}
    return Item(message, NOON, "web", **{"trusted": False, "browser": True, **more})


@pytest.mark.parametrize(
    ("item", "user", "trusted"),
    [
        (browsers(), "u1", False),
        (browsers(trusted=True), "u1", True),
        (browsers(trusted=True), "u2", False),
    ],
    ids=["unsigned", "signed", "another than was signed"],
)
def test_no_edit_gives_a_browsers_message_trust(stage, item, user, trusted):
    stage.keep(item)
    (entry,) = stage.bucket.entries()
    said = {**item.raw, "userId": user, "properties": {}, "trusted": True}
    stage.replay(Edits({(entry.object, 1): said}, only=True))
    (again,) = stage.items()
    assert (again.trusted, again.browser) == (trusted, True)


def test_who_edits_a_message_answers_for_what_its_key_may_not_send(stage):
    stage.keep(browsers(allowed=frozenset({"Other"})))
    (entry,) = stage.bucket.entries()
    stage.replay(Edits({}, only=False))
    (again,) = stage.items()
    assert again.allowed == {"Other"}
    stage.keep(again)
    (entry,) = stage.bucket.entries()
    stage.replay(Edits({(entry.object, 1): {**again.raw, "properties": {}}}, only=True))
    assert stage.items()[0].allowed is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "1: not an object with object, line and body"),
        ("[]", "1: not an object with object, line and body"),
        ('{"object": "a", "line": 1}', "1: not an object with object, line and body"),
        ('{"object": "a", "line": [1], "body": {}}', "1: not an object with object, line and body"),
        ('{"object": "a", "line": 1, "body": [1]}', "1: body is neither an object nor a text"),
        ('\n{"object":"a","line":1,"body":{}}\n{"object":"a","line":1,"body":{}}', "3: the same message as"),
    ],
)
def test_a_file_of_edits_that_cannot_be_used_names_its_line(text, said):
    with pytest.raises(ValueError, match=said):
        edits_in(text.splitlines())


def test_entries_are_read_from_their_keys_alone(stage):
    stage.keep(bad(1), bad(2))
    listed = boto3.client("s3").list_objects_v2(Bucket="quarantine", Prefix="index/")["Contents"]
    assert [Entry.from_key(one["Key"]) for one in listed] == list(stage.bucket.entries())
