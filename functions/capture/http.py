"""What does an HTTP request say? Paths, encodings and credentials as Segment's clients send them."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.capture.model import BATCH_MESSAGES, BODY_BYTES, INSTANT_CHARACTERS
from functions.capture.policy import usable_number

SHORT_NAMES = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
PATH = re.compile(rf"(?:^|/)v1/({'|'.join([*SHORT_NAMES, *SHORT_NAMES.values()])})/?\Z")
GZIP = 16 + zlib.MAX_WBITS
GZIP_BEGINNING = b"\x1f\x8b"
METHODS = "POST, OPTIONS"
# A page on any site may send events; the write key says whose they are, and no answer holds anything to protect.
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "authorization, content-type, content-encoding",
    "access-control-max-age": "86400",
}


class Unusable(Exception):
    """Nothing in the request can be used; ``status``, the reason and what ``headers`` to answer with."""

    def __init__(self, status: int, field: str, reason: str, **headers: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.status = status
        self.field = field
        self.reason = reason
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Head:
    """What a request says before its body is opened: the type its path names, its headers, the key of basic auth."""

    kind: str
    headers: Mapping[str, str]
    write_key: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """The messages of a request, the write key in its body, and when the client says it sent them."""

    messages: Sequence[object]
    write_key: str | None
    sent_at: str | None


def method(event: Mapping[str, Any]) -> str:
    """``POST``, ``OPTIONS`` ... of a function URL event (payload format 2.0)."""
    return str(event.get("requestContext", {}).get("http", {}).get("method", "")).upper()


def read_head(event: Mapping[str, Any]) -> Head:
    """Reads all but the body of a function URL event; raises ``Unusable``."""
    path = PATH.search(str(event.get("rawPath", "")))
    if path is None:
        raise Unusable(404, "path", "not one of /v1/batch, /v1/track, /v1/identify, /v1/page, /v1/screen, ...")
    if method(event) != "POST":
        raise Unusable(405, "method", "not POST", allow=METHODS)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Head(SHORT_NAMES.get(path[1], path[1]), headers, _basic_user(headers.get("authorization")))


def read_request(event: Mapping[str, Any], head: Head) -> Request:
    """Reads the body; raises ``Unusable``. Up to 4 MB are inflated and parsed, so ask who sends them first."""
    body = _json(_decompressed(_bytes(event), head.headers.get("content-encoding")))
    if not isinstance(body, dict):
        raise Unusable(400, "body", "not a JSON object")
    stated_key = body.pop("writeKey", None)
    return Request(
        messages=_messages(body, head.kind),
        write_key=stated_key if isinstance(stated_key, str) else None,
        sent_at=_instant_text(body.get("sentAt")),
    )


def answer(status: int, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    """A function URL answer; ``retry_after="5"`` becomes header ``retry-after``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **CORS, **named},
        "body": "" if body is None else json.dumps(body, separators=(",", ":")),
    }


def refusal(code: str, message: str, **more: Any) -> dict[str, Any]:
    """The body of an answer that takes nothing for good.

    Two official clients for Python look for ``code`` and ``message``; where these are missing they fail over it, and
    send the same again, ten times.
    """
    return {"success": False, **more, "code": code, "message": message}


def _messages(body: dict[str, Any], kind: str) -> Sequence[object]:
    if kind != "batch":
        return [{**body, "type": kind if body.get("type") is None else body["type"]}]
    batch = body.get("batch")
    if not isinstance(batch, list):
        raise Unusable(400, "batch", "not a list of messages")
    if len(batch) > BATCH_MESSAGES:
        raise Unusable(413, "batch", f"more than {BATCH_MESSAGES} messages")
    for message in batch:
        if isinstance(message, dict):
            # A credential, not a part of what happened; it must not end up in a timeline.
            message.pop("writeKey", None)
    return batch


def _instant_text(stated: object) -> str | None:
    """It goes with every message of the batch, so a text too long for an instant would be multiplied."""
    return stated if isinstance(stated, str) and len(stated) <= INSTANT_CHARACTERS else None


def _bytes(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(str(body))
    except (binascii.Error, ValueError) as error:
        raise Unusable(400, "body", "not base64") from error


def _decompressed(body: bytes, encoding: str | None) -> bytes:
    if encoding is None or encoding.strip().lower() in ("", "identity"):
        return _limited(body)
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise Unusable(400, "content-encoding", "not gzip")
    reader = zlib.decompressobj(GZIP)
    try:
        # One byte more than allowed is enough to know; a bomb never unfolds.
        plain = _limited(reader.decompress(body, BODY_BYTES + 1))
    except zlib.error as error:
        raise Unusable(400, "body", "not gzip") from error
    if not reader.eof:
        raise Unusable(400, "body", "gzip ends too early")
    return plain


def _limited(body: bytes) -> bytes:
    if len(body) > BODY_BYTES:
        raise Unusable(413, "body", f"over {BODY_BYTES // 1024 // 1024} MB")
    return body


def _json(body: bytes) -> object:
    try:
        return json.loads(body, parse_int=usable_number)
    except UnicodeDecodeError as error:
        packed = body.startswith(GZIP_BEGINNING)
        raise Unusable(400, "body", "gzip without content-encoding: gzip" if packed else "not UTF-8") from error
    except RecursionError as error:
        raise Unusable(400, "body", "nested too deep") from error
    except ValueError as error:
        raise Unusable(400, "body", "not JSON") from error


def _basic_user(authorization: str | None) -> str | None:
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials).decode().partition(":")[0] or None
    except (binascii.Error, ValueError):
        return None
