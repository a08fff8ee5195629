"""Which messages were refused, and why? The commands of ``segue quarantine``."""

import json
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable
from infra.cli.put_back import replay
from infra.cli.quarantined import day, matching, named, printable, quarantine_of

if TYPE_CHECKING:
    from functions.capture.index import Entry
    from infra.quarantine.kept import Kept

LINES_SHOWN = 40
CHARACTERS_SHOWN = 4_000

Stage: TypeAlias = Annotated[str, typer.Option(help="The deployed stage.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For machines.")]

quarantine = typer.Typer(
    help="Messages that were refused: which, why, and back again after a fix.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@quarantine.callback()
def commands() -> None:
    """Messages that were refused: which, why, and back again after a fix."""


@quarantine.command("list")
def listed(
    *,
    stage: Stage = "dev",
    days: Annotated[int, typer.Option(min=1, help="How many days back.")] = 7,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="From this day on, instead of --days.")] = None,
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    field: Annotated[str | None, typer.Option(help="Only where this field broke a rule.")] = None,
    replayed: Annotated[bool, typer.Option("--replayed", help="What was put back, instead of what is open.")] = False,
    as_json: Json = False,
) -> None:
    """List what is in quarantine, by day, source, field and rule.

    Reads only the names of objects, so it tells nothing a message said; days are those of receipt, in UTC. Examples:

    \b
    segue quarantine list
    segue quarantine list --since 2026-03-01 --source shop --field properties.total
    """
    from functions.shared.clock import system_clock

    first = day(since) or (system_clock() - timedelta(days=days - 1)).date()
    with quarantine_of(stage) as bucket:
        entries = list(matching(bucket.entries(first, put_back=replayed), source, field))
    if as_json:
        typer.echo(json.dumps([_said(entry) for entry in entries], indent=2))
    elif entries:
        _table(entries)
    else:
        typer.echo(_nothing(first, replayed, source is not None or field is not None))


@quarantine.command()
def show(
    object_: Annotated[str, typer.Argument(metavar="OBJECT", help="As list names it, or its key in the bucket.")],
    *,
    stage: Stage = "dev",
    replayed: Annotated[bool, typer.Option("--replayed", help="One that was put back.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Bodies whole, however long.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One message a line, bodies whole; replay --from reads it.")
    ] = False,
) -> None:
    """Show the messages of an object, each with the reason it was refused.

    This prints what callers sent, personal data included, to your terminal. Examples:

    \b
    segue quarantine show 3f0c9d2e41aa
    segue quarantine show 3f0c9d2e41aa --json > edited.jsonl
    """
    from infra.quarantine.kept import Expired

    with quarantine_of(stage) as bucket:
        entries = named(bucket, [object_], put_back=replayed)
        try:
            messages = bucket.messages(entries)
        except Expired as error:
            raise Unusable(f"{error} is no longer kept", "rejected messages are kept for 90 days") from error
    for kept in messages:
        if as_json:
            typer.echo(json.dumps(_message(kept)))
        else:
            _print(kept, full)


quarantine.command()(replay)


def _said(entry: "Entry") -> dict[str, Any]:
    from functions.capture.index import object_key

    names = ("source", "field", "rule", "count", "object")
    said = {name: getattr(entry, name) for name in names}
    return {"day": entry.day.replace("/", "-"), **said, "key": object_key(entry.day, entry.object)}


def _table(entries: list["Entry"]) -> None:
    from rich.console import Console
    from rich.table import Table

    rows: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        rows[entry.day.replace("/", "-"), entry.source, entry.field, entry.rule].append(entry)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("day", "source", "field", "rule", "count", "object"):
        table.add_column(name, justify="right" if name == "count" else "left", overflow="fold")
    for said, alike in rows.items():
        more = f" and {len(alike) - 1:,} more" if len(alike) > 1 else ""
        table.add_row(*said, f"{sum(one.count for one in alike):,}", alike[0].object[:12] + more)
    console = Console(markup=False, highlight=False)
    console.print(table)
    objects = len({entry.object for entry in entries})
    console.print(f"{many(sum(entry.count for entry in entries), 'message')} in {many(objects, 'object')}")


def _nothing(first: date, replayed: bool, narrowed: bool) -> str:
    what = "Nothing was put back" if replayed else "Nothing is in quarantine"
    return f"{what} since {first}{' that matches' if narrowed else ''}."


def _message(kept: "Kept") -> dict[str, Any]:
    names = ("source", "field", "rule", "messageId", "receivedAt")
    said = {name: kept.line.get(name) for name in names}
    missing = {"missing": list(kept.missing)} if kept.missing else {}
    return {"object": kept.object, "line": kept.number, **said, **missing, "body": _body(kept)}


def _body(kept: "Kept") -> Any:
    """The message as an object, to be read and edited; the text itself where it is none, or says what JSON cannot."""
    text = kept.line["body"]
    try:
        said = json.loads(text)
        json.dumps(said, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return said if isinstance(said, dict) and not kept.line.get("unread") else text


def _print(kept: "Kept", full: bool) -> None:
    line, body = kept.line, _body(kept)
    typer.echo(printable(f"{kept.name}, received {line['receivedAt']} from {line['source']}"))
    typer.echo(printable(f"{line['field']}: {line['rule']}"))
    text = printable(body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False))
    short = "\n".join(text.splitlines()[:LINES_SHOWN])[:CHARACTERS_SHOWN]
    typer.echo(text if full else short)
    if not full and len(short) < len(text):
        typer.echo(f"... {many(len(text) - len(short), 'more character')}; --full shows them")
    if kept.missing:
        typer.echo(f"parts of the body that have not arrived: {', '.join(map(str, kept.missing))}")
    typer.echo()
