"""Who delivers queue messages on the runner? The same pollers as on the laptop's moto, over lists in this process.

Which queue feeds which function, how many at a time, and for how long a failure is out of sight is read from the
synthesised templates.
"""

import heapq
import itertools
import json
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from infra.local.templates import Templates

SECOND = 1_000_000


@dataclass(slots=True)
class Message:
    """One message: its text, or from a machine its body. ``sent_at`` in microseconds."""

    id: str
    body: Any
    sent_at: int
    receives: int = 0

    @property
    def said(self) -> Any:
        """What it says in JSON."""
        return json.loads(self.body) if isinstance(self.body, str) else self.body


Deliver: TypeAlias = Callable[[Sequence[Message]], Collection[str]]
"""Gets a batch; answers the ids of those that must come again. What it raises returns the whole batch."""


@dataclass(slots=True)
class Feed:
    """A queue and the function it feeds."""

    function: str
    batch_size: int
    hidden: int
    max_receives: int
    deliver: Deliver
    waiting: deque[Message] = field(default_factory=deque)
    dead: list[Message] = field(default_factory=list)


class Queues:
    """All queues of a deployment, each by the name of the function it feeds; an SQS client to who sends."""

    def __init__(self, templates: Templates, deliver: Mapping[str, Deliver], now: Callable[[], int]) -> None:
        self.feeds = {feed.function: feed for feed in _feeds(templates, deliver)}
        self._now = now
        self._ids = itertools.count()
        self._later: list[tuple[int, int, Feed, Message]] = []

    def put(self, function: str, body: Any) -> None:
        """Puts a message on the queue that feeds a function."""
        self.feeds[function].waiting.append(Message(f"m-{next(self._ids)}", body, self._now()))

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0, **_attributes: Any) -> None:
        """As SQS; the queue's URL is the function's name."""
        if not DelaySeconds:
            self.put(QueueUrl, MessageBody)
            return
        message = Message(f"m-{next(self._ids)}", MessageBody, self._now())
        self._keep_for_later(self.feeds[QueueUrl], message, DelaySeconds)

    def step(self) -> bool:
        """Delivers one batch of every queue that holds something; False when all were empty."""
        now = self._now()
        while self._later and self._later[0][0] <= now:
            _, _, feed, message = heapq.heappop(self._later)
            feed.waiting.append(message)
        worked = False
        for feed in self.feeds.values():
            if feed.waiting:
                self._deliver(feed, [feed.waiting.popleft() for _ in range(min(feed.batch_size, len(feed.waiting)))])
                worked = True
        return worked

    def next_due(self) -> int | None:
        """When the next failed message is tried again, in microseconds."""
        return self._later[0][0] if self._later else None

    def _deliver(self, feed: Feed, batch: Sequence[Message]) -> None:
        failed: Collection[str] = {message.id for message in batch}
        for message in batch:
            message.receives += 1
        try:
            failed = feed.deliver(batch)
        finally:
            for message in batch:
                if message.id not in failed:
                    continue
                if message.receives >= feed.max_receives:
                    feed.dead.append(message)
                else:
                    self._keep_for_later(feed, message, feed.hidden)

    def _keep_for_later(self, feed: Feed, message: Message, seconds: int) -> None:
        heapq.heappush(self._later, (self._now() + seconds * SECOND, next(self._ids), feed, message))


def _feeds(templates: Templates, deliver: Mapping[str, Deliver]) -> Iterator[Feed]:
    queues = {(one.stack, one.logical_id): one.properties for one in templates.of_type("AWS::SQS::Queue")}
    for mapping in templates.of_type("AWS::Lambda::EventSourceMapping"):
        logical_id = mapping.properties["EventSourceArn"]["Fn::GetAtt"][0]
        queue = queues[mapping.stack, logical_id]
        # The queue of a function has its name: segue-<stage>-<function>.
        function = queue["QueueName"].split("-", 2)[2]
        yield Feed(
            function=function,
            batch_size=mapping.properties.get("BatchSize", 10),
            hidden=queue["VisibilityTimeout"],
            max_receives=queue["RedrivePolicy"]["maxReceiveCount"],
            deliver=deliver[function],
        )
