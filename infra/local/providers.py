"""What do SES, the phone network and the push services do with a message? They take it, and tell what became of it.

``pinpoint-sms-voice-v2`` and Pinpoint's ``SendMessages`` are not in moto: botocore still checks each request against
the real service model, then the fake answers. SES is moto's; its events, which moto does not publish, are made here in
the shape SES gives them.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, Literal
from urllib.parse import unquote

from botocore.exceptions import ClientError

from functions.shared.clock import format_instant
from functions.shared.names import CHANNELS, Channel
from infra.local.requests import Fake, Observer, Request
from infra.local.templates import REGION

DELIVERY_TAKES = timedelta(seconds=2)
Fate = Literal["delivered", "bounced", "complained"]
FateOf = Callable[[str], Fate]
Answer = Literal["accepted", "rejected", "lost", "throttled", "paused"]
"""What a provider does with what it is sent. ``lost``: neither its answer nor anything else is heard of it, so it does
not stand in the outbox; ``rejected`` blames the message, ``throttled`` and ``paused`` the pace and the account."""
ReceiptKind = Literal["delivered", "opened", "clicked", "bounced_hard", "bounced_soft", "complained", "failed"]
CHANNEL_OF: Mapping[str, Channel] = {
    "sesv2.SendEmail": "email",
    "pinpoint-sms-voice-v2.SendTextMessage": "sms",
    "pinpoint.SendMessages": "push",
}
# The code and the status by which each service says no.
REFUSALS: Mapping[Answer, Mapping[Channel, tuple[str, int]]] = {
    "rejected": {
        "email": ("MessageRejected", 400),
        "sms": ("ValidationException", 400),
        "push": ("BadRequestException", 400),
    },
    "lost": dict.fromkeys(CHANNELS, ("InternalServerError", 500)),
    "throttled": {
        "email": ("TooManyRequestsException", 429),
        "sms": ("ThrottlingException", 429),
        "push": ("TooManyRequestsException", 429),
    },
    "paused": {
        "email": ("SendingPausedException", 400),
        "sms": ("AccessDeniedException", 403),
        "push": ("ForbiddenException", 403),
    },
}


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message as a provider got it. ``message`` is our message id; ``headers`` are those of an e-mail."""

    at: datetime
    channel: Channel
    to: str
    message: str
    sender: str = ""
    subject: str = ""
    text: str = ""
    html: str | None = None
    headers: Mapping[str, str] | None = None
    data: Mapping[str, Any] | None = None


FATES: Mapping[Fate, Sequence[ReceiptKind]] = {
    "delivered": ("delivered",),
    "bounced": ("bounced_hard",),
    "complained": ("delivered", "complained"),
}


