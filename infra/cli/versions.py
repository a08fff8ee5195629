"""Which versions of a journey are there, and how many people stand where in each?"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from infra.cli.numbers import many

if TYPE_CHECKING:
    from infra.in_flight.counts import Counts

T = TypeVar("T")


def versions(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help="A journey's name.")],
    *,
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show a journey's published versions, and how many people stand where in each.

    Every deploy that changes a journey publishes a version; people under way keep theirs until they are through, or are
    moved with segue migrate. Reads the whole table of enrolments and the end of each running execution's history, about
    twenty a second; nothing is written. Example:

    segue versions welcome --stage prod
    """
    from infra.cli.deployed_journey import deployed_journey, progress
    from infra.in_flight.counts import counted

    with deployed_journey(journey, stage) as deployed:
        running = list(deployed.machine.running())
        with progress("enrolments", "executions") as (rows_read, places_read):
            places_read(total=len(running))
            counts = counted(
                deployed.machine,
                _each(deployed.enrolments.scan(journey), rows_read),
                _each(running, places_read),
            )
    if as_json:
        typer.echo(json.dumps({"journey": journey, "stage": stage, **counts.to_json()}, indent=2, ensure_ascii=False))
    else:
        _print(journey, stage, counts)


def _each(these: Iterable[T], advance: Any) -> Iterator[T]:
    for one in these:
        yield one
        advance(1)


def _print(journey: str, stage: str, counts: "Counts") -> None:
    from rich.console import Console
    from rich.table import Table

    found = counts.to_json()["versions"]
    statuses = sorted({status for one in found for status in one["statuses"]})
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("version", "hash", "published", "running", *statuses):
        table.add_column(name, justify="left" if name in ("hash", "published") else "right")
    for one in found:
        numbers = (f"{one['statuses'].get(status, 0):,}" for status in statuses)
        at = (one["published_at"] or "").replace("T", " ")[:16]
        table.add_row(_number(one), one["hash"] or "", at, f"{one['running']:,}", *numbers)
    places = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    places.add_column("version", justify="right")
    places.add_column("people", justify="right")
    places.add_column("where they stand", overflow="fold")
    for one in found:
        for state, people in sorted(one["standing"].items(), key=lambda item: (-item[1], item[0])):
            places.add_row(_number(one), f"{people:,}", state)
    console = Console(markup=False, highlight=False)
    console.print(f"{journey}, stage {stage}: {many(len(counts.versions), 'version')}")
    console.print(table)
    if places.row_count:
        console.print()
        console.print(places)
    else:
        console.print("Nobody is under way.")


def _number(one: dict[str, Any]) -> str:
    return "none" if one["version"] is None else str(one["version"])
