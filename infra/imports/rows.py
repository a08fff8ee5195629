"""What does a file of people hold? Its rows one by one, of CSV or of JSON lines, each with its place in the file."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from functions.capture.policy import usable_number
from functions.shared.errors import RejectedInput
from infra.cli.problems import Unusable

# What a file of rejected rows says of each; such a file can be mended and imported, and then these say nothing.
TOLD = ("rejected_line", "rejected_field", "rejected_reason")
CELL_CHARACTERS = 1_000_000
SEPARATING = re.compile(r"[\s._:/-]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it ends on, what it says by column, and how it stands in the file.

    ``fault`` = why it cannot be read at all: too many cells, a line that is no JSON.
    """

    line: int
    says: Mapping[str, Any]
    written: Any
    fault: RejectedInput | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file that was read through once: it is well formed, and its header names each column once."""

    path: Path
    encoding: str
    separator: str
    columns: Sequence[str]
    rows: int
    digest: str

    @property
    def named(self) -> Sequence[str]:
        """The columns that say something of people."""
        return [column for column in self.columns if column not in TOLD]

    def read(self) -> Iterator[Row]:
        """The rows in their order; those without any value are none."""
        told = len(self.columns) - len(self.named)
        with _opened(self.path, self.encoding) as stream:
            lines = _cells(stream, self.separator)
            next(lines)
            for line, cells in lines:
                says = dict(zip(self.columns, cells, strict=False))
                fault = None
                if len(cells) != len(self.columns):
                    fault = RejectedInput("row", f"{len(cells) - told} cells, the header has {len(self.named)}")
                filled = {name: says[name] for name in self.named if says.get(name, "").strip()}
                yield Row(line, filled, cells[told:], fault)


@dataclass(frozen=True, slots=True)
class Lines:
    """A file of JSON objects, one a line, that was read through once: it is text."""

    path: Path
    encoding: str
    rows: int
    digest: str

    def read(self) -> Iterator[Row]:
        """The rows in their order; empty lines are none."""
        with _opened(self.path, self.encoding) as stream:
            for line, text in enumerate(stream, start=1):
                if text.strip():
                    yield _object(line, text.strip())


Source = Table | Lines


def source_of(path: Path, encoding: str) -> Source:
    """Reads a file through; raises ``Unusable`` when it is no text, no table, or empty, and ``OSError``."""
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
            with _opened(path, encoding) as stream:
                rows = sum(1 for text in stream if text.strip())
            if not rows:
                raise Unusable(f"{path} is empty", "write one JSON object a line, a person each")
            return Lines(path, encoding, rows, digest)
        return _table(path, encoding, digest)
    except LookupError as error:
        raise Unusable(f"{encoding} is no encoding", "write --encoding latin-1, cp1252, utf-16 ...") from error
    except UnicodeError as error:
        raise Unusable(
            f"{path} is not {encoding} text",
            "save it as UTF-8, or say what it is: --encoding latin-1, --encoding cp1252 (Windows), --encoding utf-16",
        ) from error


def _table(path: Path, encoding: str, digest: str) -> Table:
    with _opened(path, encoding) as stream:
        header = next((text for text in stream if text.strip()), "")
    if not header:
        raise Unusable(f"{path} is empty", "the first line names the columns, then a row each")
    separator = max(",;\t", key=header.count)
    with _opened(path, encoding) as stream:
        reader = _cells(stream, separator)
        try:
            line, cells = next(reader)
            columns = [cell.strip() for cell in cells]
            rows = sum(1 for _ in reader)
        except csv.Error as error:
            raise Unusable(f"{path}: {error}", "close what a double quote opens, and double those inside") from error
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice or "" in columns:
        named = f"two columns are named {twice[0]}" if twice and twice[0] else "a column has no name"
        raise Unusable(f"{path}:{line}: {named}", "name each column, and each once")
    alike: dict[str, str] = {}
    for column in columns:
        other = alike.setdefault(SEPARATING.sub("_", column.casefold()).strip("_"), column)
        if other != column:
            raise Unusable(
                f"{path}:{line}: the columns {other} and {column} differ only in case or punctuation",
                "leave one of them out, or give it another name",
            )
    if not rows:
        raise Unusable(f"{path} has a header but no rows", "a row for each person follows the header")
    return Table(path, encoding, separator, columns, rows, digest)


def _cells(stream: IO[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(CELL_CHARACTERS)
    reader = csv.reader(stream, delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}") from error


def _object(line: int, text: str) -> Row:
    try:
        said = json.loads(text, parse_int=usable_number)
    except (ValueError, RecursionError):
        return Row(line, {}, text, RejectedInput("message", "not JSON"))
    if not isinstance(said, dict):
        return Row(line, {}, said, RejectedInput("message", "not an object"))
    row = {name: value for name, value in said.items() if name not in TOLD}
    return Row(line, row, row)


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    # A byte order mark, as spreadsheets write it, is no part of the first name.
    known = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    with path.open(encoding=known, newline="") as stream:
        yield stream
