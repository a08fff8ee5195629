"""How do capabilities hand work on? Packed SQS messages: one request carries up to 1 MiB."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.shared import aws

# SQS takes 1 MiB per message and as much per batch request, so packing leaves nothing for SendMessageBatch to save.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MESSAGE_BYTES = 1_000_000
# So that whoever works on a message is done in seconds, even when each item is another person's and costs a write.
MESSAGE_ITEMS = 500
# The attribute of a message that stands for one delivered before: when that one was first sent, in milliseconds.
FIRST_SENT = "firstSent"


class Queue:
    """Sends JSON bodies to one queue; raises when SQS refuses, so that the caller's batch is retried."""

    def __init__(self, url: str, client: Any = None) -> None:
        self.url = url
        self._client = client or aws.client("sqs")

    def send(self, body: object) -> None:
        """One message."""
        self.send_text(encode(body))

    def send_text(self, text: str) -> None:
        """One message whose JSON is known already."""
        self._client.send_message(QueueUrl=self.url, MessageBody=text)

    def send_later(self, text: str, seconds: int, attributes: Mapping[str, Any]) -> None:
        """One message that nobody gets for so long, 900 seconds at most."""
        more = {"MessageAttributes": attributes} if attributes else {}
        self._client.send_message(QueueUrl=self.url, MessageBody=text, DelaySeconds=seconds, **more)

    def send_packed(self, field: str, items: Sequence[object]) -> None:
        """Sends ``{field: [...]}`` messages holding all ``items`` in order, as few requests as their size allows."""
        for texts in pack([encode(item) for item in items]):
            self.send_text(f'{{"{field}":[{",".join(texts)}]}}')


def sent_anew(first_sent: int) -> dict[str, Any]:
    """``MessageAttributes`` of a message in place of one that was delivered before, and first sent at that time."""
    return {FIRST_SENT: {"DataType": "Number", "StringValue": str(first_sent)}}


def encode(body: object) -> str:
    """Compact JSON; lone surrogates stay escaped, since SQS refuses them in clear."""
    return json.dumps(body, separators=(",", ":"))


def pack(texts: Iterable[str], limit: int = MESSAGE_BYTES, most: int = MESSAGE_ITEMS) -> list[list[str]]:
    """Groups of ``most`` texts, in order; each, joined inside ``{"field": []}``, stays under ``limit`` bytes.

    A text that is larger by itself is a group of its own.
    """
    groups: list[list[str]] = []
    size = limit
    for text in texts:
        if size + len(text) + 1 > limit or not groups or len(groups[-1]) == most:
            groups.append([])
            size = 64
        groups[-1].append(text)
        size += len(text) + 1
    return groups
