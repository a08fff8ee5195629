"""AWS fails anywhere on an event's way in, or the process ends: no event is lost, and none counts twice.

The points are the requests of a clean run of the story below, so that nobody maintains a list of them. Each kind of
fault has a world of its own, whose invariants are looked at when all of its stories are told.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import pytest

from functions.journeys.api import Enrolments
from functions.permissions.api import Permissions
from functions.shared.clock import format_instant
from infra.local.functions import LocalFunction
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.fakes.faults import Fault, Faults, faults
from tests.fakes.providers import Killed
from tests.functions.journeys.language.writing import write_journey

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY = """
brand: {name: Acme, postal_address: "1 Main St", default_zone: Europe/Helsinki}
topics: {offers: {title: Offers}}
channels: {email: {sender: hello@acme.example}}
audiences: {buyers: {where: count("Order Completed") >= 1}}
"""
HEAD = """
journey: test
class: marketing
topic: offers
entry: {on: Order Completed}
reentry: never
"""
# How long a fault lasts that lasts: long enough for every record to reach its dead-letter queue.
LASTING = timedelta(hours=1)
Broken: TypeAlias = tuple[LocalWorld, Faults, list[dict[str, Any]]]
"""A world, what makes it fail, and all that was told to it."""
PATIENCE = 3
TOLD = re.compile("[a-z]+[0-9]*-[a-z]+")


@dataclass
class Client:
    """An app that sends to the HTTP door, and sends again what was not taken."""

    world: LocalWorld
    unsent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def door(self) -> LocalFunction:
        """The function behind the URL."""
        return self.world.functions["segue-dev-accept-http"]

    def send(self, batch: list[dict[str, Any]]) -> None:
        """Tries a few times, then keeps it for later."""
        event = {
            "rawPath": "/v1/batch",
            "requestContext": {"http": {"method": "POST"}},
            "body": json.dumps({"batch": batch, "writeKey": "dev"}),
        }
        for _ in range(PATIENCE):
            try:
                if self.door(event)["statusCode"] == 200:
                    return
            except Killed:
                self.door.restart()
            self.world.clock.advance_to(self.world.clock() + timedelta(seconds=5))
        self.unsent += batch

    def send_again(self) -> None:
        """What is left of earlier."""
        batch, self.unsent = self.unsent, []
        if batch:
            self.send(batch)


def story(world: LocalWorld, client: Client, who: str) -> list[dict[str, Any]]:
    """Tells of a person by both doors: a cookie, who they are, a consent, orders, something large, something wrong."""
    at = format_instant(world.clock())

    def message(name: str, **said: Any) -> dict[str, Any]:
        return {"messageId": f"{who}-{name}", "timestamp": at, **said}

    order = {"type": "track", "event": "Order Completed", "userId": who}
    by_http = [
        message("who", type="identify", userId=who, anonymousId=f"c-{who}", traits={"email": f"{who}@example.com"}),
        message("may", type="consent", userId=who, topic="offers", channel="email", state="granted"),
        message("first", **order, properties={"revenue": 40}),
        message("wrong", type="track", event="Order Completed"),
    ]
    by_bus = [
        message("seen", type="page", anonymousId=f"c-{who}"),
        message("second", **order, properties={"revenue": 2}),
        message("large", **order, properties={"revenue": 1, "items": [{"note": "x" * 5000}] * 8}),
        message("bad", type="page"),
    ]
    # So that it reads its keys in each story.
    client.door.restart()
    world.put_events(by_bus)
    run(world, world.clock())
    client.send(by_http)
    run(world, world.clock())
    return [*by_http, *by_bus]


def run(world: LocalWorld, until: datetime) -> None:
    """Lets time pass; where a process ends, the next one begins with nothing in its memory."""
    while True:
        try:
            world.run_until(until)
        except Killed as killed:
            world.functions[f"segue-dev-{killed}"].restart()
        else:
            return


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    """A world whose AWS can fail; nobody waits in real time between the attempts of a request."""
    journeys = write_journey(tmp_path, "- wait: 90d", HEAD, POLICY)
    with faults() as failing, patch("time.sleep", lambda _: None):
        keys = {"segue-dev/write-keys": json.dumps({"dev": {"source": "server"}})}
        with LocalWorld(journeys=journeys, start=START, secrets=keys) as world:
            yield world, failing, []


@dataclass(frozen=True)
class Standing:
    """What stands of one story: everything there is to be lost, or to be counted twice."""

    stored: tuple[str, ...] = ()
    people: int = 0
    counted: tuple[int, int] = (0, 0)
    consents: tuple[str, ...] = ()
    enrolments: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()
    quarantined: frozenset[str] = frozenset()


def standings(world: LocalWorld) -> dict[str, Standing]:
    """By whose story, read from tables, bucket and machines."""
    found: defaultdict[str, Standing] = defaultdict(Standing)
    with acting("local"):
        history, permissions = world.history(), Permissions(world.table("permissions"))
        runs = Enrolments(world.table("enrolments")).scan()
        executions = {one.name: one.status for one in world.executions()}
        enrolled = defaultdict(list)
        for run_ in runs:
            enrolled[run_.profile].append((run_.status, executions[run_.execution_name]))
        for one in history.profiles.scan():
            events = list(history.timeline(one.profile))
            who = next(event.message_id.partition("-")[0] for event in events if TOLD.fullmatch(event.message_id))
            before = found[who]
            # What we say ourselves (an audience was entered) has an id of its own.
            names = [e.message_id.partition("-")[2] if TOLD.fullmatch(e.message_id) else e.name for e in events]
            ledger = [line for contact in one.contacts["email"] for line in permissions.ledger(contact.key)]
            found[who] = Standing(
                stored=(*before.stored, *sorted(names)),
                people=before.people + 1,
                counted=(one.events, one.to_json()["series"]["Order Completed"]["count"]),
                consents=(*before.consents, *(line.said["state"] for line in ledger)),
                enrolments=(*before.enrolments, *(status for status, _ in enrolled[one.profile])),
                executions=(*before.executions, *(status for _, status in enrolled[one.profile])),
            )
        for line in world.quarantined():
            who, name = line["messageId"].split("-")
            found[who] = replace(found[who], quarantined=found[who].quarantined | {name})
    return dict(found)


@pytest.fixture
def clean(broken: Broken) -> tuple[list[tuple[str, str, int]], Standing]:
    """The requests of a run in which nothing failed, each a point at which something may; and what then stood."""
    world, failing, put = broken
    failing.begin(None)
    put += story(world, Client(world), "clean")
    points = [
        (function, operation, number)
        for (function, operation), times in failing.requests.items()
        for number in range(1, times + 1)
    ]
    expected = Standing(
        stored=("Audience Entered", "first", "large", "may", "second", "seen", "who"),
        people=1,
        counted=(7, 3),
        consents=("granted",),
        enrolments=("active",),
        executions=("RUNNING",),
        quarantined=frozenset({"wrong", "bad"}),
    )
    assert standings(world) == {"clean": expected}
    assert len(points) > 25
    return points, expected


# Some forty stories each: half a minute on a machine of its own.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("manner", ["lost", "killed", "always"])
def test_no_event_is_lost_and_none_counts_twice(broken: Broken, clean: Any, manner: Any, moment: Any) -> None:
    world, failing, put = broken
    points, expected = clean
    stories: dict[str, Fault] = {}
    for function, operation, number in points:
        if manner == "always" and number > 1:
            continue
        fault = Fault(function, operation, number, moment, manner)
        who = f"{manner}{moment}{len(stories)}"
        client = Client(world)
        failing.begin(fault)
        put += story(world, client, who)
        if manner == "always":
            run(world, world.clock() + LASTING)
            # What fails besides, like the notice of a merge, need not hold up what is done.
            seen = client.unsent or world.dead_letters() or standings(world)[who] == expected
            assert seen, f"{fault}: nobody sees it"
        assert failing.struck, f"{fault}: never happened"
        failing.lift()
        world.redrive()
        run(world, world.clock() + timedelta(minutes=5))
        client.send_again()
        run(world, world.clock() + timedelta(minutes=5))
        stories[who] = fault
    stand = standings(world)
    assert [(str(fault), stand.get(who)) for who, fault in stories.items() if stand.get(who) != expected] == []
    invariants.check(world, put)
    invariants.check_that_replay_changes_nothing(world, put)
