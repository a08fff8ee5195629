"""How does one talk to the HTTP door? As an OpenAPI 3.1 document."""

from typing import Any

from functions.capture.http import CORS, SHORT_NAMES
from functions.capture.http_door import RETRY_AFTER_SECONDS
from functions.capture.model import BATCH_MESSAGES, BODY_BYTES, CLAIM_BYTES, DEPTH, TEXT_BYTES
from infra.contract.answers import ANSWERS
from infra.contract.examples import EXAMPLES
from infra.contract.messages import MESSAGES
from infra.contract.schemas import part, parts_of, typed_elsewhere

ANY = "Message"


def openapi() -> dict[str, Any]:
    """The document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Segue's HTTP door",
            "version": "1.0.0",
            "summary": "Segment-spec messages, as Segment-compatible clients send them.",
            "description": (
                "Any prefix may stand before the paths. Any content type is read as JSON; with `content-encoding: "
                f"gzip` the body is one gzip member. A body has at most {BODY_BYTES // 1024 // 1024} MB, unpacked; a "
                f"message at most {CLAIM_BYTES // 1024 // 1024} MB, nested {DEPTH} deep, with texts of at most "
                f"{TEXT_BYTES // 1024} KB. The write key is the user of basic authentication, or `writeKey` in the "
                "body. Never answers 202 or 207."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "https://{function}.lambda-url.{region}.on.aws",
                "description": "The endpoint URL of the stack's outputs.",
                "variables": {"function": {"default": "id"}, "region": {"default": "eu-west-1"}},
            }
        ],
        "security": [{"writeKey": []}, {}],
        "paths": {f"/v1/{name}": _path(name, SHORT_NAMES.get(name, name)) for name in _names()},
        "components": {
            "securitySchemes": {
                "writeKey": {"type": "http", "scheme": "basic", "description": "The write key as user, no password."}
            },
            "headers": {
                "AnyOrigin": {"required": True, "schema": {"const": CORS["access-control-allow-origin"]}},
                "RetryAfter": {"required": True, "schema": {"const": RETRY_AFTER_SECONDS}},
            },
            "schemas": _schemas(),
        },
    }


def _names() -> list[str]:
    return [name for short, long in SHORT_NAMES.items() for name in (long, short)]


def _path(name: str, kind: str) -> dict[str, Any]:
    body = "Batch" if kind == "batch" else f"A{kind.capitalize()}"
    summary = "Many messages." if kind == "batch" else (MESSAGES[kind].__doc__ or "")
    return {
        "post": {
            "operationId": f"post-{name}",
            "summary": summary.strip().replace("\n", " "),
            "requestBody": {"required": True, "content": {"application/json": _example(kind, part(body))}},
            "responses": _answers(),
        },
        "options": {
            "operationId": f"options-{name}",
            "summary": "What a browser asks before it sends.",
            "security": [],
            "responses": {"200": {"description": "It may.", "headers": _headers()}},
        },
    }


def _example(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    batch = {"batch": [dict(EXAMPLES["identify"]), dict(EXAMPLES["track"])]}
    return {"schema": schema, "example": batch if kind == "batch" else dict(EXAMPLES[kind])}


def _headers(**more: str) -> dict[str, Any]:
    named = {"access-control-allow-origin": "AnyOrigin", **{name.replace("_", "-"): one for name, one in more.items()}}
    return {name: {"$ref": f"#/components/headers/{one}"} for name, one in named.items()}


def _answers() -> dict[str, Any]:
    unusable = [part("Unusable")]
    said: dict[str, tuple[str, list[dict[str, str]]]] = {
        "200": ("Kept: what can be used is on its way, the rest is in quarantine.", [part("Taken")]),
        "400": ("Nothing in the body can be used.", [part("NothingTaken"), *unusable]),
        "401": ("There is no such write key.", unusable),
        "413": (
            f"Over {BODY_BYTES // 1024 // 1024} MB, or more than {BATCH_MESSAGES:,} messages in a batch.",
            unusable,
        ),
        "503": ("A queue or the keys cannot be reached: send it again.", [part("ComeAgain")]),
    }
    return {
        status: {
            "description": description,
            "headers": _headers(retry_after="RetryAfter") if status == "503" else _headers(),
            "content": {"application/json": {"schema": bodies[0] if len(bodies) == 1 else {"oneOf": bodies}}},
        }
        for status, (description, bodies) in said.items()
    }


def _schemas() -> dict[str, Any]:
    parts = parts_of([*MESSAGES.values(), *ANSWERS])
    for kind, model in MESSAGES.items():
        if kind in SHORT_NAMES.values():
            own = typed_elsewhere(parts[model.__name__], kind)
            own["description"] += " The path says the type; another one that is stated wins."
            parts[f"A{kind.capitalize()}"] = {"anyOf": [own, part(ANY)]}
    stated = {"required": ["type"], "properties": {"type": {"const": "track"}}}
    parts[ANY] = {
        "description": "A message that says its type.",
        "anyOf": [
            {"allOf": [part(model.__name__), stated]} if kind == "track" else part(model.__name__)
            for kind, model in MESSAGES.items()
        ],
    }
    parts["Batch"] = {
        "description": "Messages, of which the good ones are taken. A track may leave its type out.",
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {
                "type": "array",
                "maxItems": BATCH_MESSAGES,
                "anyOf": [{"maxItems": 0}, {"contains": {"anyOf": [part(ANY), part("Track")]}}],
            },
            "sentAt": {"description": "When the client sent it, for messages that do not say it themselves."},
            "writeKey": {"description": "The write key, where there is no basic authentication."},
        },
    }
    return dict(sorted(parts.items()))