class Providers(Observer):
    """The world beyond our functions: an outbox, and the events that come back.

    ``publish`` puts an event on the default bus at an instant: ``publish(at, source, detail_type, detail)``.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        publish: Callable[[datetime, str, str, dict[str, Any]], None],
        fate_of: FateOf = lambda address: "delivered",
    ) -> None:
        self.outbox: list[SentMessage] = []
        self.answers: dict[Channel, Answer] = {}
        self._mails: dict[str, tuple[str, dict[str, Any]]] = {}
        self._clock = clock
        self._publish = publish
        self._fate_of = fate_of

    def fakes(self) -> dict[str, Fake]:
        """What stands in for the operations moto lacks."""
        return {
            "pinpoint-sms-voice-v2.SendTextMessage": self._send_text_message,
            "pinpoint.SendMessages": self._send_messages,
        }

    def before(self, request: Request) -> None:
        """Refuses as ``answers`` says of the channel."""
        self.refuse(request.name)

    def after(self, request: Request) -> None:
        """Reads back each e-mail that moto's SES took."""
        if request.name != "sesv2.SendEmail":
            return
        # Who runs without moto need not wait for it.
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.ses.models import ses_backends

        body = json.loads(request.params["body"])
        taken = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
        raw = base64.b64decode(body["Content"]["Raw"]["Data"])
        if taken and taken[-1].raw_data.encode() == raw:
            self.mailed(taken[-1].id, body, raw)

    def refuse(self, request: str) -> None:
        """Raises what the service of that request (``sesv2.SendEmail``) refuses it with, as ``answers`` says."""
        channel = CHANNEL_OF.get(request)
        if channel is None or self.answers.get(channel, "accepted") == "accepted":
            return
        code, status = REFUSALS[self.answers[channel]][channel]
        error = {"Code": code, "Message": "as the story has it"}
        said = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(said, request.partition(".")[2])

    def mailed(self, ses_id: str, request: Mapping[str, Any], raw: bytes) -> None:
        """Puts an e-mail that was taken into the outbox, and makes SES tell what became of it."""
        mail = message_from_bytes(raw, policy=policy.default)
        tags = {tag["Name"]: [tag["Value"]] for tag in request.get("EmailTags", [])}
        [address] = request["Destination"]["ToAddresses"]
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        self.outbox.append(
            SentMessage(
                at=self._clock(),
                channel="email",
                to=address,
                message=tags["segue-message"][0],
                sender=str(mail["From"]),
                subject=str(mail["Subject"]),
                text=text.get_content() if text else "",
                html=html.get_content() if html else None,
                headers={name: str(value) for name, value in mail.items()},
            )
        )
        named = {**tags, "ses:configuration-set": [request["ConfigurationSetName"]]}
        self._tell(ses_id, address, self.outbox[-1].message, named)

    def tell(self, message: str, kind: ReceiptKind) -> None:
        """SES tells, now, what became of an e-mail it took; raises ``KeyError`` for what is none."""
        address, mail = self._mails[message]
        now = self._clock()
        name, key, detail = _word(kind, address, format_instant(now))
        self._publish(now, "aws.ses", name, {"eventType": key.title(), "mail": mail, key: detail})

    def _tell(self, ses_id: str, address: str, message: str, tags: Mapping[str, list[str]]) -> None:
        now = self._clock()
        mail = {"timestamp": format_instant(now), "messageId": ses_id, "destination": [address], "tags": tags}
        self._mails[message] = (address, mail)
        self._publish(now, "aws.ses", "Email Sent", {"eventType": "Send", "mail": mail, "send": {}})
        later = now + DELIVERY_TAKES
        for kind in FATES[self._fate_of(address)]:
            name, key, detail = _word(kind, address, format_instant(later))
            self._publish(later, "aws.ses", name, {"eventType": key.title(), "mail": mail, key: detail})

    def _send_text_message(self, params: Mapping[str, Any]) -> dict[str, Any]:
        body = json.loads(params["body"])
        self.outbox.append(
            SentMessage(
                at=self._clock(),
                channel="sms",
                to=body["DestinationPhoneNumber"],
                message=body["Context"]["segue-message"],
                sender=body.get("OriginationIdentity", ""),
                text=body["MessageBody"],
            )
        )
        return {"MessageId": f"sms-{len(self.outbox)}"}

    def _send_messages(self, params: Mapping[str, Any]) -> dict[str, Any]:
        request = json.loads(params["body"])
        [token] = request["Addresses"]
        [content] = request["MessageConfiguration"].values()
        self.outbox.append(
            SentMessage(
                at=self._clock(),
                channel="push",
                to=token,
                message=content["Data"]["segue-message"],
                subject=content.get("Title", ""),
                text=content.get("Body", ""),
                data={**content, "application": unquote(params["url_path"].split("/")[3])},
            )
        )
        result = {"DeliveryStatus": "SUCCESSFUL", "StatusCode": 200, "MessageId": f"push-{len(self.outbox)}"}
        return {"MessageResponse": {"ApplicationId": "local", "Result": {token: result}}}


def _word(kind: ReceiptKind, address: str, stamp: str) -> tuple[str, str, dict[str, Any]]:
    """The name, the key and the detail of SES's event (developer guide, "Contents of event data")."""
    fresh = hashlib.sha256(stamp.encode()).hexdigest()[:16]
    match kind:
        case "delivered":
            said = {"timestamp": stamp, "recipients": [address], "smtpResponse": "250 OK", "processingTimeMillis": 2000}
            return "Email Delivered", "delivery", said
        case "opened":
            return "Email Opened", "open", {"timestamp": stamp, "ipAddress": "192.0.2.1", "userAgent": "local"}
        case "clicked":
            return "Email Clicked", "click", {"timestamp": stamp, "link": "https://example.com/", "userAgent": "local"}
        case "bounced_hard" | "bounced_soft":
            hard = kind == "bounced_hard"
            recipient = {"emailAddress": address, "status": "5.1.1" if hard else "4.2.2", "action": "failed"}
            said = {
                "bounceType": "Permanent" if hard else "Transient",
                "bounceSubType": "General",
                "bouncedRecipients": [recipient],
                "timestamp": stamp,
                "feedbackId": f"bounce-{fresh}",
            }
            return "Email Bounced", "bounce", said
        case "complained":
            said = {
                "complainedRecipients": [{"emailAddress": address}],
                "complaintFeedbackType": "abuse",
                "timestamp": stamp,
                "feedbackId": f"complaint-{fresh}",
            }
            return "Email Complaint Received", "complaint", said
        case "failed":
            return "Email Rejected", "reject", {"reason": "Bad content"}
