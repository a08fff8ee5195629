"""Whom do these events make? A file, or the archive of a stage, through the real pipeline, in virtual time."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from infra.local.replay.replay import Replayed


class Store(StrEnum):
    """Where the rows are kept meanwhile."""

    memory = "memory"
    moto = "moto"


def replay(
    events: Annotated[Path | None, typer.Argument(metavar="EVENTS.jsonl", help="One JSON object a line.")] = None,
    *,
    from_archive: Annotated[
        bool, typer.Option("--from-archive", help="No file: what a deployed stage has archived, beside its tables.")
    ] = False,
    stage: Annotated[
        str | None, typer.Option(help="With --from-archive: the deployed stage. [default: dev]", show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --from-archive: leave out what was received before.")
    ] = None,
    memory: Annotated[
        bool, typer.Option("--memory/--tables", help="With --from-archive: rebuild here, or in tables made for it.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="With --from-archive: leave those tables standing.")] = False,
    policy: Annotated[
        Path | None, typer.Option(help="A policy.yaml; its identity, traits and tracking plan count here.")
    ] = None,
    journeys: Annotated[
        Path | None, typer.Option(help="Folder with policy.yaml and journeys, to run them too (on moto).")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Stop the clock here (RFC 3339).")] = None,
    store: Annotated[
        Store | None, typer.Option(help="memory (the default) is quick; moto is everything that deploys.")
    ] = None,
    shuffle: Annotated[
        int | None, typer.Option(metavar="SEED", help="Deliver in another order; timestamps stay.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything as JSON; two runs compare byte for byte.")
    ] = False,
) -> None:
    """Replay events and print the people, links and effects they lead to.

    Lines are Segment messages, and {"type": "reset"}, {"type": "command"}, {"type": "consent"}; see
    docs/how-to/replay-a-file.md. A line that breaks a rule is kept aside and named; it stops nothing.

    \b
    segue replay events.jsonl --json
    segue replay events.jsonl --policy journeys/policy.yaml --shuffle 7
    segue replay events.jsonl --journeys journeys --until 2026-06-01T00:00:00Z
    segue replay --from-archive --stage prod --journeys journeys

    The last one rebuilds everybody from the archive, with no effect on anybody, and says where the live tables differ:
    exit code 0 when nowhere, else 1. See docs/how-to/rebuild-from-the-archive.md.
    """
    from infra.local.quiet import errors_only
    from infra.local.replay.lines import read_lines

    if from_archive:
        from infra.cli.rebuild import Asked, rebuild_from_archive

        if events is not None or shuffle is not None or store is not None:
            raise Unusable("--from-archive reads no file", "leave out EVENTS.jsonl, --shuffle and --store")
        if memory and keep:
            raise Unusable("--memory makes no tables to keep", "leave out one of --memory and --keep")
        within = _instant(since, "--since"), _instant(until, "--until")
        rebuild_from_archive(Asked(stage or "dev", *within, memory, keep, policy, journeys), as_json)
        return
    if memory or keep or since is not None or stage is not None:
        raise Unusable("--stage, --since, --memory and --keep are of --from-archive", "write it, or leave them out")
    if events is None:
        raise Unusable("no file is named", "name EVENTS.jsonl, or write --from-archive")
    if journeys is not None and store is Store.memory:
        raise Unusable("journeys do not run in memory", "leave --store out, or write --store moto")
    if journeys is not None and policy is not None:
        raise Unusable("--journeys brings its own policy.yaml", "leave --policy out")
    if journeys is not None and not journeys.is_dir():
        raise Unusable(f"{journeys} is not a folder", "name the folder that holds policy.yaml and your journeys")
    end = _instant(until, "--until")
    lines = read_lines(events, shuffle)
    if not lines:
        raise Unusable(f"{events} holds no line", "write one JSON object a line")
    with errors_only():
        done = _done(lines, policy, journeys, end, store is Store.moto)
    if done.untold:
        typer.echo(f"{many(done.untold, 'line')} after {until} not delivered.", err=True)
    if as_json:
        typer.echo(json.dumps(done.to_json(), indent=2, sort_keys=True, ensure_ascii=True))
    else:
        _print(done)


def _instant(text: str | None, option: str) -> datetime | None:
    from functions.shared.clock import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise Unusable(f"{option} {text} is no time", "write it like 2026-03-02T10:00:00Z") from error


def _done(lines: Any, policy: Path | None, journeys: Path | None, until: datetime | None, on_moto: bool) -> "Replayed":
    from rich.console import Console
    from rich.progress import Progress

    from functions.journeys.language.faults import FaultsFound
    from infra.local.replay.replay import plan_of, publication_of, replay_in_memory, replay_on_moto, without_journeys

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("events", total=len(lines))

        def told(number: int) -> None:
            bar.advance(task, number)

        try:
            if journeys is not None:
                return replay_on_moto(lines, journeys, until, told)
            if on_moto:
                with without_journeys(policy) as folder:
                    return replay_on_moto(lines, Path(folder), until, told)
            return replay_in_memory(lines, publication_of(policy), until, told, plan_of(policy))
        except FaultsFound as faults:
            raise Unusable(str(faults), "segue check names every fault of a folder") from faults


def _print(done: "Replayed") -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    console = Console()
    said = done.to_json()
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("person", "identifiers", "events", "first seen", "last seen"):
        table.add_column(name, justify="right" if name == "events" else "left")
    for one in said["profiles"]:
        names = [f"{i['namespace']}:{i['value']}" + (" (soft)" if i["soft"] else "") for i in one["identifiers"]]
        table.add_row(
            one["profile"][:8],
            "\n".join(names) or "nobody",
            str(one["events"]),
            (one["first_seen"] or "")[:16],
            (one["last_seen"] or "")[:16],
        )
    console.print(table)
    console.print(f"{many(len(said['profiles']), 'person', 'people')}, {many(len(said['events']), 'event')}.")
    for link in said["rejected_links"]:
        console.print(f"not linked ({link['reason']}): {link['a']} and {link['b']}", markup=False)
    for (code, detail), number in sorted(Counter((one["code"], one["detail"]) for one in said["warnings"]).items()):
        console.print(f"{code}: {number} ({detail})", markup=False)
    for one in said["quarantined"]:
        console.print(f"line {one['line']}: {one['field']}: {one['reason']}", markup=False)
    if said["decisions"]:
        console.print(f"{len(said['enrolments'])} enrolments, {len(said['messages'])} messages sent.")
