"""Does End User Messaging take this text message? ``SendTextMessage``, one attempt."""

import re
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.dispatch.provider import (
    ATTEMPTS,
    CONNECT_SECONDS,
    READ_SECONDS,
    Accepted,
    Answer,
    Outgoing,
    Unrenderable,
    answer_of,
)

# ConflictException: the number opted out at the carrier, or a protect configuration forbids its country.
REJECTIONS = frozenset({"ConflictException", "ValidationException"})

SEPARATORS = str.maketrans("", "", " \u00a0-./()")
# ITU-T E.164: a plus and at most 15 digits.
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class TextMessages:
    """The sms channel's provider. ``sender`` = sender id, number or pool; empty: the account's own choice."""

    def __init__(self, sender: str, client: Any = None) -> None:
        config = Config(retries=ATTEMPTS, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        self._client = client or boto3.client("pinpoint-sms-voice-v2", config=config)
        self._sender = sender

    def prepare(self, outgoing: Outgoing) -> Mapping[str, Any] | Unrenderable:
        """The SendTextMessage request; ``Context`` comes back in the message's events."""
        body = str(outgoing.parts.get("body", "")).strip()
        if not body:
            return Unrenderable("the text message has no body")
        number = outgoing.address.translate(SEPARATORS)
        if not E164.fullmatch(number):
            return Unrenderable("the number is not in international form")
        origin = {"OriginationIdentity": self._sender} if self._sender else {}
        return {
            **origin,
            "DestinationPhoneNumber": number,
            "MessageBody": body,
            "MessageType": "PROMOTIONAL" if outgoing.message_class == "marketing" else "TRANSACTIONAL",
            "Context": {"segue-message": outgoing.message},
        }

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Asks once; the service has no idempotency token."""
        try:
            answer = self._client.send_text_message(**request)
        except (ClientError, BotoCoreError) as error:
            return answer_of(error, REJECTIONS)
        return Accepted(answer["MessageId"])
