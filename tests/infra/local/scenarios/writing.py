"""Scenarios written for one test, and a world that does as it is told."""

import textwrap
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.dispatch.api import Message
from functions.journeys.api import Enrolment, EntryEvent
from functions.journeys.language.reader import read_text
from functions.journeys.language.shape import fit
from infra.local.providers import SentMessage
from infra.local.scenarios.definition import ScenarioFile
from infra.local.worlds import Seen

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def scenario_of(text):
    """The one scenario a text holds."""
    body = textwrap.indent(textwrap.dedent(text).strip(), "    ")
    document = read_text(f"scenarios:\n  - name: story\n    start: 2026-03-02T10:00:00Z\n{body}\n", "scenarios.yaml")
    found, faults = fit(document, ScenarioFile)
    assert [*document.faults, *faults] == []
    return found.scenarios[0]


def faults_in(text):
    document = read_text(textwrap.dedent(text), "scenarios.yaml")
    return [str(fault) for fault in [*document.faults, *fit(document, ScenarioFile)[1]]]


def sent(message, at=START, channel="email", to="a@example.com", subject="Hello"):
    return SentMessage(at=at, channel=channel, to=to, message=message, subject=subject)


def line(message, at=START, profile="p1", step="remind", decision="sent", reason=None, channel="email", **more):
    return Message(
        message=message,
        profile=profile,
        enrolment="e1",
        journey=more.pop("journey", "cart"),
        version="v",
        step=step,
        visit="1",
        channel=channel,
        message_class="marketing",
        topic="offers",
        template="reminder",
        planned_at=at,
        decided_at=at,
        phase=decision,
        decision=decision,
        reason=reason,
        **more,
    )


def run(profile="p1", journey="cart", status="completed", **more):
    entry = EntryEvent("m1", "Cart Updated", START)
    return Enrolment(profile, "e1", journey, "v", status, START, entry, **more)


@dataclass
class ToldWorld:
    """A world in which nothing happens but what a test says; ``heard`` is what it was told, in order."""

    seen_: Seen = field(default_factory=lambda: Seen([], [], [], {"p1": "u1"}))
    refused: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    clock: datetime = START

    def now(self):
        return self.clock

    def put_events(self, messages):
        self.heard.append(("put", self.clock, [dict(one) for one in messages]))

    def quarantined(self):
        return self.refused

    def opt_out(self, profile, channel):
        self.heard.append(("opt_out", self.clock, (profile, channel)))

    def set_provider(self, channel, answer):
        self.heard.append(("provider", self.clock, (channel, answer)))

    def switch(self, word, target):
        self.heard.append(("switch", self.clock, (word, str(target))))

    def tell_receipt(self, message, kind):
        self.heard.append(("receipt", self.clock, (message, kind)))

    def run_until(self, instant):
        self.heard.append(("run", instant, None))
        self.clock = max(self.clock, instant)

    def stand_still_until(self, instant):
        self.heard.append(("still", instant, None))
        self.clock = max(self.clock, instant)

    def seen(self):
        return self.seen_

    def deeds(self, *kinds):
        return [(kind, at, what) for kind, at, what in self.heard if kind in kinds]


def opening(world):
    """How that world is opened."""

    @contextmanager
    def open_world(journeys, start):
        world.clock = start
        yield world

    return open_world
