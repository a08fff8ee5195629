"""How much CPU does a handler take for an event? Its own, without the AWS calls, beside one boto3 ``put_item``.

Both run in this process, in turn, and the best of several rounds counts. What happens inside a client's call is
subtracted, moto's answer included; what PynamoDB does around it is not. The yardstick's request is built, signed, sent
to a stub and its answer parsed, as in any handler that keeps one row per event.
"""

import gc
import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from moto.core.models import botocore_stubber

from infra.local.benchmarks.budgets import Measured
from infra.local.benchmarks.intake import JOURNEYS, SECRETS, Intake, http_event
from infra.local.benchmarks.memberships import ENTERED_BY, with_audiences
from infra.local.requests import unobserved
from infra.local.templates import REGION
from infra.local.world import LocalWorld

EVENTS = 10
REQUESTS = 10
# People whose events an audience mentions, beside those of the other requests.
MEMBERS = EVENTS * REQUESTS
NO_NAME = 3
ROUNDS = 8
YARDSTICK = "put_item"
CALLS = 50
ITEM = {"pk": {"S": "person"}, "sk": {"S": "event"}, "content": {"S": "x" * 400}}


@dataclass(slots=True)
class HandlerCpu:
    """Handlers of a world in turn with the yardstick; ``best`` = milliseconds of CPU for an event, and for a call."""

    intake: Intake
    best: dict[str, float] = field(default_factory=dict)
    spent: float = 0.0

    def run(self, rounds: int = ROUNDS) -> None:
        """Measures everything so many times more."""
        put_item = _stubbed_put_item()
        with self._calls_apart(), _metrics_printed(), redirect_stdout(io.StringIO()):
            gc.collect()
            gc.freeze()
            for _round in range(rounds):
                self._time(YARDSTICK, CALLS, lambda: [put_item() for _ in range(CALLS)])
                self.intake.next_day()
                for name, work in self._handlers():
                    self._time(name, EVENTS * REQUESTS, work)
            gc.unfreeze()

    def ratios(self) -> dict[str, float]:
        """By function, an event's CPU in calls of ``put_item``."""
        return {name: best / self.best[YARDSTICK] for name, best in self.best.items() if name != YARDSTICK}

    def measured(self) -> Iterator[Measured]:
        """One load for each handler."""
        for name, ratio in self.ratios().items():
            yield Measured("cpu", f"event_in_{name.replace('-', '_')}", {"cpu_ratio": ratio})

    def _handlers(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """What each handler is given: requests of ten events, each of another known person; of what an audience
        mentions, each event is another person's, who is in it."""
        world, intake = self.intake.world, self.intake
        requests = [[intake.event(person) for _ in range(EVENTS)] for person in range(REQUESTS)]
        asked = [http_event(messages) for messages in requests]
        yield "accept-http", lambda: [world.functions["segue-dev-accept-http"](one) for one in asked]
        yield "recognise-people", self._delivery("recognise-people")
        for messages in requests:
            world.put_events([{**one, "messageId": f"bus-{one['messageId']}"} for one in messages])
        yield "accept-bus-events", self._delivery("accept-bus-events")
        world.drain()
        for messages in requests:
            world.functions["segue-dev-accept-http"](http_event([{**one, "event": NO_NAME} for one in messages]))
        yield "quarantine-events", self._delivery("quarantine-events")
        for first in range(REQUESTS, REQUESTS + MEMBERS, EVENTS):
            intake.request([{**intake.event(first + n), "event": ENTERED_BY} for n in range(EVENTS)])
            self._delivery("recognise-people")()
        yield "update-audiences", self._delivery("update-audiences")
        world.drain()

    def _delivery(self, function: str) -> Callable[[], Any]:
        event = self.intake.world.next_delivery(function)
        return lambda: self.intake.world.functions[f"segue-dev-{function}"](event)

    def _time(self, name: str, share: int, work: Callable[[], Any]) -> None:
        self.spent, before = 0.0, time.process_time()
        work()
        own = time.process_time() - before - (0.0 if name == YARDSTICK else self.spent)
        self.best[name] = min(self.best.get(name, float("inf")), own * 1000 / share)

    @contextmanager
    def _calls_apart(self) -> Iterator[None]:
        """Adds up what is spent inside calls of clients."""
        call = BaseClient._make_api_call

        def timed(client: BaseClient, *asked: Any) -> Any:
            before = time.process_time()
            try:
                return call(client, *asked)
            finally:
                self.spent += time.process_time() - before

        with patch.object(BaseClient, "_make_api_call", timed):
            yield


@contextmanager
def handlers() -> Iterator[HandlerCpu]:
    """The handlers of a world of its own, where there is an audience and everybody is known."""
    world = LocalWorld(journeys=JOURNEYS, secrets=SECRETS)
    world.publication = with_audiences(world.publication, 1)
    with world:
        intake = Intake(world)
        intake.meet(REQUESTS + MEMBERS)
        yield HandlerCpu(intake)


@contextmanager
def _metrics_printed() -> Iterator[None]:
    """On the laptop metrics are off; on AWS their lines are part of what a handler does."""
    with patch.dict(os.environ, {"POWERTOOLS_METRICS_DISABLED": "false"}):
        yield


def _stubbed_put_item() -> Callable[[], Any]:
    client = boto3.client("dynamodb", region_name=REGION)
    unobserved(client)
    client.meta.events.unregister("before-send", botocore_stubber)

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {"content-type": "application/x-amz-json-1.0"}, _Body(b"{}"))

    client.meta.events.register("before-send.dynamodb.PutItem", answer)
    return lambda: client.put_item(TableName="table", Item=ITEM)


class _Body(io.BytesIO):
    """An HTTP body as botocore reads it."""

    def stream(self, amt: int = -1, decode_content: Any = None) -> Iterator[bytes]:
        """All at once."""
        yield self.read()
