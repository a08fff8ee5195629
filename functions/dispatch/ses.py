"""Does SES take this e-mail? SES v2, raw, one attempt."""

from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.dispatch.mime import compose, recipient_of
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

MESSAGE_TAG = "segue-message"
# Codes of SES v2 SendEmail that blame the message; the others blame the account or the pace.
REJECTIONS = frozenset({"BadRequestException", "MessageRejected", "ValidationException"})


class SesEmail:
    """The e-mail channel's provider. ``sender`` = From, ``configuration_set`` = where SES reports events."""

    def __init__(self, sender: str, configuration_set: str, client: Any = None) -> None:
        config = Config(retries=ATTEMPTS, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        self._client = client or boto3.client("sesv2", config=config)
        # A display name beyond ASCII travels encoded, in the API as in the header.
        self._sender = formataddr(parseaddr(sender))
        self._configuration_set = configuration_set

    def prepare(self, outgoing: Outgoing) -> Mapping[str, Any] | Unrenderable:
        """The SendEmail request."""
        if not self._sender:
            return Unrenderable("the policy names no sender")
        parts = outgoing.parts
        try:
            recipient = recipient_of(outgoing.address)
            raw = compose(
                sender=self._sender,
                recipient=recipient,
                subject=parts["subject"],
                text=parts["text"],
                html=parts["html"],
                message=outgoing.message,
                unsubscribe=outgoing.unsubscribe,
            )
        except KeyError as error:
            return Unrenderable(f"the e-mail has no part {error}")
        except ValueError:
            return Unrenderable("the address or the text cannot be written as e-mail")
        return {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [recipient]},
            "Content": {"Raw": {"Data": raw}},
            "ConfigurationSetName": self._configuration_set,
            "EmailTags": [{"Name": MESSAGE_TAG, "Value": outgoing.message}],
        }

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Asks SES once."""
        try:
            answer = self._client.send_email(**request)
        except (ClientError, BotoCoreError) as error:
            return answer_of(error, REJECTIONS)
        return Accepted(answer["MessageId"])
