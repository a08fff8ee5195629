"""What capture takes, and with which field and rule it refuses the rest."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.model import COMMANDS, EVENT_BYTES, TEXT_BYTES, TYPES, Item
from functions.capture.policy import read, read_message
from functions.capture.types import PROFILE
from functions.identity import naming
from functions.shared.clock import format_instant
from functions.shared.errors import RejectedInput
from functions.shared.events import Event
from functions.shared.identifiers import NAMESPACE_NAME

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRACK: dict[str, Any] = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"}
SCORED = {"type": "identify", "userId": "u1"}
UNNAMED = "a name that is none: lower case, digits, - and _, 40 characters at most"
RESET: dict[str, Any] = {"type": "reset", "anonymousId": "cookie-1"}
LINK: dict[str, Any] = {
    "type": "command",
    "command": "link",
    "a": {"type": "customer_id", "id": "u1"},
    "b": {"type": "email", "id": "a@x.example"},
}
ERASE: dict[str, Any] = {"type": "command", "command": "erase", "a": {"type": "customer_id", "id": "u1"}}
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
FIELDS = st.sampled_from(
    [*CONSENT, *TRACK, *LINK, "anonymousId", "previousId", "timestamp", "originalTimestamp", "sentAt"]
)
OBJECTS = st.sampled_from(["traits", "properties", "context", "integrations", "address"])
PLAUSIBLE = st.sampled_from(
    [
        *TRACK.values(),
        *CONSENT.values(),
        *LINK.values(),
        *("reset", "erase", "unmerge"),
        *({"type": "email"}, {"type": "Email", "id": "x"}, {"type": "email", "id": 10**400}),
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


@pytest.mark.parametrize(
    ("raw", "field", "rule"),
    [
        ([TRACK], "message", "not an object"),
        ({**TRACK, "type": None, "event": None}, "type", "missing"),
        ({**TRACK, "type": "tracks"}, "type", f"not one of {', '.join(TYPES)}"),
        ({**TRACK, "type": "decline"}, "type", "not supported yet"),
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
        ({**SCORED, "scores": {"churn-risk": 0.5, "next_best": 2**53, "gone": None}}, "", ""),
        ({**SCORED, "scores": [1]}, "scores", "not an object"),
        ({**SCORED, "scores": {"churn": "0.5"}}, "scores.churn", "not a number"),
        ({**SCORED, "scores": {"churn": True}}, "scores.churn", "not a number"),
        ({**SCORED, "scores": {"churn": 2**53 + 1}}, "scores.churn", "beyond 2^53"),
        ({**SCORED, "scores": {"Churn Risk": 1}}, "scores", UNNAMED),
        ({**SCORED, "scores": {"c" * 41: 1}}, "scores", UNNAMED),
        ({**SCORED, "scores": {f"s{n}": n for n in range(101)}}, "scores", "more than 100 scores"),
        ({**TRACK, "scores": {"Churn Risk": "as sent"}}, "", ""),
        ({**TRACK, "properties": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "", ""),
        ({**TRACK, "properties": {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}}}, "message", "nested more than 6 deep"),
        (
            {**TRACK, "properties": {"n": float("nan")}},
            "message",
            "a number that is not finite or has more than 300 digits",
        ),
        ({**TRACK, "properties": {"note": "x" * TEXT_BYTES}}, "", ""),
        ({**TRACK, "properties": {"note": "x" * (TEXT_BYTES + 1)}}, "properties.note", "a text over 8 KB"),
        ({**TRACK, "properties": {"note": "é" * (TEXT_BYTES // 2 + 1)}}, "properties.note", "a text over 8 KB"),
        ({**TRACK, "traits": {"a": [{"b": "x" * 9000}]}}, "traits.a[0].b", "a text over 8 KB"),
        ({**TRACK, "context": {"page": {"x" * 9000: 1}}}, "context.page", "a text over 8 KB"),
        ({**TRACK, "properties": {"k" * 500: "x" * 9000}}, f"properties.{'k' * 189}", "a text over 8 KB"),
        ({**TRACK, "note": "x" * 9000}, "", ""),
        ({**TRACK, "properties": {f"k{n}": "x" * 8000 for n in range(132)}}, "message", "over 1 MB"),
        ({**CONSENT, "note": "x" * EVENT_BYTES}, "message", "over 32 KB"),
        ({**TRACK, "userId": "u" * EVENT_BYTES}, "message", "over 32 KB of identifiers"),
        ({**TRACK, "messageId": "m" * 101}, "messageId", "not 1 to 100 characters"),
        ({**TRACK, "timestamp": "yesterday"}, "timestamp", "not an RFC 3339 time"),
        ({**TRACK, "timestamp": 1772452800}, "timestamp", "not an RFC 3339 time"),
        ({**TRACK, "timestamp": "1969-12-31T23:59:59Z"}, "timestamp", "before 1970"),
        ({**TRACK, "timestamp": "2026-03-03T12:00:01Z"}, "timestamp", "more than 24 hours ahead of its receipt"),
        ({**CONSENT, "topic": None}, "topic", "missing"),
        ({**CONSENT, "channel": "fax"}, "channel", "not one of email, sms, push"),
        ({**CONSENT, "state": "maybe"}, "state", "not one of granted, withdrawn"),
        ({"type": "reset"}, "anonymousId", "reset names no device"),
        ({"type": "reset", "userId": "u1"}, "anonymousId", "reset names no device"),
        ({"type": "reset", "context": {"device": {"type": "ios"}}}, "anonymousId", "reset names no device"),
        ({"type": "reset", "context": {"device": {"id": None}}}, "anonymousId", "reset names no device"),
        ({"type": "reset", "anonymousId": {}}, "anonymousId", "neither text nor number"),
        ({**RESET, "context": {"device": {"id": []}}}, "context.device.id", "neither text nor number"),
        ({**LINK, "command": None}, "command", "missing"),
        ({**LINK, "command": "merge"}, "command", f"not one of {', '.join(COMMANDS)}"),
        ({**LINK, "command": ["link"]}, "command", f"not one of {', '.join(COMMANDS)}"),
        ({**LINK, "a": None}, "a", "missing"),
        ({**LINK, "b": None}, "b", "missing"),
        ({**LINK, "command": "unmerge", "b": None}, "b", "missing"),
        ({**LINK, "b": "a@x.example"}, "b", "not an object"),
        ({**LINK, "a": {"id": "u1"}}, "a.type", "missing"),
        ({**LINK, "a": {"type": 5, "id": "u1"}}, "a.type", "not the name of a namespace"),
        ({**LINK, "a": {"type": "Customer", "id": "u1"}}, "a.type", "not the name of a namespace"),
        ({**LINK, "a": {"type": "segue_profile", "id": "u1"}}, "a.type", "not the name of a namespace"),
        ({**LINK, "a": {"type": "customer_id"}}, "a.id", "missing"),
        ({**LINK, "a": {"type": "customer_id", "id": True}}, "a.id", "neither text nor number"),
        ({**LINK, "a": {"type": "customer_id", "id": " "}}, "a.id", "empty"),
        ({**LINK, "b": LINK["a"]}, "b", "the same as a"),
        ({**LINK, "a": {"type": "crm", "id": 7}, "b": {"type": "crm", "id": "7"}}, "b", "the same as a"),
        ({**ERASE, "b": LINK["b"]}, "b", "erase takes a only"),
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


@pytest.mark.parametrize(
    ("ahead", "off", "expected", "warnings"),
    [
        # What is stated beside its receipt; what the sender's clock was off when it sent; what counts.
        (timedelta(minutes=5), None, timedelta(minutes=5), ()),
        (timedelta(minutes=5, milliseconds=1), None, timedelta(0), ("clock_suspect",)),
        (timedelta(hours=24), None, timedelta(0), ("clock_suspect",)),
        (timedelta(hours=-1), timedelta(hours=24), timedelta(hours=-25), ()),
        (timedelta(hours=-1), timedelta(hours=-24), timedelta(0), ("clock_suspect",)),
        (timedelta(hours=-1), timedelta(hours=24, seconds=1), timedelta(hours=-1), ("clock_suspect",)),
        (timedelta(hours=-30), timedelta(hours=-24, seconds=-1), timedelta(hours=-30), ("clock_suspect",)),
        # A day ahead by its own clock, and at the same moment sent: it happened now.
        (timedelta(hours=24), timedelta(hours=24), timedelta(0), ()),
    ],
)
def test_clocks_are_corrected_up_to_their_guards(
    ahead: timedelta, off: timedelta | None, expected: timedelta, warnings: tuple[str, ...]
) -> None:
    stamps = {"timestamp": format_instant(NOON + ahead)}
    if off is not None:
        stamps["sentAt"] = format_instant(NOON + off)
    reading = read(Item({**TRACK, **stamps}, NOON, "test", True))
    assert (reading.event.timestamp - NOON, reading.warnings) == (expected, warnings)


def test_a_clock_that_is_off_by_more_than_a_day_is_flagged_without_a_time_to_correct_too() -> None:
    reading = read(Item({**TRACK, "sentAt": "2026-02-01T00:00:00Z"}, NOON, "test", True))
    assert (reading.event.timestamp, reading.warnings) == (NOON, ("clock_suspect",))


@pytest.mark.parametrize("sent_at", [None, "2026-03-02T11:58:00Z"])
def test_all_four_stamps_are_kept_as_they_were_sent(sent_at: str | None) -> None:
    stamps = {
        "timestamp": "2026-03-02T09:00:00+02:00",
        "originalTimestamp": "2026-03-02T11:57:00.123456Z",
        "receivedAt": "2031-01-01T00:00:00Z",
    }
    event = taken({**TRACK, **stamps}, sent_at=sent_at)
    assert {name: event.body.get(name) for name in (*stamps, "sentAt")} == {**stamps, "sentAt": sent_at}
    # The door's own stamp is not the sender's to set.
    assert event.received_at == NOON
    assert (
        taken({**TRACK, **stamps, "sentAt": "2026-03-02T11:00:00Z"}, sent_at=sent_at)
        .body["sentAt"]
        .startswith("2026-03-02T11:00")
    )


def test_the_batchs_sent_at_corrects_messages_without_their_own() -> None:
    stamped = {**TRACK, "timestamp": "2026-03-02T09:00:00Z"}
    assert taken(stamped, sent_at="2026-03-02T10:00:00Z").timestamp == NOON - timedelta(hours=1)


def test_a_browser_cannot_grant_consent_but_may_withdraw_it() -> None:
    assert refusal(CONSENT, trusted=False) == ("state", "consent cannot be granted with a browser's key")
    assert taken({**CONSENT, "state": "withdrawn"}, trusted=False)


@pytest.mark.parametrize(
    "device",
    [
        {"anonymousId": "cookie-1"},
        {"anonymousId": 7, "userId": "u1"},
        *({"context": {"device": {name: "x"}}} for name in ("id", "token", "advertisingId")),
    ],
)
def test_a_logout_names_a_device_and_a_browser_may_say_it(device: dict[str, Any]) -> None:
    assert taken({"type": "reset", **device}, trusted=False).type == "reset"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_needs_its_identifiers_and_no_other(command: str) -> None:
    body = {**LINK, "command": command, "a": {"type": "shop.id", "id": 7, "note": "kept"}}
    if "b" not in COMMANDS[command]:
        del body["b"]
    assert taken(body).body["a"] == {"type": "shop.id", "id": "7", "note": "kept"}


def test_only_whoever_has_a_secret_key_commands() -> None:
    for body in (LINK, ERASE, {"type": "command"}):
        assert refusal(body, trusted=False) == ("type", "commands need a secret key")


def test_the_same_command_without_an_id_gets_the_same_one() -> None:
    with_number = {**ERASE, "a": {"type": "customer_id", "id": 7}}
    with_text = {**ERASE, "a": {"type": "customer_id", "id": "7"}}
    assert taken(with_number).message_id == taken(with_text).message_id != taken(ERASE).message_id


@pytest.mark.parametrize("message", [TRACK, RESET, LINK])
def test_what_a_server_says_of_its_own_word_passes_through(message: dict[str, Any]) -> None:
    event = taken({**message, "verified": True, "trusted": False})
    assert (event.body["verified"], event.body["trusted"], event.trusted) == (True, False, True)


def test_a_browsers_word_on_its_own_trust_is_kept_and_not_believed() -> None:
    assert not taken({**TRACK, "trusted": True}, trusted=False).trusted


def test_namespaces_are_called_as_identity_reads_them() -> None:
    assert NAMESPACE_NAME.pattern == naming.NAMESPACE_NAME.pattern
    assert PROFILE == naming.PROFILE
