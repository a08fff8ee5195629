"""What does an event cost on its way in? Own requests and units of capture, identity and profiles, by the HTTP door.

What arrives in a delivery is what has been queued in its window of a second: many records of a busy site, a few of a
quiet one. Each load says how many, and ``alone`` is the dearest there is.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from functions.shared.clock import format_instant
from infra.local.benchmarks.budgets import Measured
from infra.local.world import LocalWorld

JOURNEYS = Path(__file__).parent / "journeys"
DOOR = "segue-dev-accept-http"
INTAKE = ("accept-http", "recognise-people")
EVENT_BYTES = 400
PEOPLE = 100
KEY = "bench-write-key"
SECRETS = {"segue-dev/write-keys": json.dumps({KEY: {"source": "shop", "browser": False}})}
WORDS = ("linen", "oak", "copper", "wool", "cedar", "slate", "amber", "moss", "birch", "clay", "ivory", "heather")
# Records of one event each in one delivery, by how busy a site is.
DELIVERED = (1, 2, 4, 10, 100)
# From so many records a delivery the budget of a thousand requests holds: each person then sends ten of them in a day.
BUSY, TIMES = 10, 10


@dataclass(slots=True)
class Intake:
    """The doors and queues of a world, and people who are known there: ``person-0`` to ``person-99``."""

    world: LocalWorld
    draw: random.Random = field(default_factory=lambda: random.Random(4))
    sent: int = 0

    def measured(self) -> Iterator[Measured]:
        """Every load of the intake."""
        self.meet(PEOPLE)
        everybody = range(PEOPLE)
        yield self.load("requests_of_10_another_person_each", everybody, events=10)
        self.next_day()
        yield self.load("requests_of_10_one_person", [0] * PEOPLE, events=10)
        for records in DELIVERED:
            self.next_day()
            people = [*everybody] * (TIMES if records >= BUSY else 1)
            yield self.load(f"requests_of_1_delivered_by_{records}", people, delivered=records)
        self.next_day()
        yield self.load("requests_of_1_one_person_alone", [0] * PEOPLE, delivered=1)

    def meet(self, people: int) -> None:
        """They say who they are, as they do once."""
        for n in range(people):
            who = {"type": "identify", "userId": f"person-{n}", "traits": {"email": f"{n}@example.com", "plan": "gold"}}
            self.request([{**who, "messageId": f"met-{n}", "context": {"library": {"name": "bench"}}}])
        self.world.drain()
        self.next_day()

    def load(self, name: str, people: Sequence[int], *, events: int = 1, delivered: int = 100) -> Measured:
        """One client request of so many events for each of the people; ``delivered`` = requests in one delivery."""
        with self.world.meter.measured() as reading:
            for n, person in enumerate(people, start=1):
                self.request([self.event(person) for _ in range(events)])
                if n % delivered == 0:
                    self.world.drain()
            self.world.drain()
        share = len(people) * events
        units = reading.units_of(*INTAKE)
        counts = {
            "aws_requests": reading.requests_of(*INTAKE) / share,
            "read_units": units.read / share,
            "write_units": units.write / share,
            "state_transitions": 0,
        }
        return Measured("profiles", name, counts)

    def request(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """A client sends a batch."""
        answer = self.world.functions[DOOR](http_event(messages))
        assert answer["statusCode"] == 200, answer

    def event(self, person: int) -> dict[str, Any]:
        """A page view of 400 bytes of JSON, no two alike."""
        self.sent += 1
        words = self.draw.choices(WORDS, k=5)
        message = {
            "type": "track",
            "event": "Product Viewed",
            "messageId": f"{self.draw.getrandbits(64):016x}-{self.sent}",
            "timestamp": format_instant(self.world.clock()),
            "userId": f"person-{person}",
            "properties": {
                "product_id": f"{self.draw.randrange(10**6):06}",
                "name": " ".join(words),
                "price": self.draw.randrange(10_000) / 100,
                "url": f"https://shop.example/{words[0]}/{words[1]}-{words[2]}",
            },
            "context": {"library": {"name": "bench"}},
        }
        text = " ".join(self.draw.choices(WORDS, k=EVENT_BYTES // 4))
        return {**message, "description": text[: EVENT_BYTES - len(',"description":""') - _size(message)]}

    def next_day(self) -> None:
        """Noon of a day without events: within five minutes of midnight copies are looked for on both sides."""
        self.world.run_until(self.world.clock().replace(hour=12) + timedelta(days=1))


def http_event(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A batch as the function URL hands it over."""
    return {
        "rawPath": "/v1/batch",
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}},
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"batch": messages, "writeKey": KEY}),
        "isBase64Encoded": False,
    }


def _size(message: Mapping[str, Any]) -> int:
    return len(json.dumps(message, separators=(",", ":")))
