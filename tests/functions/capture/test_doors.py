"""Both doors: what is good is taken, what is bad is told and kept, and nothing is promised before the queue has it."""

import base64
import gzip
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.bus_door import BusDoor
from functions.capture.http_door import HttpDoor
from functions.capture.model import BODY_BYTES, CLAIM_BYTES, MESSAGE_ID_CHARACTERS
from functions.capture.policy import NO_PLAN
from functions.capture.secrets import WriteKeys, parse_keys
from functions.capture.sqs import KEEP_SECONDS, Intake
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.bucket import Bucket
from functions.shared.side_by_side import THREADS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = {"server-key": {"source": "server"}, "web-key": {"source": "web", "browser": True}}
GOOD = {"type": "track", "event": "Order Completed", "userId": "u1"}
BAD = {"type": "track", "event": "Order Completed"}
REFUSALS = [
    ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "no"}}, "SendMessage"),
    EndpointConnectionError(endpoint_url="https://queue.example"),
    ReadTimeoutError(endpoint_url="https://queue.example"),
    NoCredentialsError(),
    OSError("connection reset"),
]


class FakeQueue:
    url = "fake"

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.refuses: Exception | None = None

    def send_packed(self, field: str, items: Sequence[Any]) -> None:
        if self.refuses:
            raise self.refuses
        self.items += json.loads(json.dumps(items))


class FakeClaims:
    def __init__(self) -> None:
        self.objects: dict[str, str] = {}
        self.refuses: Exception | None = None

    def put_object(self, *, Key: str, Body: bytes, **_: str) -> None:  # noqa: N803
        if self.refuses:
            raise self.refuses
        self.objects[Key] = Body.decode()


class FakeSecrets:
    def __init__(self, keys: Mapping[str, Any]) -> None:
        self.keys = dict(keys)
        self.reads = 0
        self.fails = False

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.reads += 1
        if self.fails:
            raise EndpointConnectionError(endpoint_url="https://secrets.example")
        return {"SecretString": json.dumps(self.keys)}


