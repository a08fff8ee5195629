"""Which versions of a journey are there, and how many people stand where in each?"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from infra.in_flight.counts import Counts

T = TypeVar("T")


def versions(
    journey: Annotated[str | None, typer.Argument(metavar="JOURNEY", help="A journey's name.")] = None,
    *,
    drained: Annotated[
        bool, typer.Option("--drained", help="Which journeys without files have nobody under way any more.")
    ] = False,
    journeys: Annotated[Path, typer.Option(help="For --drained: the folder of the journeys.")] = Path("journeys"),
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show a journey's published versions, and how many people stand where in each.

    Every deploy that changes a journey publishes a version; people under way keep theirs until they are through, or are
    moved with segue migrate. Reads the whole table of enrolments and the end of each running execution's history, about
    twenty a second; nothing is written. A journey whose files were removed keeps its machine until it is drained:
    --drained tells of each whether it may go, and exits 1 while one may not. Examples:

    \b
    segue versions welcome --stage prod
    segue versions --drained
    """
    if drained != (journey is None):
        raise Unusable("name one journey, or ask for --drained", "like segue versions welcome")
    if journey is None:
        _drained(stage, journeys, as_json)
        return
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


def _drained(stage: str, journeys: Path, as_json: bool) -> None:
    from infra.cli.deployed_journey import under_way_without_files

    if not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")
    under_way = under_way_without_files(stage, {path.parent.name for path in journeys.glob("*/journey.yaml")})
    if as_json:
        said = [{"journey": name, "running": number, "drained": not number} for name, number in under_way.items()]
        typer.echo(json.dumps(said, indent=2))
    elif not under_way:
        typer.echo(f"Every journey that is deployed to stage {stage} has its files.")
    else:
        for name, number in under_way.items():
            what = "its machine stays" if number else f"remove infra/snapshots/journeys/{name}.json, make synth, deploy"
            typer.echo(f"{name}: {many(number, 'person', 'people') if number else 'nobody'} under way; {what}")
    if any(under_way.values()):
        raise typer.Exit(1)


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
