"""A few rows as the stores hold them after a run."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.dispatch.model import Message
from functions.journeys.model import Enrolment, EntryEvent
from functions.profiles.model import Snapshot
from functions.shared.events import Event
from functions.shared.names import ContactKey, EnrolmentId, MessageId, ProfileId

START = datetime(2010, 1, 4, 9, tzinfo=UTC)


@pytest.fixture
def message():
    def make(number: int, person: str = "ida", days: float = 1, **fields) -> Message:
        at = START + timedelta(days=days)
        plain = {
            "message": MessageId(f"{number:032x}"),
            "profile": ProfileId(person),
            "enrolment": EnrolmentId(f"welcome-{person}"),
            "journey": "welcome",
            "version": "1",
            "step": "thanks",
            "visit": "1",
            "channel": "email",
            "message_class": "marketing",
            "topic": "offers",
            "template": "thanks",
            "planned_at": at,
            "decided_at": at,
            "phase": "sent",
            "decision": "sent",
            "contact": ContactKey("email#0"),
            "status": "delivered",
        }
        return Message(**{**plain, **fields})

    return make


@pytest.fixture
def enrolment():
    def make(person: str = "ida", journey: str = "welcome", **fields) -> Enrolment:
        plain = {
            "profile": ProfileId(person),
            "enrolment": EnrolmentId(f"{journey}-{person}"),
            "journey": journey,
            "version": "1",
            "status": "completed",
            "entered_at": START,
            "entry": EntryEvent(f"order-{person}", "Order Completed", START),
            "ended_at": START + timedelta(days=30),
        }
        return Enrolment(**{**plain, **fields})

    return make


@pytest.fixture
def snapshot():
    def make(person: str = "ida") -> Snapshot:
        traits = {"firstName": "Ida", "lastName": "Chen", "country": "GB"}
        return Snapshot(ProfileId(person), True, START, START, 3, traits)

    return make


@pytest.fixture
def event():
    def make(kind: str, days: float = 0, source: str = "shop", **body) -> Event:
        at = START + timedelta(days=days)
        return Event(f"m-{kind}-{days}", kind, at, at, source, True, {"type": kind, **body})

    return make
