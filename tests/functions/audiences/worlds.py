"""Identity and audiences on rows in this process, with the queue and the bus between them, and faults where wanted."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from functions.audiences.find_due import find_due
from functions.audiences.policy import SOURCE, Rules
from functions.audiences.store import Standings
from functions.audiences.update import SERVICE, Asked, Keeper
from functions.identity.recognise import Recogniser
from functions.identity.sqs import Listeners
from functions.journeys.common_facts import CommonFacts
from functions.journeys.language.mentions import mentions
from functions.profiles.model import Snapshot
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import format_instant, parse_instant
from functions.shared.delivery import delivered_again, text_of, whole_delivery
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.publication import Publication
from functions.shared.rows import Key, MemoryRows, Row, Table, Write
from functions.shared.sqs import FIRST_SENT, Queue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY: Mapping[str, Any] = {
    "audiences": {
        "buyers": {"where": 'count("Order Completed") >= 1'},
        "active": {"where": 'count("Order Completed", within="30d") >= 1'},
        "gold": {"where": 'profile.traits.tier == "gold"'},
        "known": {"where": "profile.identified"},
        "friends": {"list": True},
        "friendly": {"where": 'in_audience("friends") and in_audience("buyers")'},
        "single": {"where": 'count("Order Completed") == 1'},
    }
}


def published(policy: Mapping[str, Any] = POLICY) -> Publication:
    """What a policy without journeys becomes."""
    common = CommonFacts.of(policy)
    series = {event: [] for one in common.audiences.values() for event in one.reads.series}
    return Publication(policy, {}, {}, series, [], {}, 3600, mentions=mentions(common))


class Killed(BaseException):
    """The process ends here; nothing that catches errors catches this."""


@dataclass
class Faults:
    """Counts requests, and ends the process before or after the effect of one of them."""

    kill: tuple[int, str] | None = None
    requests: list[str] = field(default_factory=list)

    def request(self, name: str, act: Callable[[], Any]) -> Any:
        """Makes one request."""
        self.requests.append(name)
        self._maybe_die("before")
        answer = act()
        self._maybe_die("after")
        return answer

    def _maybe_die(self, moment: str) -> None:
        if self.kill == (len(self.requests), moment):
            self.kill = None
            raise Killed


@dataclass
class FaultyRows:
    """Rows whose every request passes the faults."""

    rows: MemoryRows
    faults: Faults

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        return self.faults.request("read", lambda: self.rows.read(keys))

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        return self.faults.request("read", lambda: self.rows.read_together(keys))

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        return iter(self.faults.request("query", lambda: list(self.rows.query(table, pk, prefix, until))))

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        return self.rows.scan(table, sk)

    def commit(self, writes: Sequence[Write]) -> bool:
        return self.faults.request("commit", lambda: self.rows.commit(writes))


@dataclass
class Sqs:
    """Takes the bodies of one queue."""

    faults: Faults
    bodies: list[str] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803
        self.faults.request("send", lambda: self.bodies.append(MessageBody))


@dataclass
class Events:
    """Takes the events of one bus."""

    faults: Faults
    details: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        said = [json.loads(one["Detail"]) for one in Entries]
        self.faults.request("put", lambda: self.details.extend(said))
        return {"FailedEntryCount": 0}


class World:
    """Whoever acts here is ``ann`` unless said; ``now`` is the clock of the functions."""

    def __init__(self, publication: Publication | None = None) -> None:
        self.publication = publication or published()
        self.rows = MemoryRows()
        self.now = NOON
        self.faults = Faults()
        self.queue, self.bus = Sqs(self.faults), Events(self.faults)
        self.told: list[dict[str, Any]] = []
        self.asked = 0
        self._ids = iter(range(10_000))
        self.restart()

    def restart(self) -> None:
        """New environments for both functions."""
        self.recogniser, self.keeper = self.workers(FaultyRows(self.rows, self.faults))

    def workers(self, rows: Any) -> tuple[Recogniser, Keeper]:
        """An identity consumer and an audiences consumer that reach the rows in a way of their own."""
        elsewhere = Queue("elsewhere", Sqs(Faults()))
        listeners = Listeners(
            elsewhere, elsewhere, Queue("audiences", self.queue), Bus("notices", NOTICES, Events(Faults()))
        )
        recogniser = Recogniser.on(rows, "identity", "profiles", listeners, self.publication, pepper="pepper")
        keeper = Keeper(
            standings=Standings(rows, "audiences"),
            profiles=recogniser.profiles,
            bus=Bus("bus", SOURCE, self.bus),
            rules=Rules.of(self.publication),
            clock=lambda: self.now,
        )
        return recogniser, keeper

    def event(self, kind: str, source: str = "shop", at: datetime | None = None, **said: Any) -> Event:
        """An event as capture hands it on."""
        body = {"type": kind, "messageId": f"m-{next(self._ids)}", **said}
        if not {"userId", "anonymousId", "context", "a"} & body.keys():
            body["userId"] = "ann"
        at = at or self.now
        return Event(body["messageId"], kind, at, self.now, source, True, body)

    def order(self, **said: Any) -> Event:
        return self.event("track", event="Order Completed", **said)

    def listed(self, state: str, **said: Any) -> Event:
        return self.event("audience", audience="friends", state=state, **said)

    def tell(self, *events: Event, again: bool = False, redriven: bool = False) -> None:
        """One delivery to identity; what comes again by a redrive is a new message by SQS's count."""
        record = {
            "messageId": "r",
            "body": json.dumps({"events": [one.to_json() for one in events]}),
            "attributes": {"ApproximateReceiveCount": "2" if again and not redriven else "1"},
            "messageAttributes": {FIRST_SENT: {"stringValue": "0"}} if again and redriven else {},
        }
        delivery = {"Records": [record]}
        work = partial(self.recogniser.recognise, again=delivered_again(delivery))
        assert whole_delivery(delivery, self.recogniser.read, work, "test", read=text_of) == {"batchItemFailures": []}

    def deliver(self, *bodies: str) -> list[str]:
        """One delivery to audiences; the records that come again."""
        records = [{"messageId": f"r{n}", "body": body} for n, body in enumerate(bodies)]
        answer = whole_delivery({"Records": records}, Asked.read, self.keeper.update, SERVICE)
        self.asked += self.keeper.counts()["audiences_asked"]
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]

    def drain(self) -> None:
        """Everything that was put on the queue is looked at, and what is told comes back as events."""
        while self.queue.bodies or self.bus.details:
            for body in list(self.queue.bodies):
                assert self.deliver(body) == []
                self.queue.bodies.remove(body)
            self.hear()

    def hear(self) -> None:
        """What stands on the bus reaches its people."""
        for said in list(self.bus.details):
            at = parse_instant(said["timestamp"])
            self.tell(Event(said["messageId"], "track", at, self.now, SOURCE, True, said))
            self.bus.details.remove(said)
            self.told.append(said)

    def happens(self, *events: Event) -> None:
        """A delivery, and all that follows."""
        self.tell(*events)
        self.drain()

    def later(self, **span: float) -> None:
        """Time passes; who is due is looked at every quarter of an hour, and once at the end."""
        end = self.now + timedelta(**span)
        standings = Standings(self.rows, "audiences")
        while True:
            due = [one.due for _, one in standings.scan() if one.due is not None]
            if not due or min(due) > end:
                break
            self.now = max(self.now, min(due))
            self.sweep()
            self.drain()
        self.now = end

    def sweep(self) -> None:
        """The poll for who is due."""
        find_due(self.keeper.standings, Queue("audiences", self.queue), self.now)

    def people(self) -> dict[ProfileId, Snapshot]:
        return {one.profile: one for one in self.recogniser.profiles.scan()}

    def members(self) -> dict[str, set[str]]:
        """The audiences each person is in, by the customer's id or whatever names them first."""
        standings = dict(Standings(self.rows, "audiences").scan())
        return {who: set(standings[who].members) if who in standings else set() for who in self.people()}

    def moves(self) -> list[tuple[str, str]]:
        """What was told, in its order, each once however often."""
        unique = {one["messageId"]: one for one in self.told}
        return [(one["event"].split()[-1], one["properties"]["audience"]) for one in unique.values()]

    def check(self) -> None:
        """What must hold once everything is done: standings are the truth, and what was told adds up to them."""
        people, rules = self.people(), Rules.of(self.publication)
        standings = dict(Standings(self.rows, "audiences").scan())
        for who, person in people.items():
            facts = rules.common.about(person, self.now)
            truth = {name for name, one in rules.common.audiences.items() if one.holds(facts)}
            truth |= {name for name in rules.common.lists if name in person.lists}
            assert set(standings[who].members if who in standings else ()) == truth, who
        for who, standing in standings.items():
            assert not standing.untold
            assert who in people or not standing.members
        contents = defaultdict(set)
        for one in self.told:
            contents[one["messageId"]].add(json.dumps(one, sort_keys=True))
        assert [message for message, said in contents.items() if len(said) > 1] == []
        self._check_due(standings)

    def _check_due(self, standings: Mapping[str, Any]) -> None:
        rows = {
            (pk, sk) for (table, pk, sk) in self.rows.everything() if table == "audiences" and sk.startswith("DUE#")
        }
        assert {sk for _, sk in rows} == {
            f"DUE#{format_instant(one.due)}#{who}" for who, one in standings.items() if one.due is not None
        }


def with_policy(world: World, policy: Mapping[str, Any]) -> None:
    """Another policy is deployed."""
    world.publication = replace(published(policy), series={**world.publication.series, **published(policy).series})
    world.restart()
