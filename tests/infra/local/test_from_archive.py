"""Whatever was told to identity, in whatever order and by how many workers, the archive makes the same people of it."""

from random import Random

import pytest

from infra.local.replay.archive import Archived
from infra.local.replay.difference import difference
from infra.local.replay.picture import people
from infra.local.replay.replay import deliver, deliveries
from tests.fakes.archive import KeptStream
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances
from tests.functions.identity.test_races import raced
from tests.functions.identity.worlds import World, delivery, parts, up_to


def archived(world):
    found = Archived()
    for number, (line, clear, event) in enumerate(world.stream.opened(world.worker.profiles)):
        found.add(line["home"], clear, event, (0, number))
    return found


def rebuilt(world):
    again = World(rules=world.rules)
    for part in deliveries(archived(world).events(), lambda event: event):
        deliver(again.worker, [(event, again.worker.named(event)) for event in part])
    return again


def must_be_rebuilt(world):
    found = difference(people(world.worker.history()), people(rebuilt(world).worker.history()))
    assert found.equal, found.to_json()
    return found


@pytest.mark.parametrize("pool", ["dense", "sparse"])
@pytest.mark.parametrize("seed", range(10))
def test_a_stream_of_deliveries_is_rebuilt(seed, pool):
    random = Random(seed)
    world = World(stream=KeptStream())
    told = list(parts(world.events(streams.lines(seed, 50, pool)), up_to(6, random)))
    for part in [*told, *random.sample(told, len(told) // 3)]:
        assert not world.worker.recognise(delivery(part))
    must_be_rebuilt(world)


@pytest.mark.parametrize("seed", range(10))
def test_what_workers_made_in_a_race_is_rebuilt(seed):
    world = World(stream=KeptStream())
    raced(world, streams.lines(seed, 24, "dense"), seed, Chances())
    assert must_be_rebuilt(world).live > 0
