"""A live world moves by itself, answers while it does, and does nothing while nothing is due."""

import shutil
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from functions.shared.clock import system_clock
from infra.local.requests import Observer, observed
from infra.local.server.live import LiveWorld
from infra.local.world import ROOT, LocalWorld
from tests import invariants
from tests.infra.local.story import START, arrival, order


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, at=START):
        self.at = at

    def __call__(self):
        return self.at


@contextmanager
def living(clock, story, **options):
    """Lets a world live in this thread while ``story(live)`` runs in another, until it is told."""
    faults = []
    with LocalWorld(start=clock(), **options) as world:
        live = LiveWorld(world, clock)

        def tell():
            try:
                story(live)
            except BaseException as error:
                faults.append(error)
            finally:
                live.end()

        thread = threading.Thread(target=tell)
        thread.start()
        live.live()
        thread.join()
        for fault in faults:
            raise fault
        yield world


def test_waits_end_when_the_machines_clock_says_so():
    hands = Hands()
    messages = [*arrival("17850", START), order("17850", 1, START)]

    def story(live):
        live.ask(lambda world: world.put_events(messages))
        assert live.ask(lambda world: (world.drain(), len(world.outbox))[1]) == 1
        hands.at += timedelta(days=30)
        assert live.ask(lambda world: (world.drain(), world.clock())[1]) == hands.at
        assert live.ask(lambda world: len(world.outbox)) > 1

    with living(hands, story) as world:
        world.drain()
        invariants.check(world, messages)


def test_a_wait_ends_by_itself(tmp_path):
    journeys = shutil.copytree(ROOT / "journeys", tmp_path / "journeys")
    file = journeys / "order-confirmation" / "journey.yaml"
    file.write_text(file.read_text().replace("steps:\n", "steps:\n  - wait: 1s\n"))
    sent = threading.Event()

    def fate_of(address):
        sent.set()
        return "delivered"

    def story(live):
        at = live.ask(lambda world: world.clock())
        live.ask(lambda world: world.put_events([*arrival("17850", at), order("17850", 1, at)]))
        # Nobody asks anything meanwhile, so nothing but the time wakes the world.
        assert sent.wait(30)

    with living(system_clock, story, journeys=journeys, fate_of=fate_of) as world:
        assert world.outbox[0].subject


def test_nothing_runs_while_nothing_is_due():
    spent = []

    def story(live):
        live.ask(lambda world: world.drain())
        before = time.process_time()
        time.sleep(0.5)
        spent.append(time.process_time() - before)

    with living(system_clock, story):
        assert spent[0] < 0.1


def test_a_question_that_fails_fails_for_who_asked_alone():
    def story(live):
        with pytest.raises(ZeroDivisionError):
            live.ask(lambda world: 1 // 0)
        assert live.ask(lambda world: world.bus) == "segue-dev"

    with living(Hands(), story):
        pass


def test_a_clock_that_goes_back_does_not_take_the_world_along():
    hands = Hands()

    def story(live):
        hands.at = datetime(2020, 1, 1, tzinfo=UTC)
        assert live.ask(lambda world: world.clock()) == START

    with living(hands, story):
        pass


def test_a_door_answers_in_the_middle_of_a_long_delivery_and_the_end_does_not_wait_for_it():
    told = []

    class Busy(Observer):
        """Another thread knocks at each of the first three requests of a delivery; then somebody wants it to end."""

        def __init__(self, live):
            self.live, self.knocks = live, 0

        def before(self, request):
            if request.actor != "recognise-people":
                return
            self.knocks += 1
            if self.knocks > 3:
                self.live.end()
                return
            entry = {"type": "track", "event": "Viewed", "userId": f"u{self.knocks}"}
            knock = threading.Thread(
                target=lambda: told.append(self.live.interrupt(lambda world: world.put_events([entry])))
            )
            knock.start()
            # As the owner would at the next request; a thread that knocks gets its answer from no other.
            while knock.is_alive():
                self.live.before(request)

    with LocalWorld(start=START) as world:
        live = LiveWorld(world, Hands())
        world.put_events([*arrival("17850", START), order("17850", 1, START)])
        with observed(Busy(live)):
            live.live()
        assert len(told) == 3
        assert world.queued()["accept-bus-events"] > 0
