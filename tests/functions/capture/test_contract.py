"""The contract as models, the schemas made of it, and the door that reads without either say the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from schemathesis.specs.openapi.definitions import OPENAPI_31

from functions.audiences.model import Move
from functions.audiences.policy import message as message_of
from functions.capture.model import TYPES, Item
from functions.capture.policy import read
from functions.capture.quarantine import notices
from functions.dispatch.model import Message
from functions.feedback.policy import READERS, receipt, track
from functions.identity.sqs import _notice
from functions.shared.errors import RejectedInput
from functions.shared.names import ProfileId
from infra.contract.documents import differing
from infra.contract.examples import EXAMPLES
from infra.contract.messages import MESSAGES
from infra.contract.notices import FEEDBACK, MOVES, EventRejected, Moved, ProfileMerged, Told
from tests.fakes.ses_events import ses_event
from tests.functions.capture.messages import messages

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SENT = Message(
    "m", "p-1", "e-1", "welcome", "v", "greet", "1", "email", "marketing", "offers", "hello", NOON, NOON, "sent"
)
SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
VALIDATORS = {
    name: Draft202012Validator(json.loads((SCHEMAS / "events" / f"{name}.json").read_text())) for name in MESSAGES
}


def taken(raw: dict[str, Any]) -> bool:
    try:
        read(Item(raw, NOON, "server", trusted=True))
    except RejectedInput:
        return False
    return True


def kind_of(raw: dict[str, Any]) -> str | None:
    stated = raw.get("type")
    if stated is None and raw.get("event") is not None:
        return "track"
    return stated if isinstance(stated, str) and stated in MESSAGES else None


def modelled(raw: dict[str, Any]) -> bool:
    kind = kind_of(raw)
    if kind is None:
        return False
    try:
        MESSAGES[kind].model_validate(raw)
    except ValidationError:
        return False
    return True


def schemed(raw: dict[str, Any]) -> bool:
    kind = kind_of(raw)
    return kind is not None and VALIDATORS[kind].is_valid(raw)


def test_the_committed_schemas_are_what_the_code_says() -> None:
    assert differing(SCHEMAS) == [], "run segue schemas --write"


def test_every_type_the_doors_take_has_a_model_and_an_example() -> None:
    assert set(MESSAGES) == set(TYPES) == set(EXAMPLES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_is_taken(kind: str) -> None:
    raw = dict(EXAMPLES[kind])
    assert (taken(raw), modelled(raw), schemed(raw)) == (True, True, True)


@settings(max_examples=1500)
@given(messages())
@example({"type": "track", "event": "E", "userId": "u1", "timestamp": "2026-03-02", "originalTimestamp": 5})
def test_the_model_takes_what_the_door_takes(raw: dict[str, Any]) -> None:
    assert modelled(raw) == taken(raw)


@settings(max_examples=1000)
@given(messages(beyond=False))
def test_the_schema_takes_what_the_door_takes(raw: dict[str, Any]) -> None:
    assert schemed(raw) == taken(raw)


@pytest.mark.parametrize("name", MESSAGES)
def test_each_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(VALIDATORS[name].schema)


def test_the_openapi_document_is_one() -> None:
    document = json.loads((SCHEMAS / "openapi.json").read_text())
    assert list(Draft202012Validator(OPENAPI_31).iter_errors(document)) == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert dangling(document) == []


def test_the_asyncapi_document_is_one() -> None:
    """No schema of AsyncAPI comes with our packages: its required parts are asked for by hand."""
    document = json.loads((SCHEMAS / "asyncapi.json").read_text())
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= document["info"].keys()
    (channel,) = document["channels"].values()
    assert "{stage}" in channel["address"]
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"] == {"$ref": "#/channels/bus"}
        assert operation["messages"]
    told = [one["$ref"].rpartition("/")[2] for of in document["operations"].values() for one in of["messages"]]
    assert sorted(told) == sorted(channel["messages"]) == sorted(document["components"]["messages"])
    for message in document["components"]["messages"].values():
        assert {"name", "summary", "headers", "payload"} <= message.keys()
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert dangling(document) == []


def dangling(document: dict[str, Any]) -> list[str]:
    """References of a document that lead nowhere."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            target: Any = document
            for name in str(value.get("$ref", "#")).removeprefix("#").split("/")[1:]:
                target = target.get(name) if isinstance(target, dict) else None
            if target is None:
                found.append(value["$ref"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    return found


def test_what_is_told_of_rejected_events_is_what_the_contract_says() -> None:
    said = {"field": "userId", "rule": "no identifier", "messageId": "m1", "source": "web", "body": "{}"}
    said["receivedAt"] = "2026-03-02T12:00:00.000Z"
    (notice,) = notices([said, {**said, "messageId": None}], "rejected/2026/03/02/x.jsonl")
    assert EventRejected.model_validate(notice).count == 2


def test_what_is_told_of_a_merge_is_what_the_contract_says() -> None:
    assert ProfileMerged.model_validate(_notice({"loser": "p1", "profile": {"profile": "p2"}, "op": "merge-p1-p2"}))


def test_what_is_told_of_messages_is_what_the_contract_says() -> None:
    words = [receipt(ses_event(kind, "m")["detail"]) for kind in READERS]
    told = [track(SENT, word) for word in words if word is not None and word.event is not None]
    assert {Told.model_validate(one).event for one in told} == set(FEEDBACK)


def test_what_is_told_of_audiences_is_what_the_contract_says() -> None:
    told = [message_of(ProfileId("p1"), Move("vip", entered, NOON, 3)) for entered in (True, False)]
    assert [Moved.model_validate(one).event for one in told] == list(MOVES)
