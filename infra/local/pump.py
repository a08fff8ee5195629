"""Who delivers queue messages to functions? On AWS Lambda's pollers; here a pump, with the same event and rules.

moto's own mapping hands over one record at a time and ignores partial failures. Order of queues is fixed, retries
wait in virtual time, and what fails too often lands in the dead-letter queue as on AWS. Nobody waits for a window to
pass: what stands in a queue is what has arrived in it.
"""

import heapq
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.shared.sqs import sent_anew
from infra.local.functions import LocalFunction
from infra.redrive import WITH_ITS_AGE, first_sent_of, put_back

# A delivery is the payload of one invocation: 6 MB of JSON, in which the bodies stand as texts (Lambda quotas).
PAYLOAD_BYTES = 6 * 1024 * 1024


@dataclass(slots=True)
class Mapping:
    """One event source mapping: which queue feeds which function, how many records at a time."""

    queue_url: str
    queue_arn: str
    function: LocalFunction
    batch_size: int
    dead_letter_url: str | None
    max_receives: int
    hidden: timedelta
    """For how long a message is out of sight once it was received; what fails comes again after that."""
    receives: dict[str, int] = field(default_factory=dict)
    received: deque[dict[str, Any]] = field(default_factory=deque)


class Pump:
    """Polls every mapped queue; ``next_due`` says when a failed record comes again."""

    def __init__(self, sqs: Any, clock: Callable[[], datetime], depth: Callable[[str], int]) -> None:
        self.mappings: list[Mapping] = []
        self._sqs = sqs
        self._clock = clock
        # Looking first whether a queue holds anything saves nine requests in ten: most queues are empty at any instant.
        self._depth = depth
        self._later: list[tuple[datetime, int, Mapping, dict[str, Any]]] = []
        self._sequence = 0

    def step(self) -> bool:
        """Delivers one batch of every queue that holds something; False when all were empty."""
        worked = False
        for mapping in self.mappings:
            mapping.received.extend(self._due(mapping))
            self._receive(mapping)
            if mapping.received:
                self._deliver(mapping, self._payload(mapping))
                worked = True
        return worked

    def take(self, mapping: Mapping) -> dict[str, Any]:
        """The event of the next delivery, which nobody gets then."""
        self._receive(mapping)
        return self._event(mapping, self._payload(mapping))

    def redrive(self) -> None:
        """Puts what stands in dead-letter queues back into the queues it came from, as ``segue redrive`` does."""
        for mapping in self.mappings:
            while mapping.dead_letter_url and self._depth(mapping.dead_letter_url):
                answer = self._sqs.receive_message(
                    QueueUrl=mapping.dead_letter_url, MaxNumberOfMessages=10, **WITH_ITS_AGE
                )
                for message in answer["Messages"]:
                    put_back(self._sqs, message, mapping.dead_letter_url, mapping.queue_url)

    def next_due(self) -> datetime | None:
        """When the next failed record is tried again."""
        return self._later[0][0] if self._later else None

    def _receive(self, mapping: Mapping) -> None:
        while len(mapping.received) < mapping.batch_size and self._depth(mapping.queue_url):
            wanted = min(10, mapping.batch_size - len(mapping.received))
            answer = self._sqs.receive_message(QueueUrl=mapping.queue_url, MaxNumberOfMessages=wanted, **WITH_ITS_AGE)
            found = answer.get("Messages", [])
            if not found:
                break
            mapping.received.extend(found)
            for message in found:
                # moto goes by the clock on the wall; what stands in a queue was sent at this instant.
                message["Attributes"]["SentTimestamp"] = self._now()
                self._sqs.delete_message(QueueUrl=mapping.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _payload(self, mapping: Mapping) -> list[dict[str, Any]]:
        """The next records, as many as one invocation takes; always one."""
        messages: list[dict[str, Any]] = []
        room = PAYLOAD_BYTES
        while mapping.received and len(messages) < mapping.batch_size:
            room -= len(json.dumps(mapping.received[0]))
            if messages and room < 0:
                break
            messages.append(mapping.received.popleft())
        return messages

    def _due(self, mapping: Mapping) -> list[dict[str, Any]]:
        due = [one for one in self._later if one[2] is mapping and one[0] <= self._clock()]
        if due:
            self._later = [one for one in self._later if not any(one is taken for taken in due)]
            heapq.heapify(self._later)
        return [message for _, _, _, message in due]

    def _deliver(self, mapping: Mapping, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            mapping.receives[message["MessageId"]] = mapping.receives.get(message["MessageId"], 0) + 1
        # As Lambda has it: a function that raises, or whose process ends, returns the whole batch to the queue.
        failed = {message["MessageId"] for message in messages}
        try:
            with suppress(Exception):
                answer = mapping.function(self._event(mapping, messages))
                failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", [])}
        finally:
            for message in messages:
                if message["MessageId"] in failed:
                    self._return(mapping, message)
                else:
                    mapping.receives.pop(message["MessageId"], None)

    def _return(self, mapping: Mapping, message: dict[str, Any]) -> None:
        if mapping.receives[message["MessageId"]] >= mapping.max_receives and mapping.dead_letter_url:
            # SQS moves a message with the time at which it was sent; here it is sent anew.
            age = sent_anew(first_sent_of(message))
            self._sqs.send_message(QueueUrl=mapping.dead_letter_url, MessageBody=message["Body"], MessageAttributes=age)
            del mapping.receives[message["MessageId"]]
            return
        self._sequence += 1
        heapq.heappush(self._later, (self._clock() + mapping.hidden, self._sequence, mapping, message))

    def _now(self) -> str:
        return str(int(self._clock().timestamp() * 1000))

    def _event(self, mapping: Mapping, messages: list[dict[str, Any]]) -> dict[str, Any]:
        return {"Records": [self._record(mapping, message) for message in messages]}

    def _record(self, mapping: Mapping, message: dict[str, Any]) -> dict[str, Any]:
        stated = message.get("MessageAttributes", {})
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {
                "ApproximateReceiveCount": str(mapping.receives.get(message["MessageId"], 1)),
                "SentTimestamp": message["Attributes"]["SentTimestamp"],
                "SenderId": "local",
                "ApproximateFirstReceiveTimestamp": message["Attributes"]["SentTimestamp"],
            },
            "messageAttributes": {
                name: {"dataType": one["DataType"], "stringValue": one["StringValue"]} for name, one in stated.items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": mapping.queue_arn,
            "awsRegion": mapping.queue_arn.split(":")[3],
        }
