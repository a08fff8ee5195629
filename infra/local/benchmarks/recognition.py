"""What does it cost to know whose an event is? Identity's own requests and rows, without those that keep the event."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from functions.identity.naming import named
from functions.identity.recognise import Recogniser
from functions.shared.events import Event
from functions.shared.rows import Write
from functions.shared.store import DynamoRows
from infra.local.benchmarks.budgets import Measured
from infra.local.replay.replay import recogniser_on
from infra.local.requests import acting
from infra.local.world import LocalWorld

ACTOR = "bench-identity"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAST_EVENTS = (1, 1_000)
IDENTIFIERS = (2, 50)


class _CountedRows(DynamoRows):
    """Rows that count what is written."""

    written = 0

    def commit(self, writes: Sequence[Write]) -> bool:
        """As ``DynamoRows``."""
        self.written += len(writes)
        return super().commit(writes)


@dataclass(slots=True)
class Recognition:
    """Identity on the tables of a world, one message at a time or many."""

    world: LocalWorld
    rows: _CountedRows = field(default_factory=_CountedRows)
    ids: Iterator[int] = field(default_factory=count)

    def measured(self) -> Iterator[Measured]:
        """Every load of identity."""
        yield self._known_identifiers()
        yield self._new("new_identifier", {"userId": "n1", "anonymousId": "n2"}, [{"userId": "n1"}])
        address = {"userId": "n3", "traits": {"email": "n3@example.com"}}
        yield self._new("new_address", address, [{"userId": "n3"}])
        yield self._new("merge", {"userId": "n4", "anonymousId": "n5"}, [{"userId": "n4"}, {"anonymousId": "n5"}])
        yield from self._long_histories()
        yield from self._flat()

    def _known_identifiers(self) -> Measured:
        people = [{"anonymousId": f"known-{n}"} for n in range(100)]
        self._live(people)
        return self._measure("known_identifiers_100", people)

    def _new(self, load: str, event: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> Measured:
        self._live(before)
        return self._measure(load, [event])

    def _long_histories(self) -> Iterator[Measured]:
        """Two people of 20 cookies each and many events become one, by an operator's word."""
        sides = [[{"userId": f"side-{side}", "anonymousId": f"{side}-{n}"} for n in range(20)] for side in "ab"]
        for side in sides:
            self._live(side)
            self._live([{"userId": side[0]["userId"]}] * 50)
        ends = {end: {"type": "customer_id", "id": f"side-{side}"} for end, side in (("a", "a"), ("b", "b"))}
        measured = self._measure("merge_of_long_histories", [{"type": "command", "command": "link", **ends}])
        beyond = measured.counts["rows_written"] - (2 + 21)
        yield Measured("identity", measured.load, {**measured.counts, "rows_beside_identifiers": beyond})

    def _flat(self) -> Iterator[Measured]:
        """The same event of people with short and long pasts, and with few and many identifiers."""
        costs = []
        for past in PAST_EVENTS:
            self._live([{"userId": f"past-{past}", "anonymousId": f"past-{past}"}] * past)
            event = {"userId": f"past-{past}", "anonymousId": f"past-{past}"}
            costs.append(self._measure("known_event", [event]).counts)
        yield Measured("identity", "known_event_by_past_events", _ratios(*costs))
        costs = []
        for identifiers in IDENTIFIERS:
            cookies = [
                {"userId": f"many-{identifiers}", "anonymousId": f"{identifiers}-{n}"} for n in range(identifiers - 1)
            ]
            self._live(cookies)
            costs.append(self._measure("known_event", cookies[:1]).counts)
        yield Measured("identity", "known_event_by_identifiers", _ratios(*costs))

    def _live(self, events: Sequence[Mapping[str, Any]]) -> None:
        """The events happened, whole."""
        with acting("app"):
            told = [(event, self._named(event)) for event in map(self._event, events)]
            recogniser = self._recogniser()
            for first in range(0, len(told), 50):
                assert not recogniser.recognise({str(n): [one] for n, one in enumerate(told[first : first + 50])})

    def _measure(self, load: str, events: Sequence[Mapping[str, Any]]) -> Measured:
        recogniser = self._recogniser()
        told = [
            recogniser.message(str(n), event, self._named(event)) for n, event in enumerate(map(self._event, events))
        ]
        self.rows.written = 0
        with self.world.meter.measured() as reading, acting(ACTOR):
            assert not recogniser.resolver().resolve(told).stuck
        units = reading.units_of(ACTOR)
        counts = {
            "aws_requests": reading.requests_of(ACTOR),
            "read_units": units.read,
            "write_units": units.write,
            "rows_written": self.rows.written,
            "state_transitions": 0,
        }
        return Measured("identity", load, counts)

    def _recogniser(self) -> Recogniser:
        tables = (self.world.table("identity"), self.world.table("profiles"))
        return recogniser_on(self.rows, self.world.publication, *tables, pepper="bench")

    def _named(self, event: Event) -> Any:
        return named(event, self._recogniser().rules, "bench")

    def _event(self, body: Mapping[str, Any]) -> Event:
        number = next(self.ids)
        at = START + timedelta(seconds=number)
        said = {"type": "track", "event": "Product Viewed", **body}
        return Event(f"bench-{number:06}", said["type"], at, at, "bench", True, said)


def _ratios(short: Mapping[str, float], long: Mapping[str, float]) -> dict[str, float]:
    return {name: long[name] / short[name] if short[name] else long[name] for name in short}
