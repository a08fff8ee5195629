"""How is Segue had as a local endpoint? A world on the machine's clock, with both doors open until a signal."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from functions.shared.clock import system_clock
from infra.local.replay.replay import PEPPER
from infra.local.requests import observed
from infra.local.server.doors import Doors, Log
from infra.local.server.live import LiveWorld
from infra.local.server.refusals import Refusals
from infra.local.world import LocalWorld

SOURCE = "local"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(port: int, key: str, journeys: Path, ready: Callable[[str], None], log: Log) -> None:
    """Calls ``ready`` with the address once requests are answered, and returns after SIGINT or SIGTERM.

    Raises ``OSError`` when the port cannot be had and ``FaultsFound`` when the journeys cannot run. Ids of people are
    those that a replay of the same events gives.
    """
    keys = json.dumps({key: {"source": SOURCE, "browser": False}})
    secrets = {"segue-dev/deployment-key": PEPPER, "segue-dev/write-keys": keys}
    world = LocalWorld(journeys=journeys, start=system_clock(), secrets=secrets)
    live = LiveWorld(world)
    doors = Doors(port, live, key, world.bus, log)
    try:
        with _ended_by_signals(live), world, observed(Refusals(world.clock, log)):
            doors.opened()
            ready(doors.url)
            live.live()
    finally:
        doors.closed()


@contextmanager
def _ended_by_signals(live: LiveWorld) -> Iterator[None]:
    """The first signal ends the world at its next request; the second does what it would have done."""
    before = {one: signal.getsignal(one) for one in SIGNALS}

    def end(number: int, _: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        live.end()

    for one in SIGNALS:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
