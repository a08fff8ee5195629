"""How do people who are under way come into another version of their journey?"""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from functions.journeys.api import Enrolment
    from infra.cli.deployed_journey import DeployedJourney
    from infra.in_flight.machine import Machine
    from infra.in_flight.migrate import Arms, Asked, Migration
    from infra.in_flight.versions import Version


def migrate(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help="A journey's name.")],
    *,
    old: Annotated[int, typer.Option("--from", metavar="N", help="The version people are in.")],
    new: Annotated[int, typer.Option("--to", metavar="N", help="The version they are to be in.")],
    steps: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="old_id: new_id for each step that has a new id.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who can move and who cannot, and why.")] = False,
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    journeys: Annotated[
        Path, typer.Option(help="Where the new version's files are; read when it has experiments the old one has not.")
    ] = Path("journeys"),
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Move people who wait from one version of a journey to another.

    Whoever stands in a wait, waits for an event or is held by a pause goes on at the same step of the other version: a
    step with the same id, or the one the map names. A fixed wait ends when the new version says, counted from when the
    person began to wait. Who is busy with a step, or in one without a counterpart, stays; say it again later. Stopped
    half way, the same command goes on. Undo: the same with --from and --to exchanged. Exits 1 while somebody stays.
    Examples:

    \b
    segue migrate welcome --from 3 --to 4 --dry-run
    segue migrate welcome --from 3 --to 4 --map steps.yaml
    """
    from infra.cli.deployed_journey import deployed_journey, progress
    from infra.in_flight.moves import Move

    if old == new:
        raise Unusable(f"--from and --to are both {old}", "segue versions shows which versions there are")
    with deployed_journey(journey, stage, RIGHTS) as deployed:
        migration = _migration(deployed, old, new, steps, journeys)
        rows = [row for row in deployed.enrolments.scan(journey) if row.running]
        executions = list(deployed.machine.running())
        with progress("looked at", "moved") as (looked, moving):
            looked(total=len(executions))
            asked = list(migration.asked(rows, _each(executions, looked)))
            movable = [one for one in asked if isinstance(one.decided, Move)]
            moving(total=len(movable))
            if not dry_run:
                # Whoever has moved on by themselves meanwhile is in nobody's way.
                moved = sum(migration.carry_out(one) for one in _each(movable, moving))
    told = {
        "journey": journey,
        "stage": stage,
        "from": old,
        "to": new,
        "dry_run": dry_run,
        "moved": 0 if dry_run else moved,
        "people": [_said(one) for one in asked],
    }
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _print(told, asked)
    if len(movable) < len(asked):
        raise typer.Exit(1)


RIGHTS = (
    "what segue versions needs, states:StartExecution, StopExecution and DescribeStateMachineForExecution, "
    "and dynamodb:UpdateItem"
)


def _migration(deployed: "DeployedJourney", old: int, new: int, steps: Path | None, journeys: Path) -> "Migration":
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.machines import Machines
    from infra.in_flight.machine import Machine
    from infra.in_flight.migrate import Migration
    from infra.in_flight.step_map import read_steps

    versions = {one.number: one for one in deployed.machine.versions()}
    for number in (old, new):
        if number not in versions:
            known = ", ".join(map(str, sorted(versions))) or "none"
            raise Unusable(f"{deployed.name} has no version {number}", f"it has {known}; see segue versions")
    before, after = (Machine(deployed.machine.definition(number)) for number in (old, new))
    try:
        mapped = {} if steps is None else read_steps(steps, before.doors, after.doors)
    except FaultsFound as faults:
        raise Unusable(str(faults), "nobody was moved") from faults
    return Migration(
        enrolments=deployed.enrolments,
        machine=deployed.machine,
        machines=Machines(deployed.machine.arn.removesuffix(deployed.name), deployed.machine.client),
        old=versions[old],
        new=versions[new],
        before=before,
        after=after,
        steps=mapped,
        arms=_arms(deployed.name, versions[new], before, after, journeys),
    )


def _arms(journey: str, version: "Version", before: "Machine", after: "Machine", journeys: Path) -> "Arms":
    """Arms are drawn by the shares in the journey's files; a machine knows only their names."""
    if after.experiments <= before.experiments:
        return lambda row: row.arms
    from functions.journeys.draws import arm_of
    from functions.journeys.language.publication import publish

    published = publish(journeys)[0].journeys.get(journey) if journeys.is_dir() else None
    if published is None or published["version"] != version.hash:
        missing = ", ".join(sorted(after.experiments - before.experiments))
        raise Unusable(
            f"version {version.number} has experiments that people drew no arm of: {missing}",
            f"check its files out (hash {version.hash}) and name their folder with --journeys: their shares are there",
        )

    def drawn(row: "Enrolment") -> dict[str, str]:
        experiments = published["experiments"].items()
        return {name: arm_of(row.profile, journey, name, one["variants"]) for name, one in experiments} | dict(row.arms)

    return drawn


def _each(these: Any, advance: Any) -> Any:
    for one in these:
        yield one
        advance(1)


def _said(one: "Asked") -> dict[str, Any]:
    from infra.in_flight.moves import Move

    decided = one.decided
    fate = {"goes_on": str(decided)} if isinstance(decided, Move) else {"stays": decided.why}
    until = decided.resume_until if isinstance(decided, Move) else None
    more = {} if until is None else {"until": until.isoformat()}
    return {"enrolment": one.row.enrolment, "stands": one.place.state, **fate, **more}


def _print(told: dict[str, Any], asked: list["Asked"]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    people = told["people"]
    console.print(
        f"{told['journey']}, stage {told['stage']}, version {told['from']} to {told['to']}: "
        f"{many(len(people), 'person', 'people')}"
    )
    fates = Counter((one["stands"], one.get("goes_on", ""), one.get("stays", "")) for one in people)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("people", justify="right")
    for name in ("stand at", "what becomes of them"):
        table.add_column(name, overflow="fold")
    for (stands, goes_on, stays), number in sorted(fates.items()):
        table.add_row(f"{number:,}", stands, f"go on at {goes_on}" if goes_on else f"stay: {stays}")
    if fates:
        console.print(table)
    if told["dry_run"]:
        console.print("Nobody was moved (--dry-run).")
    else:
        undo = f"segue migrate {told['journey']} --from {told['to']} --to {told['from']}"
        console.print(f"{many(told['moved'], 'person', 'people')} moved. Undo: {undo}, with the map turned round.")
