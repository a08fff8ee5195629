"""A write key says what may come with it: which events, and, where a server signed it, who somebody is."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from functions.capture.model import WriteKey
from functions.capture.secrets import parse_keys
from tests.functions.capture.test_doors import Doors

SECRET = "a-secret-of-the-server"
TRACK = {"type": "track", "event": "Order Completed", "userId": "u1"}
GRANT = {"type": "consent", "userId": "u1", "topic": "offers", "channel": "email", "state": "granted"}
ERASE = {"type": "command", "command": "erase", "a": {"type": "customer_id", "id": "u1"}}
JOIN = {"type": "audience", "audience": "vip", "userId": "u1"}
KEYS = {
    "server-key": {"source": "server"},
    "web-key": {"source": "web", "browser": True, "signing_secret": SECRET},
    "unsigned-key": {"source": "web", "browser": True},
    "shop-key": {"source": "shop", "events": ["Order Completed", "identify", "consent"]},
    "typo-key": {"source": "shop", "events": "Order Completed"},
}


@pytest.fixture
def doors() -> Doors:
    made = Doors()
    made.secrets.keys = dict(KEYS)
    return made


def rejected(doors: Doors, key: str, *messages: dict[str, Any]) -> list[tuple[int, str, str]]:
    _, body, _ = doors.post(body={"batch": list(messages)}, key=key)
    return [(one["index"], one["field"], one["reason"]) for one in body["rejected"]]


def signed(message: dict[str, Any], secret: str = SECRET) -> dict[str, Any]:
    # Spelt out, as a customer's server would.
    signature = hmac.new(secret.encode(), str(message["userId"]).encode(), hashlib.sha256).hexdigest()
    return {**message, "context": {**message.get("context", {}), "signature": signature}}


def test_a_key_takes_the_events_it_names_and_keeps_the_others_aside(doors: Doors) -> None:
    other = {**TRACK, "event": "Order Cancelled"}
    page = {"type": "page", "userId": "u1"}
    identify = {"type": "identify", "userId": "u1"}
    assert rejected(doors, "shop-key", TRACK, other, page, identify, GRANT) == [
        (1, "event", "not allowed for this write key"),
        (2, "type", "not allowed for this write key"),
    ]
    assert len(doors.identity.items) == 3
    assert [json.loads(one["body"]) for one in doors.quarantine.items] == [other, page]


def test_a_key_that_names_tracks_takes_every_track() -> None:
    doors = Doors()
    doors.secrets.keys = {"k": {"source": "app", "events": ["track"]}}
    assert rejected(doors, "k", TRACK, {**TRACK, "event": "Other"}, {"type": "page", "userId": "u1"}) == [
        (2, "type", "not allowed for this write key")
    ]


@pytest.mark.parametrize("events", ["Order Completed", {}, 5, True, [], [5]])
def test_a_list_of_events_that_cannot_be_read_allows_none(events: object) -> None:
    key = parse_keys(json.dumps({"k": {"source": "shop", "events": events}}))["k"]
    assert key.events == frozenset()


def test_a_key_without_a_list_takes_everything() -> None:
    assert WriteKey.from_json({"source": "shop"}).events is None
    assert WriteKey.from_json({"source": "shop", "events": None}).events is None


def test_the_generated_key_of_a_new_stage_may_be_limited_too() -> None:
    assert parse_keys('{"write_key": "abcdefgh", "events": ["page"]}')["abcdefgh"].events == {"page"}


def test_a_browser_asserts_grants_and_commands_nothing_signed_or_not(doors: Doors) -> None:
    scored = {"type": "identify", "userId": "u1", "scores": {"churn": 0.5}}
    forbidden = [{**TRACK, "verified": True}, scored, GRANT, ERASE, JOIN]
    told = [
        ("verified", "nothing is verified with a browser's key"),
        ("scores", "scores need a secret key"),
        ("state", "consent cannot be granted with a browser's key"),
        ("type", "commands need a secret key"),
        ("type", "audience messages need a secret key"),
    ]
    assert [one[1:] for one in rejected(doors, "web-key", *forbidden)] == told
    with_ids = [signed({"userId": "u1", **one}) for one in forbidden]
    assert [one[1:] for one in rejected(doors, "web-key", *with_ids)] == told
    assert rejected(doors, "server-key", *forbidden[:-1]) == []


def test_a_browser_may_say_that_nothing_was_verified(doors: Doors) -> None:
    assert rejected(doors, "web-key", {**TRACK, "verified": False}) == []


@pytest.mark.parametrize("user", ["u1", "käyttäjä-1", 42])
def test_an_id_its_server_signed_is_trusted_and_the_signature_is_kept_nowhere(doors: Doors, user: object) -> None:
    assert rejected(doors, "web-key", signed({**TRACK, "userId": user, "context": {"locale": "fi"}})) == []
    (taken,) = doors.identity.items
    assert (taken["trusted"], taken["source"]) == (True, "web")
    assert taken["body"]["context"] == {"locale": "fi"}


@pytest.mark.parametrize(
    "more",
    [
        {"type": "identify", "traits": {"email": "somebody@example.com"}},
        {"type": "identify", "traits": {"phone": 358401234567}},
        {"context": {"traits": {"email": "somebody@example.com"}}},
        {"type": "group", "context": {"traits": {"phone": "+358401234567"}}},
        {"context": {"externalIds": [{"type": "crm", "id": None}, {"type": "crm", "id": "7"}]}},
        {"type": "alias", "previousId": "c2"},
        {"type": "alias", "previousId": "7", "context": {"previousIdType": "crm"}},
    ],
)
def test_a_signature_does_not_speak_for_others_that_a_message_names(doors: Doors, more: dict[str, Any]) -> None:
    assert rejected(doors, "web-key", signed({**TRACK, **more})) == []
    assert [one["trusted"] for one in doors.identity.items] == [False]
    assert rejected(doors, "server-key", {**TRACK, **more}) == []
    assert doors.identity.items[-1]["trusted"]


@pytest.mark.parametrize(
    "more",
    [
        {"anonymousId": "c1", "context": {"device": {"id": "d1", "token": "t1", "advertisingId": "a1"}}},
        {"type": "identify", "traits": {"plan": "gold", "email": None}, "context": {"traits": {"phone": None}}},
        {"type": "group", "traits": {"email": "hello@acme.example"}},
        {"context": {"externalIds": [{"type": "crm", "id": None}]}},
    ],
)
def test_a_signature_speaks_for_the_device_and_for_what_names_nobody(doors: Doors, more: dict[str, Any]) -> None:
    assert rejected(doors, "web-key", signed({**TRACK, **more})) == []
    assert [one["trusted"] for one in doors.identity.items] == [True]


def test_without_a_signature_a_browser_is_not_trusted(doors: Doors) -> None:
    assert rejected(doors, "web-key", TRACK, {**TRACK, "context": {"signature": None}}) == []
    assert [one["trusted"] for one in doors.identity.items] == [False, False]


WRONG = "not the signature of this userId"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (signed(TRACK, "another secret"), WRONG),
        ({**signed(TRACK), "userId": "u2"}, WRONG),
        ({**TRACK, "context": {"signature": signed(TRACK)["context"]["signature"].upper()}}, WRONG),
        ({**TRACK, "context": {"signature": ""}}, WRONG),
        ({**TRACK, "context": {"signature": "é"}}, WRONG),
        ({**TRACK, "context": {"signature": "\ud800"}}, WRONG),
        ({**TRACK, "context": {"signature": ["x"]}}, WRONG),
        ({**signed(TRACK), "userId": None, "anonymousId": "c1"}, "no userId that it could sign"),
        ({**signed(TRACK), "userId": True}, "no userId that it could sign"),
    ],
)
def test_a_signature_that_proves_nothing_is_refused_and_not_kept(
    doors: Doors, message: dict[str, Any], why: str
) -> None:
    assert rejected(doors, "web-key", message, TRACK) == [(0, "context.signature", why)]
    (kept,) = doors.quarantine.items
    assert "signature" not in json.loads(kept["body"])["context"]


def test_a_signature_needs_a_key_that_has_a_secret(doors: Doors) -> None:
    assert rejected(doors, "unsigned-key", signed(TRACK)) == [
        (0, "context.signature", "this write key has no signing_secret")
    ]


@pytest.mark.parametrize("secret", ["", None, 5, ["x"]])
def test_an_empty_secret_signs_nothing(secret: object) -> None:
    assert WriteKey.from_json({"browser": True, "signing_secret": secret}).signing_secret is None


def test_a_server_needs_no_signature_and_may_pass_one_on(doors: Doors) -> None:
    assert rejected(doors, "server-key", signed(TRACK), {**TRACK, "context": {"signature": "stale"}}) == []
    assert [(one["trusted"], one["body"]["context"]) for one in doors.identity.items] == [(True, {})] * 2


def test_a_key_that_is_shown_shows_no_secret() -> None:
    assert SECRET not in repr(WriteKey.from_json(KEYS["web-key"]))