class Doors:
    def __init__(self, plan: TrackingPlan = NO_PLAN) -> None:
        self.now = NOON
        self.identity, self.quarantine = FakeQueue(), FakeQueue()
        self.secrets = FakeSecrets(KEYS)
        self.claims = FakeClaims()
        self.bucket = Bucket("claims", client=self.claims)
        intake = Intake(self.identity, self.quarantine, self.bucket)  # type: ignore[arg-type]
        keys = WriteKeys("keys", lambda: self.now, self.secrets)
        self.http = HttpDoor(keys, intake, lambda: self.now, plan)
        self.bus = BusDoor(intake, plan)

    def post(self, path: str = "/v1/batch", body: object = None, key: str | None = "server-key", **more: Any) -> Any:
        headers = {} if key is None else {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
        text = body if isinstance(body, str) else json.dumps(body)
        event = {
            "rawPath": path,
            "requestContext": {"http": {"method": "POST"}},
            "headers": {**headers, **more.pop("headers", {})},
            "body": text,
            **more,
        }
        answer = self.http.answer(event)
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None, answer["headers"]

    def deliver(self, *bodies: object) -> list[str]:
        records = [
            {
                "messageId": f"r{n}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"SentTimestamp": str(int(self.now.timestamp() * 1000))},
            }
            for n, body in enumerate(bodies)
        ]
        return self.take(*records)

    def take(self, *records: Mapping[str, Any]) -> list[str]:
        return [one["itemIdentifier"] for one in self.bus.take({"Records": [*records]})["batchItemFailures"]]


@pytest.fixture
def doors() -> Doors:
    return Doors()


def test_a_bucket_too_slow_for_a_batch_is_told_in_time_to_come_again() -> None:
    doors, elapsed, lock = Doors(), [0.0], Lock()

    class Slow(FakeClaims):
        def put_object(self, **said: Any) -> None:
            super().put_object(**said)
            with lock:
                elapsed[0] += 4.0

    slow = Slow()
    bucket = Bucket("claims", client=slow)
    intake = Intake(doors.identity, doors.quarantine, bucket, KEEP_SECONDS, lambda: elapsed[0])  # type: ignore[arg-type]
    doors.http = HttpDoor(WriteKeys("keys", lambda: doors.now, doors.secrets), intake, lambda: doors.now)
    large = [{**GOOD, "messageId": f"m{n}", "properties": {str(i): "x" * 8_000 for i in range(5)}} for n in range(40)]
    status, _, headers = doors.post(body={"batch": large})
    assert (status, headers["retry-after"]) == (503, "5")
    assert doors.identity.items == []
    # One was in time, and then each thread had begun one more at most.
    assert 2 <= len(slow.objects) <= 1 + THREADS
    elapsed[0] = 0.0
    assert doors.post(body={"batch": large[:1]})[0] == 200


@pytest.mark.parametrize("body", ["{", '{"batch": {}}', "[" * 5_000_000])
def test_who_comes_with_an_unknown_key_does_not_have_its_body_opened(doors: Doors, body: str) -> None:
    status, told, _ = doors.post(body=body, key="guessed")
    assert (status, told["reason"]) == (401, "unknown write key")
    status, told, _ = doors.post(body=body, key="server-key")
    assert status in (400, 413)


def test_a_good_key_in_the_body_does_not_stand_in_for_a_bad_one_in_the_headers(doors: Doors) -> None:
    assert doors.post(body={"batch": [GOOD], "writeKey": "server-key"}, key="guessed")[0] == 401
    assert doors.post(body={"batch": [GOOD], "writeKey": "server-key"}, key=None)[0] == 200


def gzipped(content: bytes) -> dict[str, Any]:
    return {
        "body": base64.b64encode(gzip.compress(content)).decode(),
        "isBase64Encoded": True,
        "headers": {"content-encoding": "gzip"},
    }


@pytest.mark.parametrize("size", range(1, 7))
def test_of_every_batch_only_the_bad_messages_are_returned(doors: Doors, size: int) -> None:
    for good in itertools.product([True, False], repeat=size):
        batch = [{**(GOOD if one else BAD), "messageId": f"m{n}"} for n, one in enumerate(good)]
        status, body, _ = doors.post(body={"batch": batch})
        assert status == (200 if any(good) else 400)
        assert body["accepted"] == sum(good)
        assert body["rejected"] == [
            {"index": n, "messageId": f"m{n}", "field": "userId", "reason": "no identifier"}
            for n, one in enumerate(good)
            if not one
        ]


@pytest.mark.parametrize(
    ("path", "kind"),
    [(f"/v1/{name}", name) for name in ("track", "identify", "page", "screen", "group", "alias")]
    + [("/v1/t", "track"), ("/v1/i/", "identify"), ("/any/prefix/v1/p", "page"), ("/v1/s", "screen")],
)
def test_single_messages_take_their_type_from_the_path(doors: Doors, path: str, kind: str) -> None:
    status, body, _ = doors.post(path, {"userId": "u1", "event": "E", "writeKey": "web-key"}, key=None)
    assert (status, body) == (200, {"success": True, "accepted": 1, "rejected": []})
    (taken,) = doors.identity.items
    assert (taken["type"], taken["source"], taken["trusted"]) == (kind, "web", False)
    assert "writeKey" not in taken["body"]


def test_a_gzipped_batch_with_any_content_type_and_the_batchs_sent_at(doors: Doors) -> None:
    batch = {"batch": [{**GOOD, "timestamp": "2026-03-02T11:00:00Z"}], "sentAt": "2026-03-02T11:59:00Z"}
    status, body, _ = doors.post("/x/v1/b", **gzipped(json.dumps(batch).encode()))
    assert (status, body["accepted"]) == (200, 1)
    assert doors.identity.items[0]["timestamp"] == "2026-03-02T11:01:00.000Z"


@pytest.mark.parametrize(
    ("request_", "status", "field"),
    [
        ({"path": "/v2/batch", "body": {}}, 404, "path"),
        ({"path": "/v1/batchx", "body": {}}, 404, "path"),
        ({"body": "{"}, 400, "body"),
        ({"body": "[" * 100_000}, 400, "body"),
        ({"body": []}, 400, "body"),
        ({"body": {"batch": {}}}, 400, "batch"),
        ({"body": {"batch": [GOOD]}, "key": "wrong"}, 401, "writeKey"),
        ({"body": {"batch": [GOOD]}, "key": None}, 401, "writeKey"),
        ({"body": {"batch": [GOOD]}, "key": None, "headers": {"authorization": "Basic *"}}, 401, "writeKey"),
        ({"body": {"batch": [0] * 20_001}}, 413, "batch"),
        ({"body": " " * (BODY_BYTES + 1)}, 413, "body"),
        ({"body": "x", "isBase64Encoded": True}, 400, "body"),
        ({"body": "{}", "headers": {"content-encoding": "gzip"}}, 400, "body"),
        ({"body": "{}", "headers": {"content-encoding": "br"}}, 400, "content-encoding"),
        (gzipped(b" " * (100 * BODY_BYTES // 4)), 413, "body"),
    ],
)
def test_a_request_in_which_nothing_can_be_used(
    doors: Doors, request_: dict[str, Any], status: int, field: str
) -> None:
    answered, body, headers = doors.post(**request_)
    assert (answered, body["field"], body["success"]) == (status, field, False)
    assert headers["access-control-allow-origin"] == "*"
    assert doors.identity.items == []


def test_gzip_that_ends_too_early_is_refused(doors: Doors) -> None:
    cut = gzipped(json.dumps({"batch": [GOOD] * 50}).encode())
    cut["body"] = base64.b64encode(base64.b64decode(cut["body"])[:-12]).decode()
    assert doors.post(**cut)[1]["reason"] == "gzip ends too early"


def test_browsers_are_answered_before_they_send(doors: Doors) -> None:
    answer = doors.http.answer({"rawPath": "/v1/t", "requestContext": {"http": {"method": "OPTIONS"}}})
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert "authorization" in answer["headers"]["access-control-allow-headers"]
    assert doors.http.answer({"rawPath": "/v1/t", "requestContext": {"http": {"method": "GET"}}})["statusCode"] == 405


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("queue", ["identity", "quarantine"])
def test_when_a_queue_refuses_the_client_is_told_to_come_again(doors: Doors, queue: str, refusal: Exception) -> None:
    getattr(doors, queue).refuses = refusal
    status, body, headers = doors.post(body={"batch": [GOOD, BAD]})
    assert (status, body["reason"], headers["retry-after"]) == (503, "try again", "5")


@pytest.mark.parametrize(("key", "body"), [("other", GOOD), ("server-key", {"batch": [BAD]}), ("server-key", [])])
def test_a_refusal_holds_the_two_words_without_which_clients_send_it_again(doors: Doors, key: str, body: Any) -> None:
    _, said, _ = doors.post(body=body, key=key)
    assert said["code"]
    assert said["message"]


def test_an_empty_batch_is_no_fault(doors: Doors) -> None:
    assert doors.post(body={"batch": []})[:2] == (200, {"success": True, "accepted": 0, "rejected": []})


def test_a_message_over_the_limit_is_one_rejected_message_whose_whole_body_is_kept(doors: Doors) -> None:
    big = {**GOOD, "properties": {"note": "x" * (CLAIM_BYTES + 1)}}
    status, body, _ = doors.post(body={"batch": [big, GOOD]})
    assert (status, body["accepted"], body["rejected"][0]["reason"]) == (200, 1, "over 1 MB")
    assert [(one["part"], one["parts"]) for one in doors.quarantine.items] == [(n, 7) for n in range(1, 8)]
    assert json.loads("".join(one["body"] for one in doors.quarantine.items)) == big


@pytest.mark.parametrize(
    "wide", ["i", "\U0001f600", "\u0001", "\ud800"], ids=["plain", "astral", "control", "surrogate"]
)
def test_a_batch_that_is_wrong_throughout_is_answered_within_what_lambda_answers(wide: str) -> None:
    stated = wide * MESSAGE_ID_CHARACTERS
    one = {"type": "track", "userId": "u", "messageId": stated, "event": "e", "properties": {wide * 150: 1e999}}
    most = min(17_000, (BODY_BYTES - 100) // (len(json.dumps(one)) + 2))
    doors = Doors()
    event = {
        "rawPath": "/v1/batch",
        "requestContext": {"http": {"method": "POST"}},
        "headers": {},
        "body": json.dumps({"writeKey": "server-key", "batch": [one] * most}),
    }
    answer = doors.http.answer(event)
    body = json.loads(answer["body"])
    assert len(json.dumps(answer)) < 6 * 1024 * 1024
    assert (answer["statusCode"], body["accepted"], len(body["rejected"]), body["more"]) == (
        400,
        0,
        1_000,
        most - 1_000,
    )
    assert [one["index"] for one in body["rejected"]] == list(range(1_000))
    assert len(doors.quarantine.items) == most


def test_a_new_key_is_found_without_a_deployment_and_guesses_do_not_ask_each_time(doors: Doors) -> None:
    assert [doors.post(body={"batch": [GOOD]}, key="new-key")[0] for _ in range(3)] == [401, 401, 401]
    doors.secrets.keys["new-key"] = {"source": "app"}
    doors.now += timedelta(minutes=2)
    assert doors.post(body={"batch": [GOOD]}, key="new-key")[0] == 200
    assert doors.secrets.reads == 2


def test_a_key_taken_away_stops_working_within_five_minutes_in_a_warm_environment(doors: Doors) -> None:
    assert doors.post(body={"batch": [GOOD]})[0] == 200
    del doors.secrets.keys["server-key"]
    doors.now += timedelta(minutes=4, seconds=59)
    assert doors.post(body={"batch": [GOOD]})[0] == 200
    doors.now += timedelta(seconds=1)
    assert doors.post(body={"batch": [GOOD]})[0] == 401


def test_a_key_made_a_browsers_is_no_longer_trusted_after_five_minutes(doors: Doors) -> None:
    doors.post(body={"batch": [GOOD]})
    doors.secrets.keys["server-key"] = {"source": "server", "browser": True}
    doors.now += timedelta(minutes=5)
    doors.post(body={"batch": [GOOD]})
    assert [one["trusted"] for one in doors.identity.items] == [True, False]


def test_a_busy_hour_reads_the_keys_twelve_times(doors: Doors) -> None:
    for _ in range(3600):
        assert doors.post(body={"batch": []})[0] == 200
        doors.now += timedelta(seconds=1)
    assert doors.secrets.reads == 12


def test_while_keys_cannot_be_read_the_old_ones_work_five_minutes_more_and_then_none_does(doors: Doors) -> None:
    assert doors.post(body={"batch": [GOOD]})[0] == 200
    doors.secrets.fails = True
    doors.now += timedelta(minutes=9, seconds=59)
    assert doors.post(body={"batch": [GOOD]})[0] == 200
    doors.now += timedelta(seconds=1)
    status, _, headers = doors.post(body={"batch": [GOOD]})
    assert (status, headers["retry-after"]) == (503, "5")
    assert len(doors.identity.items) == 2
    doors.secrets.fails = False
    doors.now += timedelta(seconds=5)
    assert doors.post(body={"batch": [GOOD]})[0] == 200


def test_a_failing_read_is_tried_again_no_sooner_than_clients_come_again(doors: Doors) -> None:
    doors.secrets.fails = True
    for _ in range(20):
        assert doors.post(body={"batch": [GOOD]})[0] == 503
        doors.now += timedelta(seconds=1)
    assert doors.secrets.reads == 4


def test_nobody_is_told_that_a_key_is_unknown_when_that_could_not_be_looked_up(doors: Doors) -> None:
    assert doors.post(body={"batch": [GOOD]})[0] == 200
    doors.secrets.fails = True
    doors.now += timedelta(minutes=2)
    assert doors.post(body={"batch": [GOOD]}, key="new-key")[0] == 503
    assert doors.post(body={"batch": [GOOD]})[0] == 200


def test_the_secret_may_hold_one_bare_key_or_a_generated_one() -> None:
    assert parse_keys("abcdefgh-12345678")["abcdefgh-12345678"].source == "server"
    assert parse_keys('{"write_key": "abcdefgh-12345678", "source": "shop"}')["abcdefgh-12345678"].source == "shop"
    assert (
        parse_keys('{"abcdefgh-12345678": {"source": "segue.feedback"}}')["abcdefgh-12345678"].source
        == "http.segue.feedback"
    )


@pytest.mark.parametrize("text", ["null", "true", "[]", '{"key": {},}', "short"])
def test_a_broken_secret_makes_no_key(text):
    assert parse_keys(text) == {}


@pytest.mark.parametrize("said", ["true", "yes", 1, True, None])
def test_whatever_is_not_plainly_a_server_key_is_a_browsers(said):
    assert parse_keys(json.dumps({"k": {"source": "web", "browser": said}}))["k"].browser


@given(
    st.dictionaries(
        st.sampled_from(["rawPath", "body", "headers", "isBase64Encoded"]),
        st.none() | st.text(st.characters()) | st.booleans() | st.just("/v1/batch") | st.just('{"batch":[1]}'),
    )
)
def test_whatever_a_request_holds_it_is_answered(request_: dict[str, Any]) -> None:
    event = {
        **request_,
        "headers": {"authorization": str(request_.get("headers"))},
        "requestContext": {"http": {"method": "POST"}},
    }
    assert 200 <= Doors().http.answer(event)["statusCode"] < 500


def envelope(detail: object, kind: str = "track", source: str = "shop", time: str = "2026-03-02T11:59:58Z") -> Any:
    return {"id": "e", "detail-type": kind, "source": source, "time": time, "detail": detail}


def test_a_detail_type_that_is_no_type_names_a_track(doors: Doors) -> None:
    assert doors.deliver(envelope({"userId": "u1"}, "Order Completed"), envelope({"userId": "u1"}, "identify")) == []
    first, second = doors.identity.items
    assert (first["type"], first["body"]["event"], second["type"]) == ("track", "Order Completed", "identify")
    assert first["timestamp"] == "2026-03-02T11:59:58.000Z"
    assert (first["source"], first["trusted"]) == ("shop", True)


def test_what_is_put_twice_without_an_id_counts_twice_and_what_is_delivered_twice_once(doors: Doors) -> None:
    first, second = ({**envelope({"userId": "u1", "messageId": None}, "App Opened"), "id": name} for name in "ab")
    doors.deliver(first, second, first)
    doors.now += timedelta(minutes=3)
    doors.deliver(second)
    assert [one["messageId"] for one in doors.identity.items] == ["a", "b", "a", "b"]


def test_a_stated_id_counts_whatever_event_it_comes_in(doors: Doors) -> None:
    doors.deliver(*({**envelope({**GOOD, "messageId": "m1"}), "id": name} for name in "ab"))
    assert {one["messageId"] for one in doors.identity.items} == {"m1"}


@pytest.mark.parametrize("name", [None, 7, "", "e" * 101, {}])
def test_an_envelope_without_an_id_leaves_the_message_its_content(doors: Doors, name: object) -> None:
    doors.deliver({**envelope(GOOD), "id": name}, {**envelope(GOOD), "id": name})
    assert len({one["messageId"] for one in doors.identity.items}) == 1
    assert doors.quarantine.items == []


def test_the_bus_time_counts_only_when_it_can_be_right(doors: Doors) -> None:
    doors.deliver(envelope(GOOD, time="2031-01-01T00:00:00Z"), envelope(GOOD, time="x"))
    assert {one["timestamp"] for one in doors.identity.items} == {"2026-03-02T12:00:00.000Z"}


def test_bad_events_go_to_quarantine_and_never_back_to_the_queue(doors: Doors) -> None:
    deep = '{"a":' * 25_000
    failed = doors.deliver("no json", deep, envelope("x"), envelope({}, "Order Completed"), envelope(GOOD))
    assert failed == []
    assert len(doors.identity.items) == 1
    assert [(one["field"], one["rule"]) for one in doors.quarantine.items] == [
        ("message", "not an object"),
        ("message", "not an object"),
        ("message", "not an object"),
        ("userId", "no identifier"),
    ]
    assert doors.quarantine.items[0]["body"] == "no json"


def test_our_own_notices_are_no_events(doors: Doors) -> None:
    assert doors.deliver(envelope({}, "event.rejected", source="segue.notice")) == []
    assert doors.identity.items + doors.quarantine.items == []


def test_a_delivery_the_queue_refuses_comes_again_as_a_whole(doors: Doors) -> None:
    doors.quarantine.refuses = REFUSALS[0]
    assert doors.deliver(envelope(GOOD), envelope(BAD)) == ["r0", "r1"]


def test_one_record_with_something_unforeseen_holds_up_no_other(doors: Doors) -> None:
    class Unforeseen(Intake):
        def take(self, events: Sequence[Any], rejections: Sequence[Any]) -> None:
            if any(event.body["userId"] == "poison" for event in events):
                raise ZeroDivisionError
            super().take(events, rejections)

    doors.bus = BusDoor(Unforeseen(doors.identity, doors.quarantine, doors.bucket))  # type: ignore[arg-type]
    failed = doors.deliver(envelope(GOOD), envelope({**GOOD, "userId": "poison"}), "no json", envelope(BAD))
    assert failed == ["r1"]
    assert [one["body"]["userId"] for one in doors.identity.items] == ["u1"]
    assert [one["field"] for one in doors.quarantine.items] == ["message", "userId"]


def test_a_logout_and_a_command_come_by_both_doors(doors: Doors) -> None:
    reset = {"type": "reset", "anonymousId": "c1"}
    erase = {"command": "erase", "a": {"type": "customer_id", "id": 7}}
    assert doors.deliver(envelope(reset, "Logged Out"), envelope(erase, "command")) == []
    assert doors.post(body={"batch": [reset, {**erase, "type": "command"}]}, key="server-key")[1]["accepted"] == 2
    assert [one["type"] for one in doors.identity.items] == ["reset", "command"] * 2
    _, body, _ = doors.post(body={"batch": [reset, {**erase, "type": "command"}]}, key="web-key")
    assert [(one["index"], one["field"], one["reason"]) for one in body["rejected"]] == [
        (1, "type", "commands need a secret key")
    ]
