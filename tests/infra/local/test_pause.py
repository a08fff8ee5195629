"""A journey is paused twice while people are under way, and AWS fails anywhere meanwhile: nothing is lost, nothing goes
twice, and the invariants hold."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments, Target
from functions.shared.clock import format_instant
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.fakes.faults import Fault, faults
from tests.functions.journeys.language.writing import write_journey

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
STEPS = """
- wait: 1h
- {id: hello, send: hello, channel: email}
- wait: 1h
- id: order
  wait_for: {on: Order Completed, within: 1d}
- {id: again, send: hello, channel: email}
"""
TEST = Target("journey", "test")
# Whoever has something to do with a pause.
CONCERNED = ("send-email", "register-wait")


@pytest.fixture
def broken(tmp_path):
    journeys = write_journey(tmp_path, STEPS)
    with (
        faults() as failing,
        patch("time.sleep", lambda _: None),
        LocalWorld(journeys=journeys, start=START) as world,
    ):
        yield world, failing


def story(world, who):
    """Enters, is held at the message for four hours and at the wait for another four, and goes on to the end."""
    begin = world.clock()
    said = {"timestamp": format_instant(begin), "userId": who}
    messages = [
        {"messageId": f"{who}-1", "type": "identify", "traits": {"email": f"{who}@example.com"}, **said},
        {"messageId": f"{who}-2", "type": "consent", "topic": "offers", "channel": "email", "state": "granted", **said},
        {"messageId": f"{who}-3", "type": "track", "event": "Cart Updated", **said},
    ]
    for message in messages:
        world.put_events([message])
        world.drain()
    for hours, word in ((0.5, "pause"), (5, "resume"), (5.5, "pause"), (10, "resume")):
        world.run_until(begin + timedelta(hours=hours))
        world.switch(word, TEST)
    world.run_until(begin + timedelta(days=3))
    return messages


def test_a_pause_holds_through_any_lost_request_and_nothing_goes_twice(broken):
    world, failing = broken
    put, people = [], 0
    failing.begin(None)
    put += story(world, "clean")
    points = [(actor, name, n + 1) for (actor, name), times in failing.requests.items() for n in range(times)]
    points = [one for one in points if one[0] in CONCERNED]
    assert len(points) >= 20
    for number, (actor, operation, nth) in enumerate(points):
        # Turn and turn about: each request is made several times in the story.
        moment = ("before", "after")[number % 2]
        failing.begin(Fault(actor, operation, nth, moment, "lost"))
        put += story(world, f"p{number}")
        assert failing.struck, (actor, operation, nth)
        failing.lift()
        people += 1
    with acting("local"):
        runs = list(Enrolments(world.table("enrolments")).scan())
        lines = list(Messages(world.table("messages")).scan())
    assert [(run.status, run.parked) for run in runs] == [("completed", frozenset())] * (people + 1)
    assert Counter((line.step, line.decision) for line in lines).keys() <= {
        ("hello", "sent"),
        ("again", "sent"),
        # A lost answer of SES itself is never sent again.
        ("hello", "failed"),
        ("again", "failed"),
    }
    assert sum(line.decision == "failed" for line in lines) <= 4
    assert max(Counter(sent.message for sent in world.outbox).values()) == 1
    if not any(line.decision == "failed" for line in lines):
        invariants.check(world, put)


def test_a_pause_is_over_when_it_is_over_and_the_invariants_hold(tmp_path):
    with LocalWorld(journeys=write_journey(tmp_path, STEPS), start=START) as world:
        put = [message for who in ("ann", "bob") for message in story(world, who)]
        at = [(one.at - START).total_seconds() / 3600 for one in world.outbox]
        assert at == [5, 34, 72 + 5, 72 + 34]
        invariants.check(world, put)


def test_stopping_while_people_stand_still_ends_them_and_the_invariants_hold(tmp_path):
    with LocalWorld(journeys=write_journey(tmp_path, STEPS), start=START) as world:
        said = {"timestamp": format_instant(START), "userId": "ann"}
        put = [
            {"messageId": "1", "type": "identify", "traits": {"email": "ann@example.com"}, **said},
            {"messageId": "2", "type": "track", "event": "Cart Updated", **said},
        ]
        world.put_events(put)
        world.run_until(START + timedelta(minutes=30))
        world.switch("pause", TEST)
        world.run_until(START + timedelta(hours=2))
        world.switch("stop", TEST)
        world.run_until(START + timedelta(days=2))
        invariants.check(world, put)
        [run] = world.executions()
        assert (run.status, run.error, run.cause) == ("ABORTED", "Exit", "stopped")
        assert run.states[-1][0].startswith("Paused: ")
