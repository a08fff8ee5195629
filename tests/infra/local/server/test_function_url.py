"""A request becomes the event that Lambda makes of it, and what returns becomes an answer."""

import base64
import gzip
from datetime import UTC, datetime

import pytest

from infra.local.server.function_url import event_of, response_of
from infra.local.server.http import Request

AT = datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC)


def request(body=b"", headers=None, method="POST", path="/v1/batch", query=""):
    return Request(method, path, query, {"host": "127.0.0.1:8765", **(headers or {})}, body)


def test_an_event_says_what_lambdas_says():
    event = event_of(
        request(b'{"batch":[]}', {"content-type": "application/json", "user-agent": "curl/8"}, query="a=1&a=2&b="), AT
    )
    context = event["requestContext"]
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/v1/batch", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["headers"]["host"] == "127.0.0.1:8765"
    assert (event["body"], event["isBase64Encoded"]) == ('{"batch":[]}', False)
    assert context["http"] == {
        "method": "POST",
        "path": "/v1/batch",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "curl/8",
    }
    assert (context["time"], context["timeEpoch"]) == ("02/Mar/2026:10:00:00 +0000", 1772445600500)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b"{}", mtime=0), {"content-type": "application/json", "content-encoding": "gzip"}),
        (b"{}", {"content-type": "application/x-www-form-urlencoded"}),
        (b"{}", {}),
        (b"\xff\xfe", {"content-type": "text/plain"}),
    ],
)
def test_what_is_no_plain_text_comes_in_base64(body, headers):
    event = event_of(request(body, headers), AT)
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == body


def test_a_request_without_a_body_has_none():
    event = event_of(request(method="OPTIONS"), AT)
    assert "body" not in event
    assert not event["isBase64Encoded"]


def test_cookies_stand_beside_the_headers():
    event = event_of(request(headers={"cookie": "a=1; b=2"}), AT)
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]


def test_what_returns_is_the_answer():
    told = response_of({"statusCode": 400, "headers": {"X-One": 1}, "body": '{"field":"batch","reason":"missing"}'})
    assert (told.status, told.headers["x-one"], told.note) == (400, "1", "batch: missing")
    packed = response_of({"statusCode": 200, "body": base64.b64encode(b"{}").decode(), "isBase64Encoded": True})
    assert packed.body == b"{}"


def test_an_answer_without_a_status_is_its_json():
    assert response_of(["x"]).body == b'["x"]'
