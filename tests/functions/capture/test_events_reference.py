"""The reference page on events says what the doors do: every message, every refusal, every limit, every answer."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.capture.model import (
    AUDIENCE_CHARACTERS,
    BATCH_MESSAGES,
    BODY_BYTES,
    CLAIM_BYTES,
    EVENT_BYTES,
    MESSAGE_ID_CHARACTERS,
    SCORES,
    TEXT_BYTES,
    TRAITS,
)
from infra.contract.examples import EXAMPLES
from infra.contract.notices import FEEDBACK, MOVES, NOTICES
from tests.functions.capture.test_contract import schemed
from tests.functions.capture.test_doors import GOOD, REFUSALS, Doors, gzipped

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
KEYS = {
    "a server's key": {"source": "server"},
    "a browser's key": {"source": "web", "browser": True, "signing_secret": "secret"},
    "a browser's key without secret": {"source": "web", "browser": True},
    "a key for page alone": {"source": "server", "events": ["page"]},
}


def part(title: str) -> str:
    """What stands under a heading, up to the next."""
    return re.split(r"^#+ .*$", TEXT.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(title: str, cells: int) -> list[tuple[str, ...]]:
    """The rows of the tables under a heading that have so many cells, as they are written."""
    found = [tuple(line.strip("|").split(" | ")) for line in part(title).splitlines() if line.startswith("| ")]
    return [tuple(re.sub("^`(.*)`$", r"\1", cell.strip()) for cell in row) for row in found if len(row) == cells][1:]


def examples(title: str) -> list[Any]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", part(title), re.DOTALL)]


SHAPE = rows("By its shape", 3)
BEYOND = rows("By what no schema can say", 3)
SIZE = rows("By its size", 4)
KEY = rows("By the write key", 4)
REFUSED = {(row[-2], row[-1]) for row in (*SHAPE, *BEYOND, *SIZE, *KEY)}
"""Every field and rule with which a message may be refused."""
SENT, WHEN = (
    [row for row in rows("What the HTTP endpoint answers", 3) if row[0][0] in "[{"],
    [row for row in rows("What the HTTP endpoint answers", 3) if row[0][0] not in "[{"][1:],
)
UNUSABLE = {(said["field"], said["reason"]) for *_, text in (*SENT, *WHEN) if "field" in (said := json.loads(text))}
"""Every field and reason with which a request may be refused."""


@pytest.fixture
def doors() -> Doors:
    made = Doors()
    made.secrets.keys = dict(KEYS)
    return made


def rejected(doors: Doors, message: object, key: str = "a server's key") -> tuple[str, str]:
    """The field and the rule that the HTTP door names."""
    _, body, _ = doors.post(body=json.dumps({"batch": [message]}), key=key)
    (one,) = body["rejected"]
    return one["field"], one["reason"]


def taken(doors: Doors, message: object) -> bool:
    """Whether a server may say it."""
    return bool(doors.post(body={"batch": [message]}, key="a server's key")[1]["accepted"])


def test_each_type_is_shown_by_the_example_the_documents_have() -> None:
    assert examples("Messages") == list(EXAMPLES.values())


@pytest.mark.parametrize("message", examples("Messages"), ids=lambda one: one["type"])
def test_every_message_is_taken(doors: Doors, message: dict[str, Any]) -> None:
    assert taken(doors, message)


@pytest.mark.parametrize(("message", "field", "rule"), SHAPE)
def test_a_wrong_shape_is_refused_with_its_field_and_rule(doors: Doors, message: str, field: str, rule: str) -> None:
    assert rejected(doors, json.loads(message)) == (field, rule)
    assert not isinstance(json.loads(message), dict) or not schemed(json.loads(message))


@pytest.mark.parametrize(("message", "field", "rule"), BEYOND)
def test_so_is_what_no_schema_can_say(doors: Doors, message: str, field: str, rule: str) -> None:
    assert doors.post(body=f'{{"batch":[{message}]}}', key="a server's key")[1]["rejected"] == [
        {"index": 0, "messageId": None, "field": field, "reason": rule}
    ]
    assert schemed(json.loads(message))


@pytest.mark.parametrize(("key", "message", "field", "rule"), KEY)
def test_so_is_what_a_write_key_may_not_say(doors: Doors, key: str, message: str, field: str, rule: str) -> None:
    assert rejected(doors, json.loads(message), key) == (field, rule)
    assert taken(doors, json.loads(message))


def full(what: str, more: int) -> dict[str, Any]:
    """A message that fills a limit, or passes it by ``more``."""
    message: dict[str, Any] = {"type": "page", "userId": "u1"}
    if what == "a message":
        return padded(message, "name", CLAIM_BYTES + more)
    if what == "a consent, an audience, a reset, a command":
        return padded({"type": "reset", "anonymousId": "b1c8e7a0"}, "name", EVENT_BYTES + more)
    if what == "identifiers, times and names in a message":
        return padded(message, "userId", EVENT_BYTES + more)
    if what == "a message id":
        return {**message, "messageId": "m" * (MESSAGE_ID_CHARACTERS + more)}
    if what.startswith("a text in the "):
        return {**message, what.rpartition(" ")[2]: {"note": "x" * (TEXT_BYTES + more)}}
    if what == "the name of a list":
        name = "a" * (AUDIENCE_CHARACTERS + more)
        return {**message, "type": "audience", "audience": name, "state": "joined"}
    if what == "scores":
        return {**message, "type": "identify", "scores": {f"s{n}": n for n in range(SCORES + more)}}
    traits = {f"t{n}": n for n in range(TRAITS + more)}
    return {**message, "traits": traits} if what == "traits" else {**message, "context": {"traits": traits}}


def padded(message: dict[str, Any], field: str, size: int) -> dict[str, Any]:
    """The message with a field that makes its JSON so large."""
    empty = len(json.dumps({**message, field: ""}, separators=(",", ":")))
    return {**message, field: "x" * (size - empty)}


LIMITS = {
    f"{CLAIM_BYTES // 1024 // 1024} MB",
    f"{EVENT_BYTES // 1024} KB",
    f"{TEXT_BYTES // 1024} KB",
    f"{MESSAGE_ID_CHARACTERS} characters",
    f"{AUDIENCE_CHARACTERS} characters",
    f"{TRAITS}",
    f"{SCORES}",
}


@pytest.mark.parametrize(("what", "limit", "field", "rule"), SIZE)
def test_a_limit_may_be_filled_and_not_passed(doors: Doors, what: str, limit: str, field: str, rule: str) -> None:
    assert taken(doors, full(what, 0))
    assert rejected(doors, full(what, 1)) == (field, rule)
    assert limit in LIMITS


@pytest.mark.parametrize(("request_", "status", "answer"), SENT)
def test_the_endpoint_answers_a_body_as_the_page_says(doors: Doors, request_: str, status: str, answer: str) -> None:
    assert doors.post(body=request_, key="a server's key")[:2] == (int(status), json.loads(answer))


CUT = gzip.compress(json.dumps({"batch": [GOOD] * 50}).encode())[:-12]
REQUESTS: dict[str, dict[str, Any]] = {
    "`content-encoding` is another than gzip": {"body": "{}", "headers": {"content-encoding": "br"}},
    "the body is no gzip though it says so": {"body": "{}", "headers": {"content-encoding": "gzip"}},
    "the body is gzip and no `content-encoding` says so": {
        "isBase64Encoded": True,
        "body": base64.b64encode(gzip.compress(json.dumps({"batch": [GOOD]}).encode())).decode(),
    },
    "the body is in another encoding than UTF-8": {
        "isBase64Encoded": True,
        "body": base64.b64encode(
            json.dumps({"batch": [{**GOOD, "event": "Café"}]}, ensure_ascii=False).encode("latin-1")
        ).decode(),
    },
    "the body is nested too deep to be read": {"body": '{"a":' * 25_000},
    "the gzip is cut off": {**gzipped(b""), "body": base64.b64encode(CUT).decode()},
    "the write key is unknown, or there is none": {"body": {"batch": [GOOD]}, "key": None},
    "the path is another": {"path": "/v2/batch", "body": {}},
    "the method is neither POST nor OPTIONS": {"requestContext": {"http": {"method": "PUT"}}},
    "the body has more than 4 MB, unpacked": {"body": " " * (BODY_BYTES + 1)},
    "the batch has more than 20000 messages": {"body": {"batch": [0] * (BATCH_MESSAGES + 1)}},
    "a queue cannot be reached": {"body": {"batch": [GOOD]}},
}


@pytest.mark.parametrize(("when", "status", "answer"), WHEN)
def test_the_endpoint_answers_what_cannot_be_used_as_the_page_says(
    doors: Doors, when: str, status: str, answer: str
) -> None:
    if status == "503":
        doors.identity.refuses = REFUSALS[0]
    assert doors.post(**{"key": "a server's key", **REQUESTS[when]})[:2] == (int(status), json.loads(answer))


def test_every_way_to_be_unusable_is_on_the_page() -> None:
    assert [when for when, *_ in WHEN] == list(REQUESTS)


def test_notices_and_feedback_are_shown() -> None:
    shown = examples("What Segue says on the bus")
    for model, example in zip(NOTICES.values(), shown, strict=True):
        assert model.model_validate(example)
    for name in (*NOTICES, *FEEDBACK, *MOVES):
        assert f"`{name}`" in TEXT
