"""What does it cost to enter an audience, and is it the same beside 10,000 others? Requests and units of audiences."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from functions.journeys.common_facts import CommonFacts
from functions.journeys.language.mentions import mentions
from functions.shared.clock import format_instant
from functions.shared.publication import Publication
from infra.local.benchmarks.budgets import Measured
from infra.local.benchmarks.intake import JOURNEYS
from infra.local.meter import Reading
from infra.local.world import LocalWorld

KEEPER = ("update-audiences",)
WHOLE_WAY = ("accept-bus-events", "recognise-people", *KEEPER)
MANY = 10_000
PEOPLE = 10
ENTERED_BY, UNMENTIONED = "Trial Started", "Help Read"
CONDITION = f'count("{ENTERED_BY}", within="30d") >= 1'


def measured() -> Iterator[Measured]:
    """Ten people enter the one audience that mentions their event; then something that none mentions happens."""
    few, many = _loads(1), _loads(MANY)
    yield _of("one_entering", few["entering"], KEEPER)
    yield _ratio("one_entering_by_audiences", few["entering"], many["entering"], WHOLE_WAY)
    yield _ratio("an_event_by_audiences", few["unmentioned"], many["unmentioned"], WHOLE_WAY)


def with_audiences(publication: Publication, many: int) -> Publication:
    """The publication with so many audiences, of which one mentions the event."""
    others = {
        f"audience-{n}": {"where": f'count("Event {n}") >= 1 and profile.traits.trait_{n} == "yes"'}
        for n in range(1, many)
    }
    policy = {**publication.policy, "audiences": {"triers": {"where": CONDITION}, **others}}
    series: dict[str, list[str]] = {**publication.series, ENTERED_BY: []}
    windows = {ENTERED_BY: {"within": [int(timedelta(days=30).total_seconds())], "sums": []}}
    return replace(
        publication,
        policy=policy,
        series=series,
        windows={**publication.windows, **windows},
        mentions=mentions(CommonFacts.of(policy)),
    )


def _loads(many: int) -> Mapping[str, Reading]:
    world = LocalWorld(journeys=JOURNEYS)
    world.publication = with_audiences(world.publication, many)
    found: dict[str, Reading] = {}
    with world:
        _put(world, "known", {"type": "identify", "traits": {"plan": "free"}})
        for load, event in (("entering", ENTERED_BY), ("unmentioned", UNMENTIONED)):
            with world.meter.measured() as reading:
                _put(world, load, {"type": "track", "event": event})
            found[load] = reading
    return found


def _put(world: LocalWorld, name: str, message: Mapping[str, Any]) -> None:
    at = format_instant(world.clock())
    world.put_events(
        {**message, "userId": f"bench-{n}", "messageId": f"{name}-{n}", "timestamp": at} for n in range(PEOPLE)
    )
    world.drain()
    world.run_until(world.clock() + timedelta(minutes=1))


def _of(load: str, reading: Reading, actors: tuple[str, ...]) -> Measured:
    units = reading.units_of(*actors)
    counts = {
        "aws_requests": reading.requests_of(*actors) / PEOPLE,
        "read_units": units.read / PEOPLE,
        "write_units": units.write / PEOPLE,
        "state_transitions": 0,
    }
    return Measured("audiences", load, counts)


def _ratio(load: str, few: Reading, many: Reading, actors: tuple[str, ...]) -> Measured:
    one, other = (_of(load, reading, actors).counts for reading in (few, many))
    return Measured("audiences", load, {name: other[name] / one[name] if one[name] else other[name] for name in one})
