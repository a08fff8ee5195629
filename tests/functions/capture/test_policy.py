"""What capture takes, and with which field and rule it refuses the rest."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.model import EVENT_BYTES, Item
from functions.capture.policy import read, read_message
from functions.shared.clock import format_instant
from functions.shared.errors import RejectedInput
from functions.shared.events import Event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPEC = Path(__file__).parent / "data" / "segment_spec_examples.json"
TRACK: dict[str, Any] = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"}
CONSENT: dict[str, Any] = {
    "type": "consent",
    "userId": "u1",
    "topic": "offers",
    "channel": "email",
    "state": "granted",
}


def taken(raw: object, trusted: bool = True, sent_at: object = None) -> Event:
    return read_message(raw, NOON, "test", trusted, sent_at)


def refusal(raw: object, trusted: bool = True) -> tuple[str, str]:
    with pytest.raises(RejectedInput) as refused:
        taken(raw, trusted)
    return refused.value.field, refused.value.rule


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([*CONSENT, *TRACK, "anonymousId", "previousId", "timestamp", "originalTimestamp", "sentAt"])
OBJECTS = st.sampled_from(["traits", "properties", "context", "integrations", "address"])
PLAUSIBLE = st.sampled_from(
    [
        *TRACK.values(),
        *CONSENT.values(),
        *("identify", "consent", "", "\ud800", 10**400, float("nan"), "2026-03-02T12:00:00Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
        *({"device": {"id": 1}}, {"externalIds": [{"type": "crm", "id": "7"}]}, {"externalIds": [None]}),
        *({"traits": {"email": "a@x.example"}}, {"traits": []}),
    ]
)


@given(JSON | st.dictionaries(FIELDS | OBJECTS, JSON | PLAUSIBLE, max_size=8), st.booleans(), JSON | PLAUSIBLE)
def test_whatever_comes_it_is_an_event_or_a_refusal(raw: object, trusted: bool, sent_at: object) -> None:
    outcome: Event | RejectedInput
    try:
        outcome = taken(raw, trusted, sent_at)
    except RejectedInput as refused:
        outcome = refused
    if isinstance(outcome, Event):
        assert Event.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome
    else:
        assert outcome.field
        assert outcome.rule


@pytest.mark.parametrize("example", json.loads(SPEC.read_text())["examples"], ids=lambda example: example["page"])
def test_messages_of_the_spec_pages_are_taken_as_they_stand(example: dict[str, Any]) -> None:
    if example["identified"]:
        assert taken(example["payload"]).body["type"] == example["payload"].get("type", "track")
    else:
        assert refusal(example["payload"]) == ("userId", "no identifier")


@pytest.mark.parametrize(
    ("raw", "field", "rule"),
    [
        ([TRACK], "message", "not an object"),
        ({**TRACK, "type": None, "event": None}, "type", "missing"),
        ({**TRACK, "type": "tracks"}, "type", "not one of track, identify, page, screen, group, alias, consent"),
        ({**TRACK, "type": "reset"}, "type", "not supported yet"),
        ({**TRACK, "event": None}, "event", "missing"),
        ({**TRACK, "event": 5}, "event", "not a name"),
        ({**TRACK, "userId": None}, "userId", "no identifier"),
        ({**TRACK, "userId": True}, "userId", "neither text nor number"),
        ({**TRACK, "userId": ["u1"]}, "userId", "neither text nor number"),
        ({**TRACK, "properties": "x"}, "properties", "not an object"),
        ({**TRACK, "context": {"traits": {"email": {}}}}, "context.traits.email", "neither text nor number"),
        ({**TRACK, "context": {"externalIds": {}}}, "context.externalIds", "not a list"),
        ({**TRACK, "context": {"externalIds": [{"id": "1"}]}}, "context.externalIds", "an entry without type and id"),
        ({**TRACK, "traits": {f"t{n}": n for n in range(301)}}, "traits", "more than 300 traits"),
        ({**TRACK, "properties": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "", ""),
        ({**TRACK, "properties": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}}, "message", "nested more than 6 deep"),
        ({**TRACK, "properties": {"n": float("nan")}}, "message", "not JSON (only finite numbers are)"),
        ({**TRACK, "properties": {"note": "x" * EVENT_BYTES}}, "message", "over 32 KB"),
        ({**TRACK, "properties": {"note": "é" * (EVENT_BYTES // 2)}}, "message", "over 32 KB"),
        ({**TRACK, "messageId": "m" * 101}, "messageId", "not 1 to 100 characters"),
        ({**TRACK, "timestamp": "yesterday"}, "timestamp", "not an RFC 3339 time"),
        ({**TRACK, "timestamp": 1772452800}, "timestamp", "not an RFC 3339 time"),
        ({**TRACK, "timestamp": "1969-12-31T23:59:59Z"}, "timestamp", "before 1970"),
        ({**TRACK, "timestamp": "2026-03-03T12:00:01Z"}, "timestamp", "more than 24 hours ahead of its receipt"),
        ({**CONSENT, "topic": None}, "topic", "missing"),
        ({**CONSENT, "channel": "fax"}, "channel", "not one of email, sms, push"),
        ({**CONSENT, "state": "maybe"}, "state", "not one of granted, withdrawn"),
    ],
)
def test_each_broken_rule_is_named(raw: object, field: str, rule: str) -> None:
    if not rule:
        assert taken(raw)
        return
    assert refusal(raw) == (field, rule)


def test_null_is_absent_but_for_a_trait_where_it_deletes() -> None:
    raw = {"type": "identify", "userId": "u1", "anonymousId": None, "traits": {"tier": None}, "context": {"ip": None}}
    assert taken(raw).body == {"type": "identify", "userId": "u1", "traits": {"tier": None}, "context": {}}


def test_numbers_are_ids_by_their_decimal_text() -> None:
    assert taken({**TRACK, "userId": 42}).body["userId"] == "42"
    assert taken({**TRACK, "userId": 42.0}).body["userId"] == "42"
    assert taken({**TRACK, "messageId": 7}).message_id == "7"


@pytest.mark.parametrize(
    "who",
    [
        {"anonymousId": "a"},
        {"traits": {"phone": "+358401234567"}},
        {"context": {"traits": {"email": "a@x.example"}}},
        {"context": {"device": {"advertisingId": "x"}}},
        {"context": {"externalIds": [{"type": "crm", "id": 7}]}},
        {"userId": ""},
    ],
)
def test_any_identifier_is_enough_even_a_blocked_one(who: dict[str, Any]) -> None:
    assert taken({"type": "track", "event": "E", **who})


def test_unknown_fields_are_kept() -> None:
    assert taken({**TRACK, "integrations": "x", "_metadata": {"a": 1}}).body["_metadata"] == {"a": 1}


def test_without_an_id_the_same_message_gets_the_same_one_however_often_it_is_sent() -> None:
    raw = {name: value for name, value in TRACK.items() if name != "messageId"}
    ids = {taken(raw).message_id, taken({**raw, "sentAt": format_instant(NOON)}).message_id}
    assert len(ids) == 1
    assert taken({**raw, "event": "Other"}).message_id not in ids


@pytest.mark.parametrize(
    ("stamps", "expected", "warnings"),
    [
        ({}, "2026-03-02T12:00:00Z", ()),
        ({"timestamp": "2026-03-02T11:00:00.123456Z"}, "2026-03-02T11:00:00.123Z", ()),
        ({"timestamp": "2026-03-02T13:00:00+02:00"}, "2026-03-02T11:00:00Z", ()),
        ({"originalTimestamp": "2026-03-02T11:00:00Z"}, "2026-03-02T11:00:00Z", ()),
        # The caller's imported time wins over the client library's own.
        (
            {"timestamp": "2025-03-01T00:00:00Z", "originalTimestamp": "2026-03-02T12:00:00Z"},
            "2025-03-01T00:00:00Z",
            (),
        ),
        # A clock three hours slow when sending was three hours slow when it happened.
        ({"timestamp": "2026-03-02T08:00:00Z", "sentAt": "2026-03-02T09:00:00Z"}, "2026-03-02T11:00:00Z", ()),
        ({"timestamp": "2026-02-27T08:00:00Z", "sentAt": "2026-02-28T09:00:00Z"}, "2026-02-27T08:00:00Z", "suspect"),
        ({"timestamp": "2026-03-02T12:04:00Z"}, "2026-03-02T12:04:00Z", ()),
        ({"timestamp": "2026-03-02T12:06:00Z"}, "2026-03-02T12:00:00Z", "suspect"),
        ({"timestamp": "2026-03-02T11:00:00Z", "sentAt": "nonsense"}, "2026-03-02T11:00:00Z", ()),
    ],
)
def test_the_time_of_an_event(stamps: dict[str, str], expected: str, warnings: object) -> None:
    reading = read(Item({**TRACK, **stamps}, NOON, "test", True))
    assert reading.event.timestamp == datetime.fromisoformat(expected)
    assert reading.warnings == (("clock_suspect",) if warnings else ())


def test_the_batchs_sent_at_corrects_messages_without_their_own() -> None:
    stamped = {**TRACK, "timestamp": "2026-03-02T09:00:00Z"}
    assert taken(stamped, sent_at="2026-03-02T10:00:00Z").timestamp == NOON - timedelta(hours=1)


def test_a_browser_cannot_grant_consent_but_may_withdraw_it() -> None:
    assert refusal(CONSENT, trusted=False) == ("state", "consent cannot be granted with a browser's key")
    assert taken({**CONSENT, "state": "withdrawn"}, trusted=False)
