"""What can a guard answer, and from what?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from functions.journeys.model import Enrolment
from functions.journeys.switches.model import Board
from functions.permissions.model import Permission
from functions.profiles.model import Contact
from functions.shared.names import Channel, MessageClass


@dataclass(frozen=True, slots=True)
class Question:
    """May this message go to this address now? Everything a guard may look at, read in one transaction.

    ``enrolment`` or ``contact`` is None when there is none. ``opt_in`` is the topic's rule (single | double | none).
    ``earlier`` is the run of the same journey that goes on instead, when a merge brought two of them together.
    ``board`` holds the switches, a few seconds old at most. ``due_at`` is when the message was to go, ``late_after``
    how much later it may (None: whenever).
    """

    journey: str
    channel: Channel
    message_class: MessageClass
    topic: str | None
    opt_in: str
    enrolment: Enrolment | None
    contact: Contact | None
    permission: Permission
    now: datetime
    due_at: datetime
    late_after: timedelta | None = None
    earlier: Enrolment | None = None
    board: Board = field(default_factory=Board)


@dataclass(frozen=True, slots=True)
class Pass:
    """This guard has nothing against it."""

    saw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withheld:
    """No, and asking again will not help."""

    reason: str
    saw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now; ask again at ``until`` (aware UTC)."""

    until: datetime
    reason: str
    saw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paused:
    """Not now, and nobody knows until when: the machine holds the run and asks again once somebody lets it go."""

    saw: Mapping[str, Any] = field(default_factory=dict)


Verdict: TypeAlias = Pass | Withheld | Deferred | Paused
Guard: TypeAlias = Callable[[Question], Verdict]
