"""What does an event, a message, a journey cost? Counted on the laptop and held against the budgets."""

import json
from typing import Annotated

import typer


def bench(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> None:
    """Count AWS requests, capacity units and state transitions, beside their budgets.

    Each load runs once on a fresh deployment in virtual time; no clock is involved, so any machine counts the same.
    Exit code 1 when a budget is passed. Budgets: infra/local/benchmarks/budgets, one file per capability.
    """
    from rich.console import Console
    from rich.table import Table

    from infra.local.benchmarks.budgets import over_budget, read_budgets
    from infra.local.benchmarks.loads import measure
    from infra.local.quiet import errors_only

    with errors_only():
        measured = measure()
    budgets = read_budgets()
    faults = over_budget(measured, budgets)
    if as_json:
        loads = [{"capability": one.capability, "load": one.load, **one.counts} for one in measured]
        typer.echo(json.dumps({"loads": loads, "over_budget": faults}, indent=2))
        raise typer.Exit(bool(faults))
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("capability")
    table.add_column("load")
    for name in ("AWS requests", "read units", "write units", "state transitions"):
        table.add_column(name, justify="right")
    for one in measured:
        limits = budgets.get(one.capability, {}).get(one.load, {})
        shown = [
            f"{count:g} of {limits[name]:g}" if name in limits else f"{count:g}" for name, count in one.counts.items()
        ]
        table.add_row(one.capability, one.load.replace("_", " "), *shown)
    console = Console()
    console.print(table)
    for fault in faults:
        console.print(f"[red]over budget[/] {fault}")
    raise typer.Exit(bool(faults))
