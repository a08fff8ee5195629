"""What does an import tell whoever started it? How it reads the file, how far it is, and what became of the rows."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.numbers import many
from infra.cli.problems import Problem

if TYPE_CHECKING:
    from infra.imports.messages import Meaning
    from infra.imports.rows import Source
    from infra.imports.run import Import, Imported

SHOWN = 20
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# What a shell knows of a command that Ctrl-C ended.
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class AsOf:
    """The time of what is imported, and why it is that one."""

    at: datetime
    why: str


def reading_of(rows: "Source", meaning: "Meaning") -> dict[str, Any]:
    """How a table is read; lines of JSON name what they say each by itself."""
    from infra.imports.rows import Table

    if not isinstance(rows, Table):
        return {}
    return {"separator": SEPARATORS[rows.separator], "columns": {one: meaning.reads(one) for one in rows.named}}


@contextmanager
def stopping(work: "Import") -> Iterator[None]:
    """Tells of an import that stops on its way how far it came, and how it goes on."""
    try:
        yield
    except (Problem, OSError) as stopped:
        if work.reached:
            stopped.add_note(f"{_far(work)} --restart sends them again")
        raise
    except KeyboardInterrupt as stopped:
        typer.echo(f"segue: stopped. {_far(work)}" if work.door else "segue: stopped.", err=True)
        raise typer.Exit(INTERRUPTED) from stopped


def _far(work: "Import") -> str:
    if not work.reached:
        return "Nothing is noted as sent; the same command begins again."
    return f"{work.reached:,} of {many(work.source.rows, 'row')} are done; the same command goes on after them."


def report(
    done: "Imported", as_of: AsOf, reading: dict[str, Any], *, file: Path, source: str, as_json: bool, dry_run: bool
) -> None:
    """Tells what became of the rows."""
    from functions.shared.clock import format_instant

    if as_json:
        typer.echo(
            json.dumps(
                {
                    "rows": done.rows,
                    "sent": done.sent,
                    "rejected": done.rejected_rows,
                    "rejections": done.rejected,
                    "rejected_file": done.rejected_file,
                    "resumed_at": done.resumed_at,
                    "as_of": format_instant(as_of.at),
                    "source": source,
                    "unusable_addresses": done.unusable,
                    "dry_run": dry_run,
                    **reading,
                },
                indent=2,
            )
        )
        return
    if "columns" in reading:
        typer.echo(f"Columns, separated by {reading['separator']}:")
        for name, what in reading["columns"].items():
            typer.echo(f"  {name}: {what}")
    for one in done.rejected[:SHOWN]:
        typer.echo(f"{file}:{one['line']}: {one['field']}: {one['reason']}")
    if len(done.rejected) > SHOWN:
        typer.echo(f"... and {len(done.rejected) - SHOWN:,} more")
    if done.unusable:
        places = ", ".join(f"line {one['line']} ({one['field']})" for one in done.unusable[:SHOWN])
        more = f" and {len(done.unusable) - SHOWN:,} more" if len(done.unusable) > SHOWN else ""
        number = many(len(done.unusable), "address is none", "addresses are none")
        typer.echo(f"warning: {number}, so nobody is written to there: {places}{more}", err=True)
    if done.resumed_at:
        typer.echo(f"Went on after row {done.resumed_at:,}.")
    good = done.rows - done.rejected_rows
    what = f"{good:,} would be sent" if dry_run else f"{done.sent:,} sent"
    typer.echo(f"{many(done.rows, 'row')}: {what}, {done.rejected_rows:,} rejected.")
    typer.echo(f"As of {format_instant(as_of.at)}, {as_of.why}.")
    if done.rejected_file:
        typer.echo(f"Mend {done.rejected_file} and import it.")


@contextmanager
def progress(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar of rows on a terminal; answers what advances it."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    screen = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("rows", total=rows)
        yield lambda number: bar.advance(task, number)
