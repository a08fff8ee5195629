"""Whatever was told to identity, in whatever order and by how many workers, the archive makes the same people of it."""

from datetime import timedelta
from random import Random

import pytest

from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from infra.local.replay.archive import Archived
from infra.local.replay.difference import difference
from infra.local.replay.picture import people
from infra.local.replay.replay import deliver, deliveries
from tests.fakes.archive import KeptStream
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances, Killed, Scheduler
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


ANN, BOB = ("customer_id", "ann"), ("customer_id", "bob")
TABLET = ("anonymous_id", "tablet")


def told_in_turn(world, *lines):
    """Says one thing an hour."""
    for hour, line in enumerate(lines):
        at = format_instant(streams.START + timedelta(hours=hour))
        world.take([{**line, "messageId": f"m-{hour:02}", "timestamp": at}])


def test_what_others_did_on_a_device_of_somebody_erased_is_rebuilt_and_nothing_of_the_erased():
    page, identify = (lambda *who: streams.message("page", *who)), (lambda *who: streams.message("identify", *who))
    lines = [identify(ANN, TABLET), page(TABLET), identify(BOB, TABLET), page(TABLET), page(TABLET)]
    world = World(stream=KeptStream())
    told_in_turn(world, *lines, streams.command("erase", ANN), page(TABLET))
    assert world.snapshot("customer_id:bob").events == 4
    assert must_be_rebuilt(world).live == 1
    assert {event.message_id for event in archived(world).events() if event.type != "command"} == {
        *("m-02", "m-03", "m-04", "m-06")
    }


@pytest.mark.parametrize("seed", range(20))
def test_an_erasure_of_who_shared_a_device_cut_off_anywhere_loses_nothing_of_the_others(seed):
    page, identify = (lambda *who: streams.message("page", *who)), (lambda *who: streams.message("identify", *who))
    world = World(stream=KeptStream())
    told_in_turn(world, identify(ANN, TABLET), page(TABLET), identify(BOB, TABLET), page(TABLET))
    at = format_instant(streams.START + timedelta(days=1))
    told = world.events([{**streams.command("erase", ANN), "messageId": "e", "timestamp": at}])
    scheduler = Scheduler(seed, Chances(throttled=0.05, conflict=0.05, unanswered=0.05, killed=0.15))

    def erase():
        try:
            done = not world.worker_on(scheduler.rows(world.rows)).recognise(delivery(told))
        except (Killed, TransientError):
            done = False
        if not done:
            erase()

    scheduler.run([erase])
    assert must_be_rebuilt(world).live == 1
    assert not {"m-00", "m-01"} & {event.message_id for event in archived(world).events()}
