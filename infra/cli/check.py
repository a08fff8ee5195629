"""Can these journeys be published? Every fault at once, with its place and its fix."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable


def check(
    path: Annotated[Path, typer.Argument(help="Folder that holds policy.yaml and one folder per journey.")] = Path(
        "journeys"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="A list of faults as JSON.")] = False,
) -> None:
    """Check journeys, templates and policy.

    One line a fault: file:line:column: severity: what, and the fix. Exits 1 when there is an error; warnings pass.
    """
    from functions.journeys.language.checks import check as faults_in

    if not path.is_dir():
        raise Unusable(f"{path} is not a folder", "name the folder that holds policy.yaml and your journeys")
    faults = faults_in(path)
    errors = sum(fault.severity == "error" for fault in faults)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(fault) for fault in faults], indent=2))
    else:
        for fault in faults:
            typer.echo(str(fault))
        typer.echo(_verdict(errors, len(faults) - errors), err=True)
    if errors:
        raise typer.Exit(1)


def _verdict(errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return "No faults."
    return f"{many(errors, 'error')}, {many(warnings, 'warning')}."
