"""Identity over rows in memory: what a stream of deliveries left there, and what it had to leave by the oracle."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Any

from functions.identity.keys import anonymous_profile, founded_profile, identifier_key
from functions.identity.model import Rules
from functions.identity.naming import Named, named
from functions.identity.recognise import Recogniser
from functions.profiles.model import Snapshot
from functions.profiles.older import Asked
from functions.profiles.policy import Arrival, Counted, Person, add, home_of, snapshot
from functions.shared.clock import parse_instant
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.publication import Publication
from functions.shared.rows import MemoryRows
from tests.functions.identity import streams
from tests.functions.identity.attribution_oracle import owners
from tests.functions.identity.oracle import F

PUBLICATION = Publication(
    policy={},
    journeys={},
    interest={},
    series={"Product Viewed": []},
    expected=[],
    templates={},
    freshness_seconds=3600,
)
Told = tuple[Event, Named]


@dataclass
class Heard:
    """What other capabilities were told."""

    merges: list[Mapping[str, Any]] = field(default_factory=list)
    erased: list[Any] = field(default_factory=list)

    def tell(
        self,
        entries: Sequence[Any],
        consents: Sequence[Any],
        merges: Sequence[Mapping[str, Any]],
        looks: Sequence[Any] = (),
    ) -> None:
        self.merges.extend(merges)

    def tell_erased(self, *erased: Any) -> None:
        self.erased.extend(erased)


@dataclass
class World:
    """One pair of tables and any number of workers on it."""

    rules: Rules = field(default_factory=Rules)
    rows: MemoryRows = field(default_factory=MemoryRows)
    heard: Heard = field(default_factory=Heard)
    stream: Any = None
    claims: Any = None

    @cached_property
    def worker(self) -> Recogniser:
        """Who reads and writes these rows."""
        return self.worker_on(self.rows)

    def worker_on(self, rows: Any) -> Recogniser:
        """A worker that reaches the rows in its own way."""
        made = Recogniser.on(
            rows,
            "identity",
            "profiles",
            self.heard,  # type: ignore[arg-type]
            PUBLICATION,
            pepper=streams.PEPPER,
            stream=self.stream,
            claims=self.claims,
        )
        return replace(made, rules=self.rules)

    def events(self, lines: Sequence[streams.Line]) -> list[Told]:
        """Lines as the events capture would make of them, in the order they arrive."""
        clock, events = streams.START, list[Told]()
        for line in lines:
            at = parse_instant(line["timestamp"])
            clock = max(clock, at)
            events.append(self._told(line, at, clock))
        return events

    def events_at_once(self, lines: Sequence[streams.Line]) -> list[Told]:
        """Lines as events that are all received at the end: what races is under way at one time."""
        ats = [parse_instant(line["timestamp"]) for line in lines]
        return [self._told(line, at, max(ats)) for line, at in zip(lines, ats, strict=True)]

    def _told(self, line: streams.Line, at: datetime, clock: datetime) -> Told:
        if line["type"] == "command":
            event = Event(line["messageId"], "command", at, clock, "replay", line.get("trusted", True), line)
        else:
            event = streams.event_of(line, at, clock)
        return event, named(event, self.rules, streams.PEPPER)

    def take(self, lines: Sequence[streams.Line], sizes: Callable[[], int] = lambda: 1) -> None:
        """Delivers lines, so many at once; nothing may be left over."""
        for part in parts(self.events(lines), sizes):
            assert not self.worker.recognise(delivery(part))

    def people(self) -> dict[str, ProfileId]:
        """The profile of every identifier that an event named."""
        found: dict[str, ProfileId] = {}
        for head in self.worker.identity.heads():
            if head.into is None and head.known:
                for key in head.members:
                    assert key not in found, "an identifier stands under two people"
                    found[key] = head.profile
        return found

    def key(self, text: str) -> str:
        """The key of ``namespace:value``."""
        namespace, _, value = text.partition(":")
        return identifier_key(namespace, value, streams.PEPPER)

    def profile(self, text: str) -> ProfileId:
        """The profile of ``namespace:value`` now."""
        pointer = self.worker.identity.pointers([self.key(text)], 0).pointers[self.key(text)]
        assert pointer is not None
        assert pointer.profile is not None
        return pointer.profile

    def snapshot(self, text: str) -> Snapshot:
        """The person of ``namespace:value`` now."""
        found = self.worker.profiles.snapshot(self.profile(text))
        assert found is not None
        return found

    def way(self, profile: ProfileId) -> list[ProfileId]:
        """The profiles a reader meets from an old one to the one it stands for, both included."""
        key = self.worker.profiles.key(profile)
        into = self.worker.profiles.stored(self.rows.read([key]).get(key)).into
        return [profile, *(self.way(into) if into is not None else ())]


def delivery(part: Sequence[Told]) -> dict[str, list[Told]]:
    """Every event as a record of its own."""
    return {f"r{number}": [one] for number, one in enumerate(part)}


def parts(events: Sequence[Told], sizes: Callable[[], int]) -> Iterator[Sequence[Told]]:
    """The events in deliveries of these sizes."""
    first = 0
    while first < len(events):
        size = sizes()
        yield events[first : first + size]
        first += size


def up_to(most: int, random: Random) -> Callable[[], int]:
    """Sizes of deliveries."""
    return lambda: random.randint(1, most)


def must_agree(world: World, lines: Sequence[streams.Line]) -> None:
    """Asserts that the rows are what the oracle makes of the lines: people, soft identifiers, whose each event is and
    what they add up to; and what must be so of any rows."""
    told = streams.told(lines, world.rules)
    answer = F(told.ledger, world.rules)
    people = world.people()
    together: dict[ProfileId, set[str]] = defaultdict(set)
    for key, profile in people.items():
        together[profile].add(key)
    assert {frozenset(keys) for keys in together.values()} == set(answer.components)
    pointers = world.worker.identity.pointers(list(people), 0).pointers
    assert {key for key, one in pointers.items() if one and one.link.soft} == answer.soft
    kept = [one for one in told.events if one[0].type != "reset"]
    mine: dict[ProfileId, list[Event]] = defaultdict(list)
    owner = owners(told.ledger, world.rules, kept)
    for event, _whom in kept:
        mine[_profile_of(owner[event.message_id], people)].append(event)
    found = {one.profile: _sums(one) for one in world.worker.profiles.scan()}
    assert found == {profile: _sums_of(profile, events) for profile, events in mine.items()}
    must_be_sound(world, [event.message_id for event, _ in kept])


def must_be_sound(world: World, kept: Collection[str]) -> None:
    """Asserts what holds of any rows: an identifier and the profile it points at agree, old profiles lead to a living
    one, no list of a device's owners is left behind, and every event kept stands in one timeline, once."""
    heads = {head.profile: head for head in world.worker.identity.heads()}
    pointers = world.worker.identity.pointers({key for head in heads.values() for key in head.members}, 0).pointers
    for profile, head in heads.items():
        assert {(one := pointers[key]) and one.profile for key in head.members} <= {profile}
        if head.into is not None:
            assert not head.members
            assert profile in heads[world.way(profile)[-1]].aka
        for old in head.aka if head.into is None else ():
            assert world.way(old)[-1] == profile
    homes = {home_of(layer) for profile in heads for layer in world.worker.profiles.layers(profile)}
    for anonymous in world.worker.profiles.scan():
        homes |= {home_of(layer) for layer in world.worker.profiles.layers(anonymous.profile)}
    stand = sorted(event.message_id for home in homes for event in world.worker.profiles.timeline(home))
    assert stand == sorted(kept)


def _profile_of(owner: Any, people: Mapping[str, ProfileId]) -> ProfileId:
    if isinstance(owner, frozenset):
        return people[next(iter(owner))]
    if owner[0] == "anonymous":
        return anonymous_profile(owner[1], owner[2])
    return founded_profile(identifier_key("event", owner[1], streams.PEPPER))


def _sums_of(profile: ProfileId, events: Sequence[Event]) -> Any:
    """What events add up to when they are told in order, to one person."""
    counted = Counted(PUBLICATION.series, asked={event: Asked(ids=False) for event in PUBLICATION.series})
    arrivals = [Arrival(event, home="all", layer="all") for event in sorted(events, key=lambda one: one.order)]
    found = snapshot(profile, add(Person(), arrivals, counted), counted.folds)
    assert found is not None
    return _sums(found)


def _sums(one: Snapshot) -> Any:
    return one.first_seen, one.last_seen, one.events, one.traits, one.series
