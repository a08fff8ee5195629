"""What does Lambda make of a request to a function URL? An event of payload format 2.0, and an answer of what returns.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from infra.local.server.http import Request, Response
from infra.local.world import LocalWorld

DOOR = "segue-dev-accept-http"
TEXTS = ("text/", "application/json", "application/javascript", "application/xml")
BROKEN = Response(502, {"content-type": "application/json"}, b'{"message":"Internal Server Error"}', "it failed")


def answered(world: LocalWorld, request: Request) -> Response:
    """What the HTTP door answers."""
    answer, failed = world.functions[DOOR].invoke(json.dumps(event_of(request, world.clock())).encode())
    return BROKEN if failed else response_of(answer)


def event_of(request: Request, at: datetime) -> dict[str, Any]:
    """The event of a request that came ``at``; a body that is no plain text stands in base64."""
    headers = dict(request.headers)
    cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
    text = _text(request)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": headers.get("host", "127.0.0.1").partition(":")[0],
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": text is None,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in query.items()}
    if request.body:
        event["body"] = base64.b64encode(request.body).decode() if text is None else text
    return event


def response_of(answer: Any) -> Response:
    """What a client gets for what the function returned; without a ``statusCode`` that is the body, as JSON."""
    if not isinstance(answer, Mapping) or "statusCode" not in answer:
        return Response(200, {"content-type": "application/json"}, json.dumps(answer).encode())
    body = str(answer.get("body") or "")
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
    headers = {name.lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
    return Response(int(answer["statusCode"]), {"content-type": "application/json", **headers}, content, _note(content))


def _text(request: Request) -> str | None:
    """The body where Lambda hands it on as text."""
    kind = request.headers.get("content-type", "").lower()
    if "content-encoding" in request.headers or not kind.startswith(TEXTS):
        return None if request.body else ""
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None


def _note(content: bytes) -> str:
    """How many messages the door took and refused, or why it took none: never what they said."""
    said = json.loads(content) if content else {}
    if "accepted" in said:
        return f"accepted {said['accepted']}, rejected {len(said['rejected'])}"
    return ": ".join(said[name] for name in ("field", "reason") if name in said)
