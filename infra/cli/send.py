"""How do I try an event without writing an app? A file of messages, sent to an HTTP door."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from functions.shared.errors import RejectedInput
from infra.cli.http_door import HttpDoor, Refused
from infra.cli.json_line import BYTE_ORDER_MARK, read_json
from infra.cli.local import PORT, WRITE_KEY
from infra.cli.problems import Problem, Unusable

# What clients send at once; a line that is longer goes alone.
BATCH_BYTES, BATCH_LINES = 500_000, 1_000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, without what stands around its JSON."""

    number: int
    text: bytes


@dataclass(slots=True)
class Sent:
    """What became of the lines; ``rejected`` as ``--json`` prints it."""

    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, line: Line, name: str, reason: str, message_id: str | None = None) -> None:
        """Keeps why a line was not accepted."""
        self.rejected.append({"line": line.number, "messageId": message_id, "field": name, "reason": reason})


def send(
    file: Annotated[str, typer.Argument(metavar="FILE.jsonl", help="One Segment message a line; - reads from a pipe.")],
    *,
    to: Annotated[str, typer.Option(metavar="URL", help="The door.")] = f"http://127.0.0.1:{PORT}",
    write_key: Annotated[
        str, typer.Option(metavar="KEY", envvar="SEGUE_WRITE_KEY", help="Who sends; of `segue local` it is dev.")
    ] = WRITE_KEY,
    as_json: Annotated[bool, typer.Option("--json", help="What became of it as JSON.")] = False,
) -> None:
    """Send a file of messages to an HTTP door, by default that of `segue local`.

    Messages go as they are, in gzipped batches. Prints each line that was not accepted, with the field and the rule it
    breaks; exit code 1 when there is one. Sending a file again is safe: a message counts once. Example:

    \b
    segue send events.jsonl
    echo '{"type": "track", "event": "App Opened", "userId": "u1"}' | segue send -
    """
    door = HttpDoor(to, write_key)
    sent = Sent()
    try:
        with _opened(file) as (stream, size), _progress(size) as told:
            _send_all(_lines(stream, told), door, sent)
    except Problem:
        if sent.accepted or sent.rejected:
            _report(file, sent, as_json)
        raise
    if not sent.accepted and not sent.rejected:
        raise Unusable(f"{file} holds no line", "write one JSON object a line")
    _report(file, sent, as_json)
    raise typer.Exit(bool(sent.rejected))


def _report(file: str, sent: Sent, as_json: bool) -> None:
    sent.rejected.sort(key=lambda one: one["line"])
    if as_json:
        typer.echo(json.dumps({"accepted": sent.accepted, "rejected": sent.rejected}, indent=2))
        return
    for one in sent.rejected:
        typer.echo(f"{file}:{one['line']}: {one['field']}: {one['reason']}")
    typer.echo(f"{sent.accepted:,} accepted, {len(sent.rejected):,} rejected.")


def _send_all(lines: Iterator[Line], door: HttpDoor, sent: Sent) -> None:
    batch: list[Line] = []
    size = 0
    for line in lines:
        try:
            read_json(line.text)
        except RejectedInput as fault:
            sent.reject(line, fault.field, f"{fault.rule}, so it was not sent")
            continue
        if batch and (size + len(line.text) > BATCH_BYTES or len(batch) == BATCH_LINES):
            _send_batch(batch, door, sent)
            batch, size = [], 0
        batch.append(line)
        size += len(line.text)
    if batch:
        _send_batch(batch, door, sent)


def _send_batch(batch: Sequence[Line], door: HttpDoor, sent: Sent) -> None:
    """Sends a batch; of one that is refused whole, halves, until the lines that spoil it are alone."""
    try:
        told = door.send([line.text for line in batch])
    except Refused as refused:
        if len(batch) == 1:
            sent.reject(batch[0], refused.field, refused.rule)
            return
        half = len(batch) // 2
        _send_batch(batch[:half], door, sent)
        _send_batch(batch[half:], door, sent)
        return
    sent.accepted += told.accepted
    for one in told.rejected:
        sent.reject(batch[one["index"]], one["field"], one["reason"], one.get("messageId"))


def _lines(stream: BinaryIO, told: Progress) -> Iterator[Line]:
    for number, raw in enumerate(stream, start=1):
        told(len(raw))
        text = (raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw).strip()
        if text:
            yield Line(number, text)


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file's bytes and how many there are; of standard input nobody knows."""
    if file == "-":
        if sys.stdin.isatty():
            typer.echo("Reading messages from the terminal, one a line; Ctrl-D ends.", err=True)
        yield sys.stdin.buffer, None
        return
    with Path(file).open("rb") as stream:
        yield stream, os.fstat(stream.fileno()).st_size


@contextmanager
def _progress(size: int | None) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=size is None or not console.is_terminal) as bars:
        task = bars.add_task("sending", total=size)
        yield lambda number: bars.advance(task, number)
