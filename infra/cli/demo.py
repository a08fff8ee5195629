"""How does the whole thing work? Two years of real purchases through it, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.problems import Lacking, Unusable

CUSTOMERS = 30


def demo(
    *,
    customers: Annotated[int, typer.Option(help="How many customers of the shipped data set, 1 to 1,000.")] = CUSTOMERS,
    journeys: Annotated[Path, typer.Option(help="Folder with policy.yaml and your journeys.")] = Path("journeys"),
    report: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("build/demo/report.html"),
) -> None:
    """Run two years of real purchases through your journeys.

    The functions and state machines are those that deploy; AWS is simulated on this machine and time is virtual. No
    account, no network. Ends with a table, and a report in one HTML file.
    """
    if not 1 <= customers <= 1000:
        raise Unusable(f"--customers {customers} is out of range", "the data set holds 1 to 1000 customers")
    if not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")

    from rich.console import Console

    from functions.journeys.language.faults import FaultsFound
    from infra.local.demo.run_demo import run_demo
    from infra.local.demo.summary import print_summary
    from infra.local.report.write_report import write_report
    from infra.local.templates import TemplateFault

    console = Console()
    try:
        result = run_demo(journeys, customers, console)
    except FaultsFound as faults:
        typer.echo(str(faults))
        raise typer.Exit(1) from faults
    except TemplateFault as fault:
        raise Lacking(str(fault), "the demo runs what deploys: restore infra/snapshots, or run `make synth`") from fault
    print_summary(result, console)
    written = write_report(result, report)
    console.print(f"Report: {written}", highlight=False, soft_wrap=True)
