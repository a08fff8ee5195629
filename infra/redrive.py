"""How does a dead letter go back to its queue? As a new message that says how old it is: SQS would have it new."""

from collections.abc import Mapping
from typing import Any

from functions.shared.sqs import FIRST_SENT, sent_anew

# SQS keeps the time when it sets a message aside, and forgets it when it redrives one itself.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
WITH_ITS_AGE: Mapping[str, Any] = {
    "MessageSystemAttributeNames": ["SentTimestamp"],
    "MessageAttributeNames": [FIRST_SENT],
}
"""What to ask ``ReceiveMessage`` for."""


def put_back(sqs: Any, message: Mapping[str, Any], dead_letters: str, queue: str) -> None:
    """Moves one message that was received ``WITH_ITS_AGE``; stopped half-way, it stands in both queues."""
    sqs.send_message(QueueUrl=queue, MessageBody=message["Body"], MessageAttributes=sent_anew(first_sent_of(message)))
    sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=message["ReceiptHandle"])


def first_sent_of(message: Mapping[str, Any]) -> int:
    """When it was first sent, in milliseconds; a message may have been put back before."""
    stated = message.get("MessageAttributes", {}).get(FIRST_SENT)
    return int(stated["StringValue"] if stated else message["Attributes"]["SentTimestamp"])
