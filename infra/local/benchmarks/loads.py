"""How many requests, units and transitions does each load take? Counted on a fresh deployment in virtual time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from functions.shared.clock import format_instant
from infra.local.benchmarks import crowd, flatness, memberships
from infra.local.benchmarks.budgets import Measured
from infra.local.benchmarks.handler_cpu import handlers
from infra.local.benchmarks.intake import JOURNEYS, SECRETS, Intake
from infra.local.benchmarks.recognition import Recognition
from infra.local.benchmarks.start import Starts
from infra.local.meter import Reading
from infra.local.world import LocalWorld

DOOR = ("accept-bus-events",)
INTAKE = (*DOOR, "recognise-people")
MACHINERY = ("advance-people", "evaluate-step", "register-wait", "send-email")
EVENTS = 10
# An event of about 400 bytes, as browsers send them.
PAGE = {
    "path": "/gifts/tea-towels",
    "referrer": "https://shop.example/",
    "title": "Tea towels and aprons",
    "note": "x" * 150,
}


def measure() -> list[Measured]:
    """Runs every load that is counted once; the counts do not depend on the machine or its speed."""
    with LocalWorld(journeys=JOURNEYS) as world:
        measured = [*_known_events(world), *_five_steps(world), *Recognition(world).measured()]
    with LocalWorld(journeys=JOURNEYS, secrets=SECRETS) as world:
        measured += Intake(world).measured()
    return [*measured, *flatness.measured(), *memberships.measured()]


def measure_cpu() -> list[Measured]:
    """Runs what is timed: each figure is a ratio to a yardstick of the same run, so machines differ little."""
    starts = Starts()
    starts.run()
    with handlers() as measurement:
        measurement.run()
        return [*starts.measured(), *measurement.measured(), *crowd.measured()]


def _known_events(world: LocalWorld) -> Iterator[Measured]:
    _put(world, [{"type": "identify", "messageId": "known", "traits": {"email": "bench@example.com"}}])
    pages = [
        {"type": "page", "messageId": f"page-{number}", "name": "Gifts", "properties": PAGE} for number in range(EVENTS)
    ]
    with world.meter.measured() as reading:
        _put(world, pages)
    yield _measured("identity", "known_events", reading, INTAKE, share=EVENTS)
    yield _measured("capture", "known_events_at_the_door", reading, DOOR, share=EVENTS)


def _five_steps(world: LocalWorld) -> Iterator[Measured]:
    order = {"order_id": "1", "revenue": 10.0, "currency": "GBP"}
    before = world.state_transitions()
    with world.meter.measured() as reading:
        _put(world, [{"type": "track", "event": "Order Completed", "messageId": "order", "properties": order}])
        world.run_until(world.clock() + timedelta(days=6))
    transitions = world.state_transitions() - before
    yield _measured("journeys", "five_step_journey", reading, MACHINERY, transitions=transitions)
    yield _measured("dispatch", "one_message", reading, ("send-email",), share=len(world.outbox))
    yield _measured("feedback", "one_receipt", reading, ("receive-email-events",), share=2 * len(world.outbox))


def _measured(
    capability: str, load: str, reading: Reading, actors: tuple[str, ...], *, share: int = 1, transitions: int = 0
) -> Measured:
    units = reading.units_of(*actors)
    return Measured(
        capability=capability,
        load=load,
        counts={
            "aws_requests": reading.requests_of(*actors) / share,
            "read_units": units.read / share,
            "write_units": units.write / share,
            "state_transitions": transitions / share,
        },
    )


def _put(world: LocalWorld, messages: list[dict[str, Any]]) -> None:
    at = format_instant(world.clock())
    world.put_events([{"timestamp": at, "userId": "bench", **message} for message in messages])
    world.drain()
    world.run_until(world.clock() + timedelta(minutes=1))
