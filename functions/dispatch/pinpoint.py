"""Does the push service take this notification? ``SendMessages`` with the raw device token, one attempt.

Only this sending call of Pinpoint is used; it answers for each address on its own.
"""

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
    Gone,
    Outgoing,
    Rejected,
    Unavailable,
    Unknown,
    Unrenderable,
    answer_of,
)
from functions.journeys.durations import parse_duration

# NotFoundException: no such application, so this channel cannot send at all and the next one has its turn.
REJECTIONS = frozenset({"BadRequestException", "NotFoundException", "PayloadTooLargeException"})


class PushNotifications:
    """The push channel's provider. ``application_id`` = what SendMessages still wants to be told."""

    def __init__(self, application_id: str, client: Any = None) -> None:
        config = Config(retries=ATTEMPTS, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
        self._client = client or boto3.client("pinpoint", config=config)
        self._application_id = application_id

    def prepare(self, outgoing: Outgoing) -> Mapping[str, Any] | Unrenderable:
        """The SendMessages request for one token: APNs for an iOS device, FCM for any other."""
        parts = outgoing.parts
        if not parts.get("title") and not parts.get("body"):
            return Unrenderable("the notification has neither title nor body")
        try:
            seconds = _seconds(parts.get("ttl"))
        except ValueError:
            return Unrenderable("the time to live is no duration")
        apple = (outgoing.platform or "").lower() == "ios"
        link = parts.get("link")
        shown = {
            "Title": parts.get("title"),
            "Body": parts.get("body"),
            "Action": "URL" if link else "OPEN_APP",
            "Url": link,
            "MediaUrl" if apple else "ImageUrl": parts.get("image"),
            "CollapseId" if apple else "CollapseKey": parts.get("collapse_key"),
            "TimeToLive": seconds,
            "Data": {**(parts.get("data") or {}), "segue-message": outgoing.message},
        }
        content = {name: value for name, value in shown.items() if value is not None}
        return {
            "ApplicationId": self._application_id,
            "MessageRequest": {
                "Addresses": {outgoing.address: {"ChannelType": "APNS" if apple else "GCM"}},
                "MessageConfiguration": {"APNSMessage" if apple else "GCMMessage": content},
                "TraceId": outgoing.message,
            },
        }

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Asks once and reads the one address's result."""
        try:
            answer = self._client.send_messages(**request)
        except (ClientError, BotoCoreError) as error:
            return answer_of(error, REJECTIONS)
        [result] = answer["MessageResponse"]["Result"].values()
        return _answer(result)


def _seconds(time_to_live: Any) -> int | None:
    if isinstance(time_to_live, str):
        return int(parse_duration(time_to_live).total_seconds())
    return None if time_to_live is None else int(time_to_live)


def _answer(result: Mapping[str, Any]) -> Answer:
    status = result["DeliveryStatus"]
    if status in {"SUCCESSFUL", "DUPLICATE"}:
        return Accepted(result.get("MessageId", ""))
    if status in {"THROTTLED", "TEMPORARY_FAILURE"}:
        return Unavailable(status)
    if status == "UNKNOWN_FAILURE":
        return Unknown(status)
    # 410: the token is no longer registered (Apple and Google both say so once an app is removed).
    return Gone(status) if result.get("StatusCode") == 410 else Rejected(status)
