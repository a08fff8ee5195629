"""How is a scenario told to everything that deploys? The whole deployment on moto, as ``World``."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from functions.capture.model import Item
from functions.capture.policy import read
from functions.capture.tracking_plan import TrackingPlan
from functions.dispatch.api import Messages
from functions.journeys.api import DecisionLines, Enrolments
from functions.journeys.switches.model import Command, Target
from functions.shared.clock import format_instant
from functions.shared.names import Channel, MessageId, ProfileId
from functions.shared.sqs import Queue
from infra.local.providers import Answer, ReceiptKind
from infra.local.replay.picture import people
from infra.local.replay.replay import PEPPER
from infra.local.requests import acting
from infra.local.world import LocalWorld
from infra.local.worlds import Seen, World

SOURCE = "scenario"


class MotoWorld:
    """``World`` over a ``LocalWorld``."""

    def __init__(self, world: LocalWorld) -> None:
        self._world = world
        self._plan = TrackingPlan.from_json(world.tracking_plan)

    def now(self) -> datetime:
        """The clock."""
        return self._world.clock()

    def put_events(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """By the bus; what is not to be trusted by the way that browsers' messages take behind their door."""
        for trusted, some in groupby(messages, key=lambda one: one.get("trusted") is not False):
            if trusted:
                self._world.put_events(some, SOURCE)
            else:
                events = [read(Item(dict(one), self.now(), SOURCE, False), self._plan).event for one in some]
                self._queue("recognise-people", {"events": [event.to_json() for event in events]})

    def quarantined(self) -> Sequence[Mapping[str, Any]]:
        """What was refused."""
        return self._world.quarantined()

    def opt_out(self, profile: ProfileId, channel: Channel | None) -> None:
        """A withdrawal without a topic, as functions/permissions takes it."""
        at = format_instant(self.now())
        line = {"profile": profile, "contact": None, "channel": channel, "topic": None, "state": "withdrawn"}
        said = hashlib.sha256(f"{profile} {channel} {at}".encode()).hexdigest()[:32]
        proof = {"source": SOURCE, "effectiveAt": at, "messageId": said}
        self._queue("record-consent", {"consents": [{**line, **proof}]})

    def set_provider(self, channel: Channel, answer: Answer) -> None:
        """From now on."""
        self._world.providers.answers[channel] = answer

    def tell_receipt(self, message: MessageId, kind: ReceiptKind) -> None:
        """SES tells the default bus."""
        self._world.providers.tell(message, kind)

    def switch(self, word: Command, target: Target) -> None:
        """By the operator's functions."""
        self._world.switch(word, target)

    def run_until(self, instant: datetime) -> None:
        """With everything that is due."""
        self._world.run_until(instant)

    def stand_still_until(self, instant: datetime) -> None:
        """Step Functions alone goes on."""
        self._world.stand_still_until(instant)

    def seen(self) -> Seen:
        """Reads the tables."""
        world = self._world
        with acting("local"):
            users = {
                profile: str(identifier["value"])
                for person in people(world.history())
                for profile in (person.profile, *map(ProfileId, person.aka))
                for identifier in person.identifiers
                if identifier["namespace"] == "customer_id"
            }
            lines = list(Messages(world.table("messages")).scan())
            enrolments = list(Enrolments(world.table("enrolments")).scan())
            refusals = list(DecisionLines(world.table("enrolments")).scan())
        given_up = {function: len(bodies) for function, bodies in world.dead_letters().items()}
        return Seen(list(world.outbox), lines, enrolments, users, refusals, given_up)

    def _queue(self, function: str, body: dict[str, Any]) -> None:
        with acting("app"):
            Queue(self._world.queue_url(function)).send(body)


@contextmanager
def open_world(journeys: Path, start: datetime) -> Iterator[World]:
    """An ``OpenWorld``."""
    with LocalWorld(journeys=journeys, start=start, secrets={"segue-dev/deployment-key": PEPPER}) as world:
        yield MotoWorld(world)
