"""What does EventBridge answer? ``PutEvents`` as every AWS SDK sends it, for the one bus there is here.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from infra.local.server.http import Request, Response
from infra.local.world import LocalWorld

TARGET = "x-amz-target"
PUT_EVENTS = "AWSEvents.PutEvents"
MEMBERS = ("Time", "Source", "Resources", "DetailType", "Detail", "EventBusName", "TraceHeader")
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
ENTRIES, ENTRY_BYTES = 10, 1024 * 1024
# Kept for what AWS itself tells.
AWS_SOURCES = "aws."


class Refused(Exception):
    """The whole request is refused; ``code`` is the name of AWS's exception."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answered(world: LocalWorld, request: Request) -> Response:
    """What an AWS SDK gets; credentials and region may be any."""
    try:
        answer = _put(world, _entries(request))
    except Refused as refused:
        return _response(400, {"__type": refused.code, "message": str(refused)}, f"{refused.code}: {refused}")
    taken = len(answer["Entries"]) - answer["FailedEntryCount"]
    return _response(200, answer, f"PutEvents: accepted {taken}, rejected {answer['FailedEntryCount']}")


def _entries(request: Request) -> list[dict[str, Any]]:
    target = request.headers[TARGET]
    if target != PUT_EVENTS:
        raise Refused("UnknownOperationException", f"only {PUT_EVENTS} is answered here, not {target[:80]}")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    entries = body.get("Entries") if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        raise Refused("SerializationException", "Entries is not a list of objects")
    if not 1 <= len(entries) <= ENTRIES:
        raise Refused("ValidationException", f"Entries holds {len(entries)}; a request takes 1 to {ENTRIES}")
    # As AWS has it, members it does not know say nothing, and null is absent.
    return [{name: one[name] for name in MEMBERS if one.get(name) is not None} for one in entries]


def _put(world: LocalWorld, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Puts the good entries; each of the others is answered in its place."""
    faults = [_fault(world, entry) for entry in entries]
    good = [_with_time(entry, world.clock()) for entry, fault in zip(entries, faults, strict=True) if fault is None]
    try:
        told = iter(world.put_entries(good)["Entries"] if good else ())
    except ParamValidationError as error:
        raise Refused("ValidationException", str(error)) from error
    except ClientError as error:
        raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    answers = [fault or next(told) for fault in faults]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def _fault(world: LocalWorld, entry: Mapping[str, Any]) -> dict[str, str] | None:
    bus = str(entry.get("EventBusName", "default")).rpartition("/")[2]
    if bus != world.bus:
        # AWS would take it, for a bus that nobody here listens to.
        raise Refused("ResourceNotFoundException", f"no event bus {bus} here; put EventBusName={world.bus}")
    if len(str(entry.get("Detail", "")).encode("utf-8", "surrogatepass")) > ENTRY_BYTES:
        raise Refused("ValidationException", f"an entry is over {ENTRY_BYTES // 1024} KB")
    if str(entry.get("Source", "")).startswith(AWS_SOURCES):
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    if isinstance(entry.get("Detail"), str) and not _is_object(entry["Detail"]):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _with_time(entry: dict[str, Any], now: datetime) -> dict[str, Any]:
    """On the wire a time is seconds since 1970; an entry without one happens now."""
    at = entry.get("Time", now.timestamp())
    try:
        return {**entry, "Time": datetime.fromtimestamp(at, UTC)}
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Refused("SerializationException", "Time is not a number of seconds since 1970") from error


def _response(status: int, body: Mapping[str, Any], note: str) -> Response:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": str(uuid.uuid4())}
    return Response(status, headers, json.dumps(body).encode(), note)
