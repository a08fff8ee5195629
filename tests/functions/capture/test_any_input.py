"""Whatever comes to a door is taken, or refused by a rule of the reference page; nothing raises."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.events import Event
from infra.contract.examples import EXAMPLES
from tests.conftest import Said
from tests.functions.capture.messages import messages
from tests.functions.capture.test_doors import Doors
from tests.functions.capture.test_events_reference import REFUSED, UNUSABLE

CANARY = "canary"
TEXT = st.text(st.characters(), max_size=8).map(lambda text: CANARY + text)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -0.0, 1e308])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
WITH_CANARY = st.sampled_from([dict(one, name=CANARY, properties={CANARY: CANARY}) for one in EXAMPLES.values()])
MESSAGE = messages() | WITH_CANARY | JSON
BODY = (
    st.fixed_dictionaries({"batch": st.lists(MESSAGE, max_size=3) | JSON}, optional={"sentAt": JSON, "writeKey": TEXT})
    | MESSAGE
)
SERVER = "Basic " + base64.b64encode(b"server-key:").decode()
BROWSER = "Basic " + base64.b64encode(b"web-key:").decode()
AUTHORIZATION = st.sampled_from([SERVER] * 6 + [BROWSER, BROWSER, "Basic *", "Bearer x", "basic", ""]) | TEXT
ENCODING = st.sampled_from([None] * 6 + ["gzip", "GZIP", "identity", "br", ""]) | TEXT
PATHS = st.sampled_from(["/v1/batch"] * 6 + ["/v1/b", "/x/v1/t", "/v1/identify/", "/v1/g", "/v2/batch", "", "/"]) | TEXT
METHOD = st.sampled_from(["POST"] * 12 + ["OPTIONS", "GET", "post", "", "TRACE"])
# Lambda says that a body is base64 only when it is.
NOT_OF_LAMBDA = ("body", "not base64")
MANY = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Function URL events: mostly plausible, sometimes nonsense anywhere."""
    content = draw(BODY.map(dumped) | st.binary(max_size=40))
    encoding = draw(ENCODING)
    if encoding is not None and encoding.lower() == "gzip" and draw(st.booleans()):
        content = gzip.compress(content, 1)
        content = content[: draw(st.sampled_from([None, None, -3, 5]))]
    headers = {"authorization": draw(AUTHORIZATION), **({} if encoding is None else {"content-encoding": encoding})}
    encoded = draw(st.booleans()) or b"\x00" in content
    body: Any = base64.b64encode(content).decode() if encoded else content.decode("utf-8", "replace")
    return {
        "rawPath": draw(PATHS),
        "requestContext": {"http": {"method": draw(METHOD)}},
        "headers": draw(st.sampled_from([headers] * 9 + [None])),
        "body": draw(st.sampled_from([body] * 9 + [None, CANARY])),
        "isBase64Encoded": encoded,
    }


def check_answer(answer: Mapping[str, Any]) -> None:
    status = answer["statusCode"]
    assert status in {200, 400, 401, 404, 405, 413}
    said = json.loads(answer["body"]) if answer["body"] else {"accepted": 0, "rejected": []}
    if "rejected" in said:
        assert {(one["field"], one["reason"]) for one in said["rejected"]} <= REFUSED
        assert (status == 200) or (said["accepted"] == 0 and said["rejected"])
    else:
        assert (said["field"], said["reason"]) in {*UNUSABLE, NOT_OF_LAMBDA}


def check_queues(doors: Doors) -> None:
    """What was taken can be read again; what was refused is kept, with a rule of the page."""
    for taken in doors.identity.items:
        assert Event.from_json(taken).to_json() == taken
    assert {(one["field"], one["rule"]) for one in doors.quarantine.items} <= REFUSED


def any_request() -> Any:
    @given(requests())
    def run(request: dict[str, Any]) -> None:
        doors = Doors()
        answer = doors.http.answer(request)
        check_answer(answer)
        check_queues(doors)
        if answer["statusCode"] != 200:
            assert doors.identity.items == []

    return run


ODD: list[Any] = [None, 5, True, [], {}, [CANARY], {CANARY: CANARY}, "\ud800"]
ENVELOPE = st.fixed_dictionaries(
    {"detail": MESSAGE},
    optional={
        "detail-type": st.sampled_from(["track", "identify", "Order Completed", "decline", "", CANARY, *ODD]),
        "source": st.sampled_from(["shop", "segue.feedback", "", CANARY, *ODD]),
        "time": st.sampled_from(["2026-03-02T11:59:58Z", "x", "9999-12-31T23:59:59-12:00", CANARY, *ODD]),
    },
)
# What a rule delivers, with nonsense anywhere; or nonsense altogether.
RECORD = st.one_of(*[ENVELOPE.map(json.dumps)] * 6, MESSAGE.map(json.dumps), TEXT, st.just("[" * 5000), st.just('{"'))


def any_delivery() -> Any:
    @given(RECORD)
    def run(body: str) -> None:
        doors = Doors()
        assert doors.deliver(body) == []
        check_queues(doors)
        assert len(doors.identity.items) + len(doors.quarantine.items) == 1

    return run


DOORS = {"HTTP": any_request, "bus": any_delivery}


@pytest.mark.parametrize("door", DOORS)
def test_whatever_comes_is_taken_or_refused_by_a_rule(door: str, said: Said) -> None:
    settings(max_examples=300, **MANY)(DOORS[door]())()
    assert CANARY not in said()


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_whatever_comes_ten_thousand_times(door: str, said: Said) -> None:
    settings(max_examples=10_000, **MANY)(DOORS[door]())()
    assert CANARY not in said()
