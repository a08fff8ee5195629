"""Which state machine does a journey become?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.problems import Unusable


def compile_journey(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help="A journey's name, or its folder.")],
    *,
    asl: Annotated[bool, typer.Option("--asl", help="Amazon States Language, as it deploys (the default).")] = False,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="A picture as Mermaid text, for a README.")] = False,
    journeys: Annotated[Path, typer.Option(help="Folder with policy.yaml and your journeys.")] = Path("journeys"),
) -> None:
    """Print the state machine that a journey becomes.

    The same files give the same bytes. Placeholders like ${EmailQueueUrl} are filled in when it deploys.
    """
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.language.mermaid import mermaid
    from functions.journeys.language.publication import publish

    if asl and as_mermaid:
        raise Unusable("--asl and --mermaid exclude each other", "choose one")
    folder = Path(journey)
    if (folder / "journey.yaml").is_file():
        journeys, journey = folder.parent, folder.name
    if not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")
    try:
        _, machines = publish(journeys)
    except FaultsFound as faults:
        typer.echo(str(faults))
        raise typer.Exit(1) from faults
    if journey not in machines:
        raise Unusable(f"there is no journey {journey} in {journeys}", f"use one of {', '.join(sorted(machines))}")
    if as_mermaid:
        typer.echo(mermaid(machines[journey]), nl=False)
    else:
        typer.echo(json.dumps(machines[journey], indent=2, ensure_ascii=False))
