from datetime import UTC, datetime

import pytest

from functions.dispatch.mime import compose
from functions.dispatch.pinpoint import PushNotifications
from functions.dispatch.provider import Outgoing
from functions.shared.names import MessageId
from infra.local.demo.outbox import (
    email_message_id,
    notification_message_id,
    read_email,
    read_notification,
    read_text_message,
    text_message_id,
)

AT = datetime(2010, 1, 4, 9, tzinfo=UTC)
ID = MessageId("5" * 32)


def test_an_email_is_read_back_as_it_was_composed(message):
    raw = compose(
        sender="Fern & Finch <hello@fernandfinch.example>",
        recipient="ida@example.com",
        subject="Thank you, Ída – really",
        text="Plain €",
        html="<p>Rich €</p>",
        message=ID,
        unsubscribe=None,
    )
    read = read_email(raw, AT, message(5))
    assert email_message_id(raw) == ID
    assert (read.channel, read.journey, read.template, read.at) == ("email", "welcome", "thanks", AT)
    assert (read.to, read.subject) == ("ida@example.com", "Thank you, Ída – really")
    assert "hello@fernandfinch.example" in read.sender
    assert (read.html or "").strip() == "<p>Rich €</p>"
    assert read.text.strip() == "Plain €"


def test_an_email_that_is_not_ours_is_no_message():
    with pytest.raises(KeyError):
        email_message_id(b"From: a@example.com\r\n\r\nhello")


def test_a_text_message_is_read_from_its_request(message):
    request = {
        "OriginationIdentity": "FERNFINCH",
        "DestinationPhoneNumber": "+442079460005",
        "MessageBody": "Hello",
        "Context": {"segue-message": ID},
    }
    read = read_text_message(request, AT, message(5, channel="sms"))
    assert text_message_id(request) == ID
    assert (read.channel, read.to, read.sender, read.text) == ("sms", "+442079460005", "FERNFINCH", "Hello")


def test_a_notification_is_read_from_what_dispatch_prepares(message):
    outgoing = Outgoing(
        message=ID,
        message_class="marketing",
        address="t" * 64,
        platform="ios",
        parts={"title": "Hello", "body": "You", "link": "https://shop.example/x"},
        unsubscribe=None,
    )
    request = PushNotifications("app", client=object()).prepare(outgoing)
    assert isinstance(request, dict)
    read = read_notification(request, AT, message(5, channel="push"))
    assert notification_message_id(request) == ID
    assert (read.to, read.title, read.text, read.link) == ("t" * 64, "Hello", "You", "https://shop.example/x")
