"""From the door to quarantine and back on the laptop: every event once, on its person, with the trust it came with."""

import base64
import json
from datetime import UTC, datetime, timedelta

import boto3

from infra.local.world import LocalWorld
from infra.quarantine.kept import QuarantineBucket, by_object
from infra.quarantine.put_back import Edits, Replay
from tests import invariants

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BUCKET = "segue-dev-quarantine-123456789012-eu-west-1"
KEYS = {"segue-dev/write-keys": json.dumps({"public": {"source": "web", "browser": True}})}


def bad(number, **more):
    order = {"type": "track", "event": "Viewed", "messageId": f"m{number}", "userId": "u1"}
    return {**order, "properties": [number], **more}


def put_back(world, mend):
    """Mends every open message and puts it back; answers how many went."""
    bucket = QuarantineBucket(BUCKET, boto3.client("s3"))
    objects = by_object(bucket.entries())
    bodies = {
        (kept.object, kept.number): mend(json.loads(kept.line["body"]))
        for entries in objects
        for kept in bucket.messages(entries)
    }
    sqs = boto3.client("sqs")

    def send(field, items):
        sqs.send_message(QueueUrl=world.queue_url("accept-bus-events"), MessageBody=json.dumps({field: items}))

    went = sum(one.put_back for one in Replay(bucket, Edits(bodies, only=False)).put_back(objects, send))
    world.run_until(world.clock() + MINUTE)
    return went


def timeline(world):
    history = world.history()
    return [event for person in history.profiles.scan() for event in history.timeline(person.profile)]


def mended(message):
    return {**message, "properties": {"n": message["properties"][0]}}


def test_many_messages_come_back_once_each_with_copies_among_them():
    sent = [bad(number) for number in range(100)]
    with LocalWorld(start=START) as world:
        world.put_events([*sent, *sent[:20]])
        world.run_until(START + MINUTE)
        assert put_back(world, mended) == 120
        assert world.quarantined() == []
        events = timeline(world)
        assert sorted(event.message_id for event in events) == sorted(one["messageId"] for one in sent)
        assert {event.received_at for event in events} == {START}
        invariants.check(world, sent)


def test_a_command_that_forgot_what_it_had_done_changes_nothing():
    sent = [bad(1), {name: value for name, value in bad(2).items() if name != "messageId"}]
    with LocalWorld(start=START) as world:
        world.put_events(sent)
        world.run_until(START + MINUTE)
        bucket = QuarantineBucket(BUCKET, boto3.client("s3"))
        opened = list(bucket.entries())
        assert put_back(world, mended) == 2
        # As if it had died before it closed what it had sent.
        for entry in opened:
            boto3.client("s3").put_object(Bucket=BUCKET, Key=entry.key, Body=b"{}")
        assert put_back(world, mended) == 2
        assert sorted(event.body["properties"]["n"] for event in timeline(world)) == [1, 2]
        invariants.check(world, sent[:1])


def test_what_is_still_wrong_comes_back_to_quarantine_by_itself():
    with LocalWorld(start=START) as world:
        world.put_events([bad(1)])
        world.run_until(START + MINUTE)
        assert put_back(world, lambda message: message) == 1
        (line,) = world.quarantined()
        assert (line["field"], line["receivedAt"]) == ("properties", "2026-03-02T12:00:00.000Z")
        assert put_back(world, mended) == 1
        assert world.quarantined() == []
        invariants.check(world, [bad(1)])


def test_a_browsers_message_is_a_browsers_when_it_comes_back():
    key = base64.b64encode(b"public:").decode()
    body = json.dumps({"batch": [bad(1), {**bad(2), "type": "consent"}], "sentAt": "2026-03-02T11:59:00Z"})
    request = {
        "rawPath": "/v1/batch",
        "requestContext": {"http": {"method": "POST"}},
        "headers": {"authorization": f"Basic {key}"},
        "body": body,
    }
    granted = {"type": "consent", "topic": "offers", "channel": "email", "state": "granted", "verified": True}
    with LocalWorld(start=START, secrets=KEYS) as world:
        assert world.functions["segue-dev-accept-http"](request)["statusCode"] == 400
        world.run_until(START + MINUTE)
        put_back(world, lambda message: mended(message) if message["type"] == "track" else {**message, **granted})
        (event,) = timeline(world)
        assert (event.message_id, event.source, event.trusted) == ("m1", "web", False)
        assert event.body["sentAt"] == "2026-03-02T11:59:00Z"
        (line,) = world.quarantined()
        assert (line["messageId"], line["browser"], line["trusted"]) == ("m2", True, False)
