"""What does an event, and what does a run through a journey, cost? Counted on the laptop, no clock involved."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from infra.local.meter import Reading
    from infra.local.world import LocalWorld

INTAKE = ("accept-bus-events", "recognise-people")
"""Capture, identity and profiles: what every event passes."""
EVENTS = 10


def bench(
    *,
    journeys: Annotated[Path, typer.Option(help="Folder with policy.yaml and your journeys.")] = Path("journeys"),
    as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> None:
    """Count AWS requests, capacity units and state transitions.

    Two loads on a fresh deployment in virtual time. "an event": one of ten page views of one known person, put in one
    request, until the profile is written. "a first order": the order and every journey and message that it starts in
    the year after; the machines' own calls are not in the requests, their transitions are.
    """
    from rich.console import Console
    from rich.table import Table

    from infra.local.quiet import errors_only
    from infra.local.world import LocalWorld

    if not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")
    with errors_only(), LocalWorld(journeys=journeys) as world:
        loads = [_intake(world), _order(world)]
    if as_json:
        typer.echo(json.dumps(loads, indent=2))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("load")
    for name in ("AWS requests", "read units", "write units", "state transitions"):
        table.add_column(name, justify="right")
    for load in loads:
        numbers = (sum(load["aws_requests"].values()), load["read_units"], load["write_units"])
        table.add_row(load["load"], *(f"{number:,.1f}" for number in numbers), str(load["state_transitions"]))
    Console().print(table)


def _intake(world: "LocalWorld") -> dict[str, Any]:
    person = {"userId": "bench"}
    _put(world, [{"type": "identify", "messageId": "known", **person, "traits": {"email": "bench@example.com"}}])
    pages = [{"type": "page", "messageId": f"page-{number}", **person, "name": "Gifts"} for number in range(EVENTS)]
    with world.meter.measured() as reading:
        _put(world, pages)
    counted = _counts(reading, INTAKE)
    return {
        "load": "an event",
        "aws_requests": {name: count / EVENTS for name, count in counted["aws_requests"].items()},
        "read_units": counted["read_units"] / EVENTS,
        "write_units": counted["write_units"] / EVENTS,
        "state_transitions": 0,
    }


def _order(world: "LocalWorld") -> dict[str, Any]:
    consent = {"topic": "offers", "channel": "email", "state": "granted", "source": "bench"}
    _put(world, [{"type": "consent", "messageId": "yes", "userId": "bench", **consent}])
    order = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "order",
        "userId": "bench",
        "properties": {"order_id": "1", "revenue": 10.0, "currency": "GBP", "units": 1, "lines": 1, "country": "GB"},
    }
    before = world.state_transitions()
    with world.meter.measured() as reading:
        _put(world, [order])
        world.run_until(world.clock() + timedelta(days=365))
    weekly = {"learn-intervals"}
    actors = {who for who, _ in reading.requests} - {"app", "local", "stepfunctions"} - weekly
    counted = _counts(reading, tuple(sorted(actors)))
    return {
        "load": "a first order",
        **counted,
        "state_transitions": world.state_transitions() - before,
    }


def _put(world: "LocalWorld", messages: list[dict[str, Any]]) -> None:
    from functions.shared.clock import format_instant

    at = format_instant(world.clock())
    world.put_events([{"timestamp": at, **message} for message in messages])
    world.drain()
    world.run_until(world.clock() + timedelta(minutes=1))


def _counts(reading: "Reading", actors: tuple[str, ...]) -> dict[str, Any]:
    requests: dict[str, int] = {}
    for (who, operation), count in sorted(reading.requests.items()):
        if who in actors:
            requests[operation] = requests.get(operation, 0) + count
    units = reading.units_of(*actors)
    return {"aws_requests": requests, "read_units": units.read, "write_units": units.write}
