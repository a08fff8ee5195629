"""A message too large for a queue goes on without its largest members, and the whole of it is kept before that."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.capture.claims import EVERYTHING, KEPT
from functions.capture.model import CLAIM_BYTES, EVENT_BYTES, Item, Reading
from functions.capture.policy import read
from functions.shared.bucket import Bucket
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.sqs import MESSAGE_BYTES, encode
from tests.functions.capture.test_doors import REFUSALS, Doors, envelope

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORDER = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"}
WHO: dict[str, Any] = {
    "type": "identify",
    "messageId": "m1",
    "userId": "u1",
    "anonymousId": "c1",
    "timestamp": "2026-03-02T11:00:00Z",
    "traits": {"email": "a@x.example", "phone": "0401234567", "address": {"country": "FI", "street": "y" * 5000}},
    "context": {
        "device": {"id": "d1"},
        "externalIds": [{"type": "crm", "id": "7"}],
        "traits": {"email": "b@x.example"},
        "location": {"country": "FI", "city": "Turku"},
    },
}


def reading(raw: Mapping[str, Any]) -> Reading:
    return read(Item(raw, NOON, "test", True))


def large(kb: int = 40) -> dict[str, Any]:
    return {**ORDER, "properties": {"revenue": 40, "items": [{"sku": "x" * 1000}] * kb}}


def leaves(value: object, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*at, name))
    else:
        yield at, value


def size(body: object) -> int:
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def test_what_fits_makes_no_claim() -> None:
    small = reading({**ORDER, "properties": {"items": ["x" * 1000] * 30}})
    assert (small.whole, small.event.claim) == (None, None)
    assert "claim" not in small.event.to_json()


def test_the_largest_member_is_left_out_and_the_rest_goes_on() -> None:
    got = reading(large())
    assert got.whole is not None
    assert got.event.properties == {"revenue": 40}
    assert got.event.claim is not None
    assert got.event.claim["left_out"] == ["properties.items"]
    assert got.event.claim["bytes"] == len(got.whole)
    assert json.loads(got.whole) == large()
    assert Event.from_json(json.loads(encode(got.event.to_json()))) == got.event


def test_the_same_message_has_the_same_key_whenever_it_is_sent_and_another_has_another() -> None:
    again, other = reading(large()), reading({**large(), "userId": "u2"})
    later = read(
        Item({**large(), "receivedAt": "x"}, NOON.replace(day=3), "test", True, sent_at="2026-03-03T12:00:00Z")
    )
    first, *keys = [one.event.claim["object"] for one in (reading(large()), again, later, other) if one.event.claim]
    assert keys[:2] == [first, first]
    assert keys[2] != first
    assert first.startswith("claims/")


def test_a_message_full_of_nulls_may_fit_without_them() -> None:
    got = reading({**ORDER, "properties": {f"k{n}": None for n in range(5000)}})
    assert (got.whole, got.event.properties) == (None, {})


@pytest.mark.parametrize("part", ["traits", "context", "properties", "other"])
def test_of_a_thousand_small_members_their_part_is_left_out_as_one(part: str) -> None:
    many = {f"k{n}": {f"m{i}": "x" * 100 for i in range(5)} for n in range(200)}
    raw = {**WHO, "properties": {"revenue": 40}, part: {**WHO.get(part, {}), **many}}
    got = reading(raw)
    assert got.event.claim is not None
    assert got.event.claim["left_out"] == [part]
    assert got.event.body["traits"]["email"] == "a@x.example"
    assert got.event.context["device"] == {"id": "d1"}


def test_when_nothing_else_helps_only_identifiers_go_on() -> None:
    got = reading({**WHO, **{f"field {n}": "x" * 100 for n in range(1000)}})
    assert got.event.claim is not None
    assert got.event.claim["left_out"] == [EVERYTHING]
    assert set(got.event.body) == {"type", "messageId", "userId", "anonymousId", "timestamp", "traits", "context"}
    assert got.event.traits == {"email": "a@x.example", "phone": "0401234567", "address": {"country": "FI"}}
    assert got.event.context == {**WHO["context"], "location": {"country": "FI"}}


# A country reads a telephone number, so it is never left out; hypothesis finds its name in the code.
NAMES = st.text(st.characters(), min_size=1, max_size=30).filter(lambda name: name != "country") | st.sampled_from(
    ["items", "email", "phone", "address", "device", "externalIds", "location", "traits", "a.b", "*"]
)
TEXTS = st.sampled_from(["x", "é", "\x07", "\ud800", "🙂", '"'])
# How many texts of how many characters, and what holds them: spelt out in the test, so that a failure can be read.
PARTS = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(["one", "list", "object", "deep"]), TEXTS, st.integers(0, 250), st.integers(0, 200)),
    max_size=6,
)


def grown(shape: tuple[str, str, int, int]) -> object:
    kind, text, count, length = shape
    if kind == "one":
        return text * length
    if kind == "list":
        return [text * length] * count
    if kind == "deep":
        return {"a": {"b": [{"c": text * length}] * count}}
    return {f"{text} {n}": text * length for n in range(count)}


@settings(deadline=None)
@given(PARTS, PARTS, PARTS, PARTS, PARTS)
def test_whatever_is_too_large_identifiers_stay_and_nothing_is_missing_but_what_is_named(
    properties: dict[str, Any],
    traits: dict[str, Any],
    context: dict[str, Any],
    inner: dict[str, Any],
    top: dict[str, Any],
) -> None:
    properties, traits, context, inner, top = (
        {name: grown(shape) for name, shape in part.items()} for part in (properties, traits, context, inner, top)
    )
    raw = {
        **{f"top {name}": value for name, value in top.items()},
        **{name: WHO[name] for name in ("type", "messageId", "userId", "anonymousId", "timestamp")},
        "properties": properties,
        "traits": {**traits, "email": "a@x.example", "phone": "0401234567"},
        "context": {**context, **WHO["context"], "traits": {**inner, "email": "b@x.example", "phone": 5}},
    }
    assume(size(raw) <= CLAIM_BYTES)
    got = reading(raw)
    body = got.event.body
    if got.whole is None:
        assert got.event.claim is None
        assert size(body) <= EVENT_BYTES
        return
    assert got.event.claim is not None
    whole, left_out = json.loads(got.whole), got.event.claim["left_out"]
    assert size(body) + size(left_out) <= EVENT_BYTES
    assert len(encode(got.event.to_json())) < MESSAGE_BYTES // 4
    left, before = dict(leaves(body)), dict(leaves(whole))
    for way, value in before.items():
        path = ".".join(way)
        out = left_out == [EVERYTHING] or any(path == one or path.startswith(f"{one}.") for one in left_out)
        assert out or left[way] == value
    assert all(value in ({}, before.get(way)) for way, value in left.items())
    for way in KEPT:
        said: Any = whole
        now: Any = body
        for name in way:
            said = said.get(name) if isinstance(said, dict) else None
            now = now.get(name) if isinstance(now, dict) else None
        assert said == now, way


def test_both_doors_keep_the_whole_before_they_pass_on_the_rest() -> None:
    doors = Doors()
    assert doors.deliver(envelope(large(), "Order Completed")) == []
    status, body, _ = doors.post(body={"batch": [large(), ORDER]})
    assert (status, body["accepted"]) == (200, 2)
    first, second, third = doors.identity.items
    assert first["claim"] == second["claim"]
    assert "claim" not in third
    assert {key: json.loads(text) for key, text in doors.claims.objects.items()} == {first["claim"]["object"]: large()}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: type(one).__name__)
def test_when_the_whole_cannot_be_kept_nothing_is_accepted(refusal: Exception) -> None:
    doors = Doors()
    doors.claims.refuses = refusal
    status, body, headers = doors.post(body={"batch": [large(), ORDER, {"type": "x"}]})
    assert (status, body, headers["retry-after"]) == (503, {"success": False, "reason": "try again"}, "5")
    assert doors.deliver(envelope(large()), envelope(ORDER)) == ["r0", "r1"]
    assert doors.identity.items + doors.quarantine.items == []


def test_a_crash_after_the_whole_was_kept_leaves_one_object_when_it_comes_again() -> None:
    doors = Doors()
    doors.identity.refuses = REFUSALS[0]
    assert doors.deliver(envelope(large())) == ["r0"]
    doors.identity.refuses = None
    assert doors.deliver(envelope(large())) == []
    assert [one["claim"]["object"] for one in doors.identity.items] == list(doors.claims.objects)


def test_the_bucket_is_reached_at_the_first_claim() -> None:
    with mock_aws():
        claims = Bucket("claims")
        with pytest.raises(TransientError, match="a bucket refused"):
            claims.put_json("claims/k.json", "{}")
        location: Any = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket="claims", CreateBucketConfiguration=location)
        claims.put_json("claims/k.json", '{"a":1}')
        stored = boto3.client("s3").get_object(Bucket="claims", Key="claims/k.json")
    assert stored["ContentType"] == "application/json; charset=utf-8"
