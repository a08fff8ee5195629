"""Every shipped template can be sent: to a person we know well, and to one of whom we know only an address."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.dispatch.assemble import sending_identity, sending_mailbox
from functions.dispatch.end_user_messaging import TextMessages
from functions.dispatch.links import links
from functions.dispatch.model import SendRequest
from functions.dispatch.pinpoint import PushNotifications
from functions.dispatch.provider import Outgoing, Unrenderable
from functions.dispatch.render import Templates, context_of
from functions.dispatch.ses import SesEmail
from functions.journeys.language.publication import publish
from functions.journeys.model import Enrolment, EntryEvent
from functions.profiles.model import Snapshot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUBLICATION, _ = publish(Path(__file__).parents[3] / "journeys")
SHIPPED = [(name, channel) for name, parts in PUBLICATION.templates.items() for channel in parts]
KNOWN = {
    "little": ({}, {}),
    "much": (
        {"first_name": "Zoë <b>"},
        {"revenue": 12.5, "lines": 1, "units": 3, "order_id": "A-1", "currency": "GBP"},
    ),
}
ADDRESSES = {"email": "ann@example.com", "sms": "+447700900123", "push": "tok"}


def providers():
    return {
        "email": SesEmail(sending_mailbox(PUBLICATION), "set"),
        "sms": TextMessages(sending_identity(PUBLICATION, "sms")),
        "push": PushNotifications("app"),
    }


@pytest.mark.parametrize("person", KNOWN)
@pytest.mark.parametrize(("name", "channel"), SHIPPED)
def test_a_shipped_template_can_be_sent(name, channel, person):
    traits, properties = KNOWN[person]
    journey, template = name.split("/")
    request = SendRequest.from_json(
        {
            "token": "t",
            "enrolment": "e",
            "profile": "p",
            "journey": journey,
            "version": "v",
            "step": "s",
            "visit": 1,
            "channel": channel,
            "class": "marketing",
            "template": template,
            "planned_at": "2026-03-02T12:00:00Z",
        }
    )
    entry = EntryEvent("m", "Order Completed", NOON, properties)
    run = Enrolment("p", "e", journey, "v", "active", NOON, entry)
    urls = links(sending_identity(PUBLICATION, "email"), request.message)
    context = context_of(request, Snapshot("p", True, NOON, NOON, 1, traits), run, PUBLICATION.policy["brand"], urls)
    parts = Templates(PUBLICATION.templates).render(name, channel, context)
    assert not isinstance(parts, Unrenderable), parts.why
    assert "<b>" not in parts.get("html", "").replace("<body", "")
    outgoing = Outgoing(request.message, "marketing", ADDRESSES[channel], None, parts, urls["unsubscribe_url"])
    prepared = providers()[channel].prepare(outgoing)
    assert not isinstance(prepared, Unrenderable), prepared.why
