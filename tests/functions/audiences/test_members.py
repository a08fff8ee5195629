"""A tick of a journey's schedule: every member is passed on, page by page, and not faster than runs may start."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.audiences.members import Members
from functions.audiences.model import Standing
from functions.audiences.store import Standings
from functions.shared.publication import Publication
from functions.shared.rows import MemoryRows, Write

TICK = datetime(2026, 3, 2, 7, tzinfo=UTC)
SAID = {"journey": "news", "tick": "2026-03-02T07:00:00Z"}
JOURNEYS = {
    "news": {"entry": {"on": [], "where": None, "audience": "vip", "schedule": {"cron": "0 9 * * mon", "zone": "UTC"}}},
    "cart": {"entry": {"on": ["Cart Updated"], "where": None}},
}


class Killed(BaseException):
    """The process ends here."""


class Sent:
    """A queue that notes what it takes; ``dies_at`` = the send that ends the process."""

    def __init__(self):
        self.messages = []
        self.dies_at = None

    def send_later(self, text, seconds, attributes):
        if self.dies_at == len(self.messages):
            self.dies_at = None
            raise Killed
        self.messages.append((json.loads(text), seconds))


class World:
    """Three people in ten are members."""

    def __init__(self, people, rate=100.0):
        rows = MemoryRows()
        self.standings = Standings(rows, "audiences")
        nothing = Write(self.standings._key("nobody"), {}, {})
        for n in range(people):
            inside = {"vip": TICK} if n % 10 < 3 else {"others": TICK}
            due = TICK + timedelta(days=n) if n % 100 == 0 else None
            self.standings.write(f"p-{n:04}", Standing(), Standing(1, inside, due), {}, nothing)
        self.now = TICK + timedelta(seconds=1)
        self.journeys, self.own = Sent(), Sent()
        publication = Publication({}, JOURNEYS, {}, {}, [], {}, 3600)
        self.members = Members(self.standings, self.journeys, self.own, publication, rate, lambda: self.now)

    def run(self):
        """Until no page is left."""
        passed_on = self.members.pass_on(SAID)
        while self.own.messages:
            said, seconds = self.own.messages.pop(0)
            self.now += timedelta(seconds=seconds)
            passed_on += self.members.pass_on(said)
        return passed_on

    def entered(self):
        batches = [body["scheduled"] for body, _ in self.journeys.messages]
        assert {(one["journey"], one["tick"]) for [one] in batches} == {("news", SAID["tick"])}
        return [profile for [one] in batches for profile in one["profiles"]]


def test_every_member_is_passed_on_once_and_nobody_else():
    world = World(3000)
    assert world.run() == 900
    expected = [f"p-{n:04}" for n in range(3000) if n % 10 < 3]
    assert sorted(world.entered()) == expected
    assert max(len(body["scheduled"][0]["profiles"]) for body, _ in world.journeys.messages) == 50


def test_members_come_no_faster_than_runs_may_start():
    world = World(3000, rate=10)
    world.members.pass_on(SAID)
    sent = sum(len(body["scheduled"][0]["profiles"]) for body, _ in world.journeys.messages)
    delays = [seconds for _, seconds in world.journeys.messages]
    assert len(delays) > 4
    assert delays == [5 * n for n in range(len(delays))]
    [(_, until_the_next)] = world.own.messages
    assert until_the_next == -(-sent // 10)


def test_no_delay_is_longer_than_sqs_takes():
    world = World(3000, rate=0.5)
    world.run()
    assert max(seconds for _, seconds in world.journeys.messages) <= 900
    assert len(set(world.entered())) == 900


@pytest.mark.parametrize("said", [{"journey": "gone"}, {"journey": "cart"}, {"tick": "2026-03-02T05:59:00Z"}])
def test_a_tick_of_no_schedule_or_far_too_late_enters_nobody(said):
    world = World(20)
    assert world.members.pass_on({**SAID, **said}) == 0
    assert world.journeys.messages == world.own.messages == []


def test_a_page_that_comes_hours_after_its_tick_is_passed_on_all_the_same():
    world = World(3000)
    world.members.pass_on(SAID)
    [(page, _)] = world.own.messages
    world.now += timedelta(hours=9)
    assert world.members.pass_on(page) > 0


@pytest.mark.parametrize(("queue", "point"), [("journeys", 0), ("journeys", 1), ("journeys", 4), ("own", 0)])
def test_whoever_dies_in_between_passes_the_page_on_again(queue, point):
    world = World(1500)
    getattr(world, queue).dies_at = point
    with pytest.raises(Killed):
        world.members.pass_on(SAID)
    assert world.run() == 450
    assert len(set(world.entered())) == 450
