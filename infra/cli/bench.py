"""What does an event, a message, a journey cost? Counted on the laptop and held against the budgets."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from infra.local.benchmarks.budgets import Measured


# What is measured with the CPU, or takes as long.
TIMED = ("cpu", "runner")


def bench(
    *,
    people: Annotated[int, typer.Option(min=0, help="Only take so many people through a journey, and time it.")] = 0,
    days: Annotated[int, typer.Option(min=6, help="With --people: of virtual time.")] = 90,
    cpu: Annotated[bool, typer.Option(help="Also CPU: of each function's start, and of an event in it.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> None:
    """Count AWS requests, capacity units and state transitions, beside their budgets.

    Each load runs once on a fresh deployment in virtual time; no clock is involved, so any machine counts the same. CPU
    is told as a ratio: to importing boto3 and making one client, to one put_item, and to a bare heap, in the same run.
    With --people a crowd goes through everything from the bus on, on the runner, with no AWS and nothing rendered.
    Exit code 1 when a budget is passed. Budgets: infra/local/benchmarks/budgets, one file per capability, and cpu.yaml.

    Example: segue bench --no-cpu

    Example: segue bench --people 100000 --days 90
    """
    if people:
        _crowd(people, days, as_json)
        return
    from rich.console import Console

    from infra.local.benchmarks.budgets import over_budget, read_budgets
    from infra.local.benchmarks.loads import measure, measure_cpu
    from infra.local.quiet import errors_only

    with errors_only():
        measured = [*measure(), *(measure_cpu() if cpu else ())]
    budgets = {name: loads for name, loads in read_budgets().items() if cpu or name not in TIMED}
    faults = over_budget(measured, budgets)
    if as_json:
        loads = [{"capability": one.capability, "load": one.load, **one.counts} for one in measured]
        typer.echo(json.dumps({"loads": loads, "over_budget": faults}, indent=2))
        raise typer.Exit(bool(faults))
    console = Console()
    alike: dict[tuple[str, ...], list[Measured]] = {}
    for one in measured:
        alike.setdefault(tuple(one.counts), []).append(one)
    for names, many in alike.items():
        console.print(_table(names, many, budgets))
        console.print()
    for fault in faults:
        console.print(f"[red]over budget[/] {fault}")
    raise typer.Exit(bool(faults))


def _crowd(people: int, days: int, as_json: bool) -> None:
    """How so many people went through their journey."""
    from dataclasses import asdict

    from infra.cli.imported import progress
    from infra.local.benchmarks.crowd import run_crowd
    from infra.local.quiet import errors_only

    # Each of them comes twice: as somebody, and with an order.
    with errors_only(), progress(2 * people) as advance:
        told = run_crowd(people, days, advance)
    if as_json:
        typer.echo(json.dumps(asdict(told), indent=2))
        return
    typer.echo(f"{told.people:,} people x {told.days} days: {told.completed:,} completed their journey.")
    typer.echo(f"{told.states:,} states, {told.messages:,} messages decided, {told.seconds:,.0f} s of CPU.")


def _table(
    names: "Sequence[str]",
    measured: "Sequence[Measured]",
    budgets: "Mapping[str, Mapping[str, Mapping[str, float]]]",
) -> "Table":
    """The loads that count the same things."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("capability")
    table.add_column("load")
    for name in names:
        table.add_column(name.replace("_", " ").replace("aws", "AWS").replace("cpu", "CPU"), justify="right")
    for one in measured:
        limits = budgets.get(one.capability, {}).get(one.load, {})
        shown = [
            f"{count:.3g} of {limits[name]:g}" if name in limits else f"{count:.3g}"
            for name, count in one.counts.items()
        ]
        table.add_row(one.capability, one.load.replace("_", " "), *shown)
    return table
