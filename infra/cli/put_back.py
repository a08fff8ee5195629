"""How do refused messages come back after a fix? To the door they came by, as they came."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.aws import asking, client_of
from infra.cli.numbers import many
from infra.cli.problems import Lacking, Unusable
from infra.cli.quarantined import DEPLOY, day, matching, named, printable, quarantine_of

if TYPE_CHECKING:
    from functions.capture.index import Entry
    from functions.capture.tracking_plan import TrackingPlan
    from infra.quarantine.put_back import Edits, Outcome, Replay

STAYING_TOLD = 20


def replay(
    objects: Annotated[
        list[str] | None, typer.Argument(metavar="OBJECT", help="As list names them, or their keys.")
    ] = None,
    *,
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    field: Annotated[str | None, typer.Option(help="All open messages refused for this field.")] = None,
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only received on this day or later.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is open.")] = False,
    edited: Annotated[
        Path | None,
        typer.Option("--from", metavar="EDITED.jsonl", help="Bodies to send instead: show --json, edited."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A policy.yaml whose tracking plan a dry run asks, too.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Put refused messages back, to become the events they would have been.

    Each keeps its time of receipt, its source and its trust. What is still refused comes back to quarantine by itself;
    what was put back twice counts once. --dry-run holds the messages to the rules of this checkout. With --from and no
    OBJECT only the messages of the file are put back. Examples:

    \b
    segue quarantine replay --field properties.total --dry-run --policy journeys/policy.yaml
    segue quarantine replay 3f0c9d2e41aa --from edited.jsonl
    """
    from infra.quarantine.kept import by_object
    from infra.quarantine.put_back import Replay

    edits = _edits(edited, whole=bool(objects))
    narrowed = field is not None or source is not None or since is not None
    ways = sum((bool(objects) or edited is not None, narrowed, everything))
    if ways != 1:
        raise Unusable(
            "which messages?" if not ways else "which messages? They are named in several ways, and one is wanted",
            "name objects, or --field, --source and --since, or --all, or --from FILE",
        )
    if policy is not None and not dry_run:
        raise Unusable("--policy is asked by a dry run only", "what is put back is held to the plan of the stage")
    plan = _plan(policy)
    with quarantine_of(stage) as bucket:
        if narrowed or everything:
            entries = list(matching(bucket.entries(day(since)), source, field))
        else:
            entries = named(bucket, objects or sorted({name for name, _ in edits.bodies}))
        chosen = by_object(entries)
        doing = Replay(bucket, edits)
        if dry_run:
            said = _followed(doing.judged(chosen, plan), chosen)
        else:
            number = len(edits.bodies) if edits.only else sum(entry.count for entry in entries)
            if entries and not yes:
                typer.confirm(f"Put {many(number, 'message')} back into {stage}?", abort=True, err=True)
            said = _put_back(doing, chosen, stage)
    if said.edited < len(edits.bodies):
        lost = many(len(edits.bodies) - said.edited, "message")
        typer.echo(f"{lost} of {edited} not among what is open here.", err=True)
    _tell(said, dry_run, as_json)
    if said.refused or said.stay:
        raise typer.Exit(1)


def _edits(edited: Path | None, whole: bool) -> "Edits":
    from infra.quarantine.put_back import UNCHANGED, Edits, edits_in

    if edited is None:
        return UNCHANGED
    try:
        bodies = edits_in(edited.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise Unusable(
            f"{edited}:{error}", "write it with segue quarantine show OBJECT --json, and edit body"
        ) from error
    if not bodies:
        raise Unusable(f"{edited} holds no message", "write it with segue quarantine show OBJECT --json")
    return Edits(bodies, only=not whole)


def _plan(policy: Path | None) -> "TrackingPlan":
    from functions.capture.policy import NO_PLAN
    from functions.journeys.language.faults import FaultsFound

    if policy is None:
        return NO_PLAN
    from infra.local.replay.replay import plan_of

    try:
        return plan_of(policy)
    except FaultsFound as faults:
        raise Unusable(str(faults), "segue check names every fault of a folder") from faults


def _put_back(doing: "Replay", chosen: list[list["Entry"]], stage: str) -> "Outcome":
    from functions.shared.sqs import Queue

    sqs = client_of("sqs")
    name = f"segue-{stage}-accept-bus-events"
    absent = Lacking(f"no queue {name} in {sqs.meta.region_name}", DEPLOY)
    missing = {"AWS.SimpleQueueService.NonExistentQueue": absent, "QueueDoesNotExist": absent}
    with asking(sqs, f"sqs:GetQueueUrl on {name}", missing):
        queue = Queue(sqs.get_queue_url(QueueName=name)["QueueUrl"], sqs)

    def send(field: str, items: Sequence[object]) -> None:
        with asking(sqs, f"sqs:SendMessage on {name}", missing):
            queue.send_packed(field, items)

    return _followed(doing.put_back(chosen, send), chosen)


def _followed(outcomes: Iterable["Outcome"], chosen: list[list["Entry"]]) -> "Outcome":
    """All outcomes as one, with a bar while they come."""
    from rich.console import Console
    from rich.progress import Progress

    from infra.quarantine.put_back import Outcome

    console = Console(stderr=True)
    total = Outcome()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("messages", total=sum(entry.count for entries in chosen for entry in entries))
        for entries, one in zip(chosen, outcomes, strict=True):
            total.put_back += one.put_back
            total.edited += one.edited
            total.refused += one.refused
            total.stay += one.stay
            bar.advance(task, sum(entry.count for entry in entries))
    return total


def _tell(said: "Outcome", dry_run: bool, as_json: bool) -> None:
    refused = [
        {"field": field, "rule": rule, "count": number} for (field, rule), number in sorted(said.refused.items())
    ]
    if as_json:
        stay = [{"message": name, "reason": why} for name, why in said.stay]
        told = {"messages": said.put_back, "dryRun": dry_run, "refused": refused, "stay": stay}
        typer.echo(json.dumps(told, indent=2))
        return
    if dry_run:
        accepted = said.put_back - said.refused.total()
        typer.echo(f"{accepted:,} would be taken now, {said.refused.total():,} refused; nothing was sent.")
    else:
        typer.echo(f"{said.put_back:,} put back. What is refused again comes back here: segue quarantine list")
    for one in refused:
        typer.echo(printable(f"  {one['count']:,} {one['field']}: {one['rule']}"))
    for name, why in said.stay[:STAYING_TOLD]:
        typer.echo(f"stays: {name}: {why}")
    if len(said.stay) > STAYING_TOLD:
        typer.echo(f"stays: {len(said.stay) - STAYING_TOLD:,} more")
