"""How does an operator say who is one and who is not? Commands on a deployed stage's bus."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import typer

from functions.shared.clock import format_instant
from infra.cli.bus import put
from infra.cli.identifiers import identifier
from infra.cli.problems import Unusable

One: TypeAlias = Annotated[str, typer.Argument(metavar="A", help="namespace:value, like customer_id:u-17.")]
Other: TypeAlias = Annotated[str, typer.Argument(metavar="B", help="namespace:value, like email:ann@example.com.")]
Stage: TypeAlias = Annotated[str, typer.Option(help="The deployed stage.")]
Bus: TypeAlias = Annotated[str | None, typer.Option(help="Event bus, when it is not segue-STAGE.")]


def link(a: One, b: Other, *, stage: Stage = "dev", bus: Bus = None) -> None:
    """Say that two identifiers are one person, against limits and whatever events say.

    Undo: segue identity clear A B. Example:

    segue identity link customer_id:u-17 email:ann@example.com
    """
    _say("link", a, b, stage, bus)


def cut(a: One, b: Other, *, stage: Stage = "dev", bus: Bus = None) -> None:
    """Say that two identifiers are never one person, now and whatever events say later.

    Each keeps what its own events brought. Undo: segue identity clear A B. Example:

    segue identity cut customer_id:u-17 phone:+358401234567
    """
    _say("cut", a, b, stage, bus)


def clear(a: One, b: Other, *, stage: Stage = "dev", bus: Bus = None) -> None:
    """Take back a link or a cut of two identifiers: events decide again.

    segue identity clear customer_id:u-17 phone:+358401234567
    """
    _say("clear", a, b, stage, bus)


def unmerge(a: One, b: Other, *, stage: Stage = "dev", bus: Bus = None) -> None:
    """Undo the merge that made one person of two: both live again under their old ids, each with its own events.

    A and B are any identifiers of the two sides; segue identity show names them. Example:

    segue identity unmerge customer_id:u-17 anonymous_id:81
    """
    _say("unmerge", a, b, stage, bus)


def _say(verb: str, a: str, b: str, stage: str, bus: str | None) -> None:
    ends = [identifier(text) for text in (a, b)]
    if ends[0] == ends[1]:
        raise Unusable(f"{a} is one identifier", "name two different ones")
    name = bus or f"segue-{stage}"
    detail = {
        "type": "command",
        "messageId": str(uuid.uuid4()),
        "timestamp": format_instant(datetime.now(UTC)),
        "command": verb,
        **{end: {"type": namespace, "id": value} for end, (namespace, value) in zip("ab", ends, strict=True)},
    }
    region = put(name, detail)
    typer.echo(f"{verb}: {a} and {b}")
    typer.echo(f"put on {name} in {region} as {detail['messageId']}")
    typer.echo(f"segue identity show {a} --stage {stage} tells what became of it.")
