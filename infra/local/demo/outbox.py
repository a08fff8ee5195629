"""What did customers see? Provider requests read back into messages: raw MIME, text messages, notifications."""

from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from functions.dispatch.model import Message
from functions.shared.names import MessageId
from infra.local.report.model import OutboxMessage

MESSAGE_HEADER = "X-Segue-Message"
MESSAGE_KEY = "segue-message"


def email_message_id(raw: bytes) -> MessageId:
    """The id that a raw e-mail carries; raises ``KeyError`` when it carries none."""
    return MessageId(str(_parsed(raw)[MESSAGE_HEADER] or _missing(MESSAGE_HEADER)))


def text_message_id(request: Mapping[str, Any]) -> MessageId:
    """The id in a ``SendTextMessage`` request."""
    return MessageId(request["Context"][MESSAGE_KEY])


def notification_message_id(request: Mapping[str, Any]) -> MessageId:
    """The id in a Pinpoint ``SendMessages`` request."""
    return MessageId(_content(request)["Data"][MESSAGE_KEY])


def read_email(raw: bytes, at: datetime, line: Message) -> OutboxMessage:
    """A raw e-mail as a mail program shows it."""
    mail = _parsed(raw)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    return OutboxMessage(
        at=at,
        channel="email",
        journey=line.journey,
        template=line.template,
        to=str(mail["To"]),
        sender=str(mail["From"]),
        subject=str(mail["Subject"]),
        html=html.get_content() if html is not None else None,
        text=text.get_content() if text is not None else "",
    )


def read_text_message(request: Mapping[str, Any], at: datetime, line: Message) -> OutboxMessage:
    """A ``SendTextMessage`` request as a telephone shows it."""
    return OutboxMessage(
        at=at,
        channel="sms",
        journey=line.journey,
        template=line.template,
        to=request["DestinationPhoneNumber"],
        sender=request.get("OriginationIdentity", ""),
        text=request["MessageBody"],
    )


def read_notification(request: Mapping[str, Any], at: datetime, line: Message) -> OutboxMessage:
    """A ``SendMessages`` request as a lock screen shows it."""
    content = _content(request)
    [address] = request["MessageRequest"]["Addresses"]
    return OutboxMessage(
        at=at,
        channel="push",
        journey=line.journey,
        template=line.template,
        to=address,
        title=content.get("Title", ""),
        text=content.get("Body", ""),
        link=content.get("Url", ""),
    )


def _parsed(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _content(request: Mapping[str, Any]) -> Mapping[str, Any]:
    [content] = request["MessageRequest"]["MessageConfiguration"].values()
    return dict(content)


def _missing(name: str) -> str:
    raise KeyError(name)
