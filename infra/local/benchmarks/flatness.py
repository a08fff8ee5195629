"""Does an event become dearer as there is more of everything? The same event beside few and many, as a ratio."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from functions.shared.publication import Publication
from infra.local.benchmarks.budgets import Measured
from infra.local.benchmarks.intake import JOURNEYS, SECRETS, Intake
from infra.local.world import LocalWorld

MANY_JOURNEYS = 10_000
COUNTS = ("aws_requests", "read_units", "write_units")


def measured() -> Iterator[Measured]:
    """One load for each thing there may be more of."""
    yield _ratios("flat_by_journeys", _by_journeys(1), _by_journeys(MANY_JOURNEYS))


def _by_journeys(many: int) -> Measured:
    """Ten events of one person, of which the journeys of the bench listen to none."""
    world = LocalWorld(journeys=JOURNEYS, secrets=SECRETS)
    world.publication = with_journeys(world.publication, many)
    with world:
        intake = Intake(world)
        intake.meet(1)
        return intake.load("by_journeys", [0], events=10)


def with_journeys(publication: Publication, many: int) -> Publication:
    """The publication with its journeys so many times over, each beginning with an event of its own."""
    [(name, journey)] = publication.journeys.items()
    names = [name, *(f"{name}-{n}" for n in range(1, many))]
    events = {f"Event {n}": {**_nobody(publication), "enter": [one]} for n, one in enumerate(names)}
    return replace(
        publication,
        journeys={one: {**journey, "journey": one} for one in names},
        interest={**publication.interest, **events},
    )


def _nobody(publication: Publication) -> Mapping[str, list[str]]:
    return {way: [] for ways in publication.interest.values() for way in ways}


def _ratios(load: str, few: Measured, many: Measured) -> Measured:
    """How many times as much it is beside many; what costs nothing beside few may cost nothing beside many."""
    ratios = {
        f"{name}_ratio": many.counts[name] / few.counts[name] if few.counts[name] else 1 + many.counts[name]
        for name in COUNTS
    }
    return Measured("profiles", load, ratios)
