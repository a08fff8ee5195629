"""Do the live tables say what the archive says? A rebuild into tables of its own, and the difference."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.numbers import many
from infra.cli.problems import Lacking, Unusable

if TYPE_CHECKING:
    from functions.shared.publication import Publication
    from infra.local.replay.archive import Archived
    from infra.local.replay.difference import Difference
    from infra.local.replay.from_archive import Deployed

SHOWN = 5
TITLES = {
    "only_live": "only in the live tables",
    "only_rebuilt": "only in the rebuild",
    "other_identifiers": "other identifiers",
    "other_traits": "other traits or addresses",
    "other_counts": "other counts or times",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    stage: str
    since: datetime | None
    until: datetime | None
    in_memory: bool
    keep: bool
    policy: Path | None
    journeys: Path | None


def rebuild_from_archive(asked: Asked, as_json: bool) -> None:
    """Prints the difference; exit code 1 when there is one."""
    from infra.local.quiet import errors_only

    with errors_only(), _aws():
        said, difference = _rebuilt(asked)
    if as_json:
        typer.echo(json.dumps(said, indent=2, sort_keys=True))
    else:
        _print(said, difference)
    if not difference.equal:
        raise typer.Exit(1)


def _rebuilt(asked: Asked) -> tuple[dict[str, Any], "Difference"]:
    from infra.local.replay import from_archive

    deployed = _deployed(asked)
    with ExitStack() as stack:
        archived = _read(deployed, asked.since)
        events = archived.events(asked.since, asked.until)
        if asked.in_memory:
            shadow = from_archive.in_memory()
        else:
            name = uuid.uuid4().hex[:8]
            shadow = stack.enter_context(from_archive.shadow_tables(deployed.tables, name, asked.keep))
        with _bar("events", len(events)) as told:
            from_archive.rebuild(deployed, shadow, events, told)
        difference = from_archive.compared(deployed, shadow, datetime.now(UTC))
        if asked.keep:
            from_archive.complete(deployed, shadow)
    said = {
        "archive": {**archived.to_json(), "told": len(events)},
        "kept": list(shadow.tables) if asked.keep else [],
        **difference.to_json(),
    }
    return said, difference


def _read(deployed: "Deployed", since: datetime | None) -> "Archived":
    bucket = deployed.archive()
    objects = bucket.objects(since)
    with _bar("objects", len(objects)) as told:
        return bucket.read(objects, told)


def _deployed(asked: Asked) -> "Deployed":
    import boto3

    from functions.identity.secrets import deployment_key
    from infra.local.replay.from_archive import Deployed

    publication = _publication(asked)
    sts = boto3.client("sts")
    account, region = sts.get_caller_identity()["Account"], sts.meta.region_name
    bucket = f"segue-{asked.stage}-archive-{account}-{region}"
    return Deployed(asked.stage, deployment_key(f"segue-{asked.stage}/deployment-key"), publication, bucket)


def _publication(asked: Asked) -> "Publication":
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.language.publication import publish
    from infra.local.replay.replay import publication_of

    try:
        return publication_of(asked.policy) if asked.journeys is None else publish(asked.journeys)[0]
    except FaultsFound as faults:
        raise Unusable(str(faults), "segue check names every fault of a folder") from faults


@contextmanager
def _aws() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.errors import TransientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("NoSuchBucket", "ResourceNotFoundException"):
            fix = "deploy the stage first (npx aws-cdk@2 deploy --all), or name another with --stage"
            raise Lacking(f"the stage has no archive here: {code}", fix) from error
        raise Lacking(
            f"AWS refused {error.operation_name}: {code}",
            "reading takes s3:ListBucket, s3:GetObject, dynamodb:Scan and the deployment key; --memory makes no tables",
        ) from error
    except TransientError as error:
        raise Lacking(str(error), "does the stage exist, and may your AWS identity read its tables?") from error
    except BotoCoreError as error:
        raise Lacking(f"no AWS account: {error}", "set AWS_PROFILE and AWS_REGION") from error


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda number: bar.advance(task, number)


def _print(said: dict[str, Any], difference: "Difference") -> None:
    archive = said["archive"]
    typer.echo(
        f"{many(archive['objects'], 'object')}, {many(archive['lines'], 'line')}: {many(archive['events'], 'event')}, "
        f"{many(archive['copies'], 'copy', 'copies')}, {many(archive['conflicts'], 'conflict')}, "
        f"{archive['erased']:,} erased."
    )
    for place in archive["damaged"]:
        typer.echo(f"damaged: {place}")
    typer.echo(f"{many(archive['told'], 'event')} told to empty tables.")
    typer.echo(f"{many(difference.live, 'person', 'people')} live, {difference.rebuilt:,} rebuilt.")
    for kind, title in TITLES.items():
        found = getattr(difference, kind)
        if found:
            typer.echo(f"{title}: {len(found)}")
        for one in found[:SHOWN]:
            typer.echo(f"  {', '.join(one['identifiers'])}")
            for name in sorted(one.get("live", {})):
                typer.echo(f"    {name}: {_said(one['live'][name])} live, {_said(one['rebuilt'][name])} rebuilt")
        if len(found) > SHOWN:
            typer.echo(f"  and {len(found) - SHOWN} more; --json lists all")
    if difference.equal:
        typer.echo("The live tables say what the archive says.")
    for table in said["kept"]:
        typer.echo(f"kept: {table}")


def _said(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
