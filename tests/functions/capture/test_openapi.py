"""Schemathesis, which only knows the committed OpenAPI document, against the real door."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import ScenarioFinished, NonFatalError, FatalError

from functions.capture.model import Item
from functions.capture.policy import read
from tests.functions.capture.test_doors import Doors

DOCUMENT = Path(__file__).parents[3] / "docs" / "schemas" / "openapi.json"


def function_url(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The event Lambda makes of a request to a function URL."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {
        "version": "2.0",
        "rawPath": environ["PATH_INFO"],
        "headers": headers,
        "requestContext": {"http": {"method": environ["REQUEST_METHOD"]}},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def served(doors: Doors) -> Callable[..., Iterable[bytes]]:
    """The door as a WSGI application."""

    def application(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = doors.http.answer(function_url(environ))
        start_response(f"{answer['statusCode']} OK", list(answer["headers"].items()))
        return [answer["body"].encode()]

    return application
