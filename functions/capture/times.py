"""When did it happen, by whose clock?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.capture import model
from functions.capture.model import Item
from functions.shared.clock import parse_instant
from functions.shared.errors import RejectedInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def happened(body: Mapping[str, Any], item: Item) -> tuple[datetime, tuple[str, ...]]:
    """When it happened, and warnings: the caller's time, corrected by what its clock was off when it sent.

    Raises ``RejectedInput`` for what is no time, or one that cannot be.
    """
    received_at = item.received_at
    sent_at = _instant(body.get("sentAt"))
    near = sent_at is None or abs(received_at - sent_at) <= model.LATEST_SKEW
    suspect = () if near else ("clock_suspect",)
    field = "timestamp" if "timestamp" in body else "originalTimestamp"
    if field not in body:
        happened_at = item.happened_at or received_at
        likely = timedelta(0) <= received_at - happened_at <= model.LATEST_SKEW
        return _milliseconds(happened_at if likely else received_at), suspect
    stated = _instant(body[field])
    if stated is None:
        raise RejectedInput(field, "not an RFC 3339 time")
    if sent_at is not None and near:
        stated = _shifted(stated, received_at - sent_at)
    if stated > received_at + model.LATEST_SKEW:
        raise RejectedInput(field, "more than 24 hours ahead of its receipt")
    if stated < EPOCH:
        raise RejectedInput(field, "before 1970")
    if stated > received_at + model.TOLERATED_AHEAD:
        return _milliseconds(received_at), ("clock_suspect",)
    return _milliseconds(stated), suspect


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except (ValueError, OverflowError):
        return None


def _shifted(stated: datetime, offset: timedelta) -> datetime:
    try:
        return stated + offset
    except OverflowError:
        return stated


def _milliseconds(instant: datetime) -> datetime:
    """Cut to what is stored, so that a time compares the same before and after a queue."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
