"""What may a message, a journey, a policy look like? The schemas for editors, validators and code generators."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.problems import Unusable


def schemas(
    *,
    write: Annotated[bool, typer.Option("--write", help="Bring the folder up to date.")] = False,
    folder: Annotated[Path, typer.Option(help="Where they stand.")] = Path("docs/schemas"),
    as_json: Annotated[bool, typer.Option("--json", help="The names of the files that differ, as JSON.")] = False,
) -> None:
    """Compare docs/schemas and docs/reference/journeys.md with the code they are made from.

    JSON Schemas of every message and of the files authors write, an AsyncAPI document of the bus, an OpenAPI document
    of the HTTP door, the reference of journeys. One line a file that differs; exits 1 when there is one. For example,
    after a change of a model:

    segue schemas --write
    """
    from infra.contract import documents

    if not folder.is_dir():
        raise Unusable(f"{folder} is not a folder", "name the folder of the schemas, docs/schemas of this repository")
    changed = documents.write(folder) if write else documents.differing(folder)
    if as_json:
        typer.echo(json.dumps(changed))
    else:
        for name in changed:
            typer.echo(f"{'wrote' if write else 'differs'}: {os.path.normpath(folder / name)}")
        typer.echo("Schemas are up to date." if write or not changed else "Run segue schemas --write.", err=True)
    if changed and not write:
        raise typer.Exit(1)
