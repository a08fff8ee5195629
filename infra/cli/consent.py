"""How do I record what a person wants? A consent event on a deployed stage's bus."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from functions.shared.clock import format_instant
from infra.cli.bus import put
from infra.cli.problems import Unusable


class ConsentChannel(StrEnum):
    """The channels that a preference can be about."""

    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"


class ConsentChoice(StrEnum):
    """What the person said."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


def consent(
    user_id: Annotated[str, typer.Argument(metavar="USER_ID", help="The person's id as your app sends it (userId).")],
    state: Annotated[ConsentChoice, typer.Argument(metavar="granted|withdrawn", help="What the person chose.")],
    *,
    topic: Annotated[str, typer.Option(help="A topic of policy.yaml.")],
    channel: Annotated[ConsentChannel, typer.Option(help="The channel it is about.")],
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    bus: Annotated[str | None, typer.Option(help="Event bus, when it is not segue-STAGE.")] = None,
) -> None:
    """Record a person's consent in a deployed stage.

    Puts one consent event on the stage's bus; it holds for the next message that is about to be sent. Example:

    segue consent u-17 --topic offers --channel email withdrawn
    """
    if not user_id.strip() or not topic.strip():
        raise Unusable("USER_ID and --topic must not be empty", "segue consent --help shows an example")
    name = bus or f"segue-{stage}"
    message_id = str(uuid.uuid4())
    detail = {
        "type": "consent",
        "messageId": message_id,
        "timestamp": format_instant(datetime.now(UTC)),
        "userId": user_id,
        "topic": topic,
        "channel": channel.value,
        "state": state.value,
        "source": "segue consent",
    }
    region = put(name, detail)
    typer.echo(f"{state.value}: {topic} by {channel.value} for {user_id}")
    typer.echo(f"put on {name} in {region} as {message_id}")
