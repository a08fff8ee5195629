"""How does a file of people get through a door, though the network may fail? Rows in order, and a note of how far.

What is sent twice counts once, so the note may lag behind what was sent; it never runs ahead of it.
"""

import csv
import filecmp
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from functions.shared.clock import Clock, format_instant, parse_instant
from functions.shared.errors import RejectedInput
from infra.cli.problems import Unusable
from infra.imports.messages import Letter, Meaning, letter_of, unusable_addresses
from infra.imports.rows import TOLD, Lines, Row, Source, Table

# How often it is noted how far the import has come.
NOTED_ROWS = 1_000
# What makes two imports of one file two, as a command line says it.
APART = {"source": "--source", "to": "door", "meaning": "list, --leave, --id or --text", "as_of": "--as-of"}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a door did not take a message; ``index`` counts within what was sent."""

    index: int
    field: str
    reason: str


class Door(Protocol):
    """Where messages go. What it cannot take at all raises a ``Problem``."""

    most: int
    """So many messages at once."""
    most_bytes: int
    """And so many bytes."""

    def send(self, letters: Sequence[Letter]) -> Sequence[Refusal]:
        """Sends messages, and answers which were refused for good."""


@dataclass(slots=True)
class Note:
    """How far an import has come. ``of`` = what it is an import of: another file, time or door is another import."""

    of: dict[str, Any]
    rows: int = 0
    sent: int = 0
    rejected: int = 0
    rejected_bytes: int = 0
    rejected_file: str | None = None


def note_of(source: Source) -> Path:
    """The file that says how far an import of a file has come."""
    return source.path.with_name(f"{source.path.name}.progress.json")


def kind_of(source: Source, name: str, target: str, meaning: Meaning) -> dict[str, Any]:
    """What an import is of, but for its time."""
    return {"file": source.digest, "source": name, "to": target, "meaning": repr(meaning)}


def noted_as_of(source: Source, kind: dict[str, Any]) -> datetime | None:
    """The time that an import of this kind which stopped was as of; None when none did."""
    try:
        of = json.loads(note_of(source).read_text(encoding="utf-8"))["of"]
        return parse_instant(of["as_of"]) if of == {**kind, "as_of": of["as_of"]} else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class Imported:
    """What became of the rows; ``resumed_at`` = rows that an earlier run had done.

    ``rejected`` and ``unusable``, addresses nobody can be written to, are of this run only.
    """

    rows: int
    sent: int = 0
    rejected_rows: int = 0
    resumed_at: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    rejected_file: str | None = None
    unusable: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Import:
    """One file on its way through one door."""

    source: Source
    meaning: Meaning
    door: Door | None
    name: str
    as_of: datetime
    clock: Clock
    target: str
    reached: int = 0
    """So many rows are noted as done."""

    def run(self, told: Progress, restart: bool = False) -> Imported:
        """Sends every row, from where an earlier run stopped; without a door it only says what would be rejected.

        Raises ``Unusable`` when an earlier run was of something else.
        """
        note = self._note(restart)
        begins = note.rows
        # Noted before the first row is sent: if the process dies, the next one is to say the same of the same time.
        self._write(note)
        done = Imported(self.source.rows, note.sent, note.rejected, begins)
        told(begins)
        try:
            with _Rejects(self.source, note, done, kept=self.door is not None) as rejects:
                self._rows(begins, note, rejects, done, told)
        except BaseException:
            self.reached = note.rows
            if note.rows:
                self._write(note)
            elif self.door is not None:
                self.noted.unlink(missing_ok=True)
            raise
        if self.door is not None:
            self.noted.unlink(missing_ok=True)
        return done

    def _rows(self, begins: int, note: Note, rejects: "_Rejects", done: Imported, told: Progress) -> None:
        batch: list[tuple[Row, Letter]] = []
        size, written = 0, begins
        for position, row in enumerate(self.source.read()):
            if position < begins:
                continue
            try:
                body = self._body(row)
                letter = letter_of(row.line, body, self.name, self.as_of, self.clock())
            except RejectedInput as fault:
                rejects.add(row, fault.field, fault.rule)
            else:
                done.unusable += [{"line": row.line, "field": name} for name in unusable_addresses(body)]
                length = len(letter.text)
                if self.door and (len(batch) == self.door.most or size + length > self.door.most_bytes):
                    self._send(batch, rejects, done)
                    batch, size = [], 0
                    note.rows, note.sent, note.rejected = position, done.sent, done.rejected_rows
                    note.rejected_bytes, note.rejected_file = rejects.size(), rejects.name
                    if position - written >= NOTED_ROWS:
                        self._write(note)
                        written = position
                if self.door:
                    batch.append((row, letter))
                    size += length
            told(1)
        self._send(batch, rejects, done)

    @property
    def noted(self) -> Path:
        """See ``note_of``."""
        return note_of(self.source)

    def _body(self, row: Row) -> dict[str, Any]:
        if row.fault is not None:
            raise row.fault
        return self.meaning.body(row.says, typed=isinstance(self.source, Lines))

    def _send(self, batch: Sequence[tuple[Row, Letter]], rejects: "_Rejects", done: Imported) -> None:
        if not batch:
            return
        refused = self.door.send([letter for _, letter in batch]) if self.door else ()
        for one in refused:
            rejects.add(batch[one.index][0], one.field, one.reason)
        done.sent += len(batch) - len(refused)

    def _of(self) -> dict[str, Any]:
        kind = kind_of(self.source, self.name, self.target, self.meaning)
        return {**kind, "as_of": format_instant(self.as_of)}

    def _note(self, restart: bool) -> Note:
        if self.door is None or restart or not self.noted.exists():
            return Note(self._of())
        try:
            note = Note(**json.loads(self.noted.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise Unusable(f"{self.noted} cannot be read", "begin anew with --restart") from error
        of = self._of()
        if not note.rows and note.of != of:
            return Note(of)
        if note.of["file"] != of["file"]:
            raise Unusable(
                f"{self.source.path} has changed since {note.rows:,} of its rows were imported",
                "go on with the file as it was, or begin anew with --restart: what is in both counts once",
            )
        other = next((name for name in APART if note.of.get(name) != of[name]), None)
        if other is not None:
            raise Unusable(
                f"an import of {self.source.path} stopped after {note.rows:,} rows, with another {APART[other]}",
                f"start it as it was ({note.of.get(other)}), or begin anew with --restart",
            )
        return note

    def _write(self, note: Note) -> None:
        if self.door is None:
            return
        # Replaced as a whole: a process that dies leaves the old note or the new one.
        draft = self.noted.with_name(f"{self.noted.name}.new")
        draft.write_text(json.dumps(asdict(note)), encoding="utf-8")
        draft.replace(self.noted)


class _Rejects:
    """The file of rejected rows, made with the first of them, in the format of what is imported.

    One that is there already may have been mended meanwhile, so this one takes another name.
    """

    def __init__(self, source: Source, note: Note, done: Imported, kept: bool) -> None:
        self.source = source
        self.note = note
        self.done = done
        self.kept = kept
        self.path = source.path.with_name(note.rejected_file) if note.rejected_file else next(self._names(free=True))
        self.stream: Any = None

    def __enter__(self) -> "_Rejects":
        if self.kept and self.note.rejected_file:
            self.stream = self.path.open("r+", encoding="utf-8", newline="")
            self.stream.truncate(self.note.rejected_bytes)
            self.stream.seek(0, os.SEEK_END)
            self.done.rejected_file = str(self.path)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.stream is None:
            return
        self.stream.close()
        if kind is not None:
            # The rows after the note come again.
            os.truncate(self.path, self.note.rejected_bytes)
            if not self.note.rejected_bytes:
                self.path.unlink()
            return
        for name in self._names(free=False):
            if name != self.path and filecmp.cmp(name, self.path, shallow=False):
                self.path.unlink()
                self.done.rejected_file = str(name)
                return

    def _names(self, free: bool) -> Iterator[Path]:
        """FILE.rejected.csv, FILE.rejected-2.csv ...: those that are there, or from the first that is not."""
        path = self.source.path
        for number in count(1):
            name = path.with_name(f"{path.stem}.rejected{f'-{number}' if number > 1 else ''}{path.suffix}")
            if name.exists() is not free:
                yield name
            elif not free:
                return

    @property
    def name(self) -> str | None:
        """What it is called, once there is one."""
        return None if self.stream is None else self.path.name

    def size(self) -> int:
        """Its bytes so far."""
        if self.stream is None:
            return 0
        self.stream.flush()
        return os.fstat(self.stream.fileno()).st_size

    def add(self, row: Row, name: str, reason: str) -> None:
        """Keeps a row with what is wrong with it."""
        self.done.rejected_rows += 1
        self.done.rejected.append({"line": row.line, "field": name, "reason": reason})
        if not self.kept:
            return
        if self.stream is None:
            self.stream = self.path.open("w", encoding="utf-8", newline="")
            self.done.rejected_file = str(self.path)
            if isinstance(self.source, Table):
                self._cells([*TOLD, *self.source.named])
        if isinstance(self.source, Table):
            self._cells([row.line, name, reason, *row.written])
        else:
            said = row.written if isinstance(row.written, dict) else {"text": row.written}
            told = dict(zip(TOLD, (row.line, name, reason), strict=True))
            self.stream.write(json.dumps({**told, **said}, ensure_ascii=False) + "\n")

    def _cells(self, cells: Sequence[Any]) -> None:
        assert isinstance(self.source, Table)
        csv.writer(self.stream, delimiter=self.source.separator).writerow(cells)
