"""Which rows of my files may be the same person? Suggestions to read; linking is another command."""

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.problems import Lacking, Unusable

if TYPE_CHECKING:
    from infra.suggestions.people import Person
    from infra.suggestions.suggest import Answer, Suggestion

FIX = "in this folder: .venv/bin/uv pip install --python .venv/bin/python -e '.[suggest]'"


def suggest(
    file: Annotated[Path, typer.Argument(metavar="A.csv", help="People, a row each, with a header.")],
    other: Annotated[
        Path | None, typer.Argument(metavar="B.csv", help="A second file: who of A is who of B.", show_default=False)
    ] = None,
    *,
    id_column: Annotated[str, typer.Option("--id", metavar="COLUMN", help="The column that names a row.")],
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Lowest score to show, 0 to 1. Lower finds more, and errs. Without it: 0.99, or more in large files, "
            "so that no wrong suggestion is to be expected.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of {a, b, score, why} as JSON.")] = False,
) -> None:
    """Suggest who may be the same person.

    Looks within one file, or across two. Nothing is linked. The score is the probability that two rows are one
    person, rather than two of one household or two strangers. Example:

    segue identity suggest crm.csv shop.csv --id contact_id
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise Unusable(f"--threshold {threshold:g} is out of range", "scores run from 0 to 1")
    _need_the_extra()

    from infra.suggestions.suggest import suggest as suggestions_in

    left, right = _people(file, id_column), None if other is None else _people(other, id_column)
    answer = suggestions_in(left, right, threshold, _counted)
    _notes(answer, left, right)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(one) for one in answer.suggestions], indent=2))
    else:
        _table(answer.suggestions)


def _need_the_extra() -> None:
    try:
        import jellyfish  # noqa: F401
        import rapidfuzz  # noqa: F401
    except ImportError as error:
        raise Lacking(f"suggestions need the package {error.name}, which is not installed", FIX) from error


def _people(file: Path, id_column: str) -> list["Person"]:
    from infra.suggestions.people import SPELLINGS, comparable, person, recognised

    columns, rows = _rows(file)
    if id_column not in columns:
        raise Unusable(f"{file} has no column {id_column}", f"--id takes one of: {', '.join(columns)}")
    known = recognised(columns, id_column)
    if not comparable(known):
        raise Unusable(
            f"nothing to compare in {file}: none of its columns says who somebody is",
            f"I know these columns: {', '.join(names[0] for names in SPELLINGS.values())}, and usual spellings of them",
        )
    people = []
    lines: dict[str, int] = {}
    for line, row in rows:
        one = person(row, id_column, known)
        if not one.id:
            raise Unusable(f"{file}:{line}: {id_column} is empty", "give every row an id of its own")
        if one.id in lines:
            raise Unusable(
                f"{file}:{line}: the same {id_column} as line {lines[one.id]}",
                "give every row an id of its own, or name another column with --id",
            )
        lines[one.id] = line
        people.append(one)
    return people


def _rows(file: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The header and each row with its line. Separators and quotes as RFC 4180; a comma, semicolon or tab."""
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unusable(f"{file}:{line}: not UTF-8 text", "save the file as CSV in UTF-8") from error
    header = next((line for line in text.splitlines() if line.strip()), "")
    if not header:
        raise Unusable(f"{file} is empty", "the first line names the columns, then a row each")
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    rows: list[tuple[int, dict[str, str]]] = []
    columns: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _header(file, reader.line_num, cells)
            elif len(cells) != len(columns):
                raise Unusable(
                    f"{file}:{reader.line_num}: {len(cells)} cells, the header has {len(columns)}",
                    f"put cells that hold {separator!r} or a line break in double quotes",
                )
            else:
                rows.append((reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise Unusable(
            f"{file}:{reader.line_num}: {error}",
            'close what a double quote opens, and double those inside a cell, as in "say ""hi"""',
        ) from error
    if not rows:
        raise Unusable(f"{file} has a header but no rows", "a row for each person follows the header")
    return columns, rows


def _header(file: Path, line: int, cells: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in cells]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise Unusable(f"{file}:{line}: two columns are named {twice[0] or 'nothing'}", "name each column once")
    return columns


def _counted(positions: Iterable[int], total: int) -> Iterable[int]:
    """The positions, while a bar on the terminal moves; nothing when the terminal is not watched."""
    from rich.console import Console
    from rich.progress import track

    screen = Console(stderr=True)
    return track(
        positions, "Comparing", total, console=screen, transient=True, disable=not screen.is_terminal or total < 1000
    )


def _notes(answer: "Answer", left: Sequence["Person"], right: Sequence["Person"] | None) -> None:
    for crowd in answer.crowded:
        typer.echo(
            f"note: {crowd.people} people share one {crowd.kind}"
            + (f", and {crowd.keys - 1} more such" if crowd.keys > 1 else "")
            + "; they were compared only where birth, address or full name agree as well",
            err=True,
        )
    groups = [left] if right is None else [left, right]
    customers = [{one.customer_id for one in people} for people in groups]
    if all("" not in ids for ids in customers):
        typer.echo(
            "note: every row holds a customer_id, and two customer ids are never suggested to be one person;\n"
            "  to look for customers who are there twice, give that column another name",
            err=True,
        )
    if len(answer.suggestions) == 0:
        typer.echo(
            f"Nobody seems to be there twice ({answer.compared} pairs compared); --threshold 0.9 shows weaker cases.",
            err=True,
        )


def _table(suggestions: Sequence["Suggestion"]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not suggestions:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("a", overflow="fold")
    table.add_column("b", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("why")
    for one in suggestions:
        # Rounded down: a score that is shown as 1 would promise what no score can.
        table.add_row(one.a, one.b, f"{math.floor(min(one.score, 0.9999) * 10_000) / 10_000:.4f}", ", ".join(one.why))
    Console(highlight=False, markup=False).print(table)
