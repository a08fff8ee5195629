"""What does a provider's event say about our message, and what is it called in the Segment spec?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from functions.dispatch.model import Message, Status
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import MessageId

# Who says on the bus what became of a message.
SOURCE = "segue.feedback"
MESSAGE_TAG = "segue-message"
MESSAGE_HEADER = "x-segue-message"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One word of the provider about one message.

    ``message`` is None when the e-mail is none of ours. ``provider_event`` names the word itself: told
    twice, it is the same. ``suppress`` is the reason nothing more may go to the address; ``event`` the name on the bus.
    """

    message: MessageId | None
    status: Status
    at: datetime
    provider_event: str
    suppress: str | None = None
    event: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def receipt(detail: Mapping[str, Any]) -> Receipt | None:
    """The receipt in an SES event record (the ``detail`` on EventBridge); None for kinds that say nothing final.

    Shapes: Amazon SES developer guide, "Contents of event data". Raises ``KeyError`` on anything else.
    """
    # DeliveryDelay and Subscription have no reader: the last word is still to come, or it is not about a message.
    read = READERS.get(detail["eventType"])
    return None if read is None else read(_message(detail["mail"]), detail)


def track(message: Message, word: Receipt) -> dict[str, Any]:
    """The Segment track message of a receipt: the person by profile id, no address; the same id however often told."""
    return {
        "type": "track",
        "event": word.event,
        "messageId": str(uuid5(NAMESPACE_URL, f"segue:{word.provider_event}")),
        "timestamp": format_instant(word.at),
        "context": {"externalIds": [{"type": "segue_profile", "id": message.profile}]},
        "properties": {
            "journey": message.journey,
            "step": message.step,
            "message": message.message,
            "enrolment": message.enrolment,
            "channel": message.channel,
            "template": message.template,
            "email_id": message.message,
            "campaign_id": message.journey,
            "campaign_name": f"{message.journey}/{message.step}",
            **word.properties,
        },
    }


def _message(mail: Mapping[str, Any]) -> MessageId | None:
    tagged = mail.get("tags", {}).get(MESSAGE_TAG)
    if tagged:
        return MessageId(tagged[0])
    named = [h["value"] for h in mail.get("headers", ()) if h["name"].lower() == MESSAGE_HEADER]
    return MessageId(named[0]) if named else None


def _name(detail: Mapping[str, Any], *what: str) -> str:
    # The envelope's own id would differ when SES tells the same thing twice.
    return "/".join(["ses", detail["mail"]["messageId"], detail["eventType"], *what])


def _send(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    return Receipt(message, "sent", parse_instant(detail["mail"]["timestamp"]), _name(detail))


def _failure(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    return Receipt(message, "failed", parse_instant(detail["mail"]["timestamp"]), _name(detail))


def _delivery(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    at = detail["delivery"]["timestamp"]
    return Receipt(message, "delivered", parse_instant(at), _name(detail, at), event="Email Delivered")


def _open(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    at = detail["open"]["timestamp"]
    return Receipt(message, "opened", parse_instant(at), _name(detail, at), event="Email Opened")


def _click(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    at = detail["click"]["timestamp"]
    link = detail["click"].get("link", "")
    parts = urlsplit(link)
    # Queries carry addresses and signed ids; host and path say which link it was.
    shown = {"link_url": f"{parts.scheme}://{parts.hostname}{parts.path}"} if parts.scheme in {"http", "https"} else {}
    name = _name(detail, at, link)
    return Receipt(message, "clicked", parse_instant(at), name, event="Email Link Clicked", properties=shown)


def _bounce(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt:
    bounce = detail["bounce"]
    hard = bounce["bounceType"] == "Permanent"
    return Receipt(
        message,
        "bounced_hard" if hard else "bounced_soft",
        parse_instant(bounce["timestamp"]),
        _name(detail, bounce["feedbackId"]),
        suppress="bounced_hard" if hard else None,
        event="Email Bounced",
        properties={"bounce": "hard" if hard else "soft"},
    )


def _complaint(message: MessageId | None, detail: Mapping[str, Any]) -> Receipt | None:
    complaint = detail["complaint"]
    if complaint.get("complaintFeedbackType") == "not-spam":
        # The opposite of a complaint: somebody took it out of the spam folder.
        return None
    return Receipt(
        message,
        "complained",
        parse_instant(complaint["timestamp"]),
        _name(detail, complaint["feedbackId"]),
        suppress="complained",
        event="Email Marked as Spam",
    )


READERS: Mapping[str, Callable[[MessageId | None, Mapping[str, Any]], Receipt | None]] = {
    "Bounce": _bounce,
    "Click": _click,
    "Complaint": _complaint,
    "Delivery": _delivery,
    "Open": _open,
    "Reject": _failure,
    "Rendering Failure": _failure,
    "Send": _send,
}
