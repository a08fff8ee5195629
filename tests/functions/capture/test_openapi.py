"""Schemathesis, which knows nothing but the committed OpenAPI document, against the real door."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from functions.capture.http import SHORT_NAMES
from functions.capture.model import Item
from functions.capture.policy import read
from functions.shared.clock import parse_instant
from functions.shared.errors import RejectedInput
from tests.functions.capture.test_doors import Doors

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "openapi.json").read_text())
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# What is no matter of shape: docs/reference/events.md says so.
BEYOND = ("nested more than 6 deep", "over 1 MB", "a text over 8 KB", "the same as a", "not 1 to 100 characters")
SETTINGS = {
    "generation": {"max-examples": 10, "database": "none"},
    "headers": {"authorization": "Basic " + base64.b64encode(b"server-key:").decode()},
    "seed": 4,
    # A batch of more than 20,000 messages is too large, which is not the same as malformed.
    "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "413"]}},
}


def function_url(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The event Lambda makes of a request to a function URL."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return {
        "version": "2.0",
        "rawPath": environ["PATH_INFO"],
        "headers": {**headers, "content-type": environ.get("CONTENT_TYPE", "")},
        "requestContext": {"http": {"method": environ["REQUEST_METHOD"]}},
        "body": base64.b64encode(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))).decode(),
        "isBase64Encoded": True,
    }


def served(doors: Doors) -> Callable[..., Iterable[bytes]]:
    """The door as a WSGI application."""

    def application(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = doors.http.answer(function_url(environ))
        start_response(f"{answer['statusCode']} Answered", list(answer["headers"].items()))
        return [answer["body"].encode()]

    return application


def messages_of(body: object) -> Iterator[dict[str, Any]]:
    """The messages in a body, whether it is one or holds many."""
    if isinstance(body, dict):
        batch = body.get("batch")
        yield body
        yield from (one for one in batch if isinstance(one, dict)) if isinstance(batch, list) else ()


def now_and_then(_context: object, body: object) -> object:
    """Brings times, which the document lets be any, to where the door's clock is."""
    for message in messages_of(body):
        for field in ("timestamp", "originalTimestamp"):
            if readable(message.get(field)):
                message[field] = "2026-03-02T11:00:00Z"
    return body


def readable(stated: object) -> bool:
    try:
        return isinstance(stated, str) and bool(parse_instant(stated))
    except (ValueError, OverflowError):
        return isinstance(stated, str) and stated[:4].isdigit()


def excused(check: str, body: object) -> bool:
    """Whether a message of the right shape broke a rule about something else."""
    for message in messages_of(body):
        try:
            read(Item(message, NOON, "server", trusted=True))
        except RejectedInput as refused:
            if check == "positive_data_acceptance" and refused.rule in BEYOND:
                return True
    return False


def test_short_paths_are_other_names_of_the_long_ones() -> None:
    assert len(DOCUMENT["paths"]) == 2 * len(SHORT_NAMES)
    for short, long in SHORT_NAMES.items():
        one, other = json.dumps(DOCUMENT["paths"][f"/v1/{short}"]), json.dumps(DOCUMENT["paths"][f"/v1/{long}"])
        assert one == other.replace(f'-{long}"', f'-{short}"')


# Eight seconds each, most of which schemathesis thinks about the schemas.
@pytest.mark.slow
@pytest.mark.parametrize("path", SHORT_NAMES.values())
def test_the_door_does_what_its_document_says(path: str) -> None:
    paths = {f"/v1/{path}": DOCUMENT["paths"][f"/v1/{path}"]}
    schema = schemathesis.openapi.from_dict({**DOCUMENT, "paths": paths}, config=SchemathesisConfig.from_dict(SETTINGS))
    schema.app = served(Doors())
    schema.hook("map_body")(now_and_then)
    cases, failures = 0, []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures.append(str(event))
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            failures += [
                (check.name, check.failure_info.failure.message, body)
                for case, checks in event.recorder.checks.items()
                for check in checks
                for body in [event.recorder.cases[case].value.body]
                if check.failure_info is not None and not excused(check.name, body)
            ]
    assert failures == []
    assert cases > 30
