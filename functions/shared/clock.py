"""What time is it? Passed in everywhere, so that a month can pass in a second."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Answers the aware UTC instant it is called at."""


def system_clock() -> datetime:
    """The machine's own time, UTC."""
    return datetime.now(UTC)


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and ``Z``: the one spelling of a time in tables, queues and state machines."""
    in_utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def parse_instant(text: str) -> datetime:
    """The aware UTC instant of an RFC 3339 text; a text without a zone is read as UTC.

    Raises ``ValueError`` when the text is no instant.
    """
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
