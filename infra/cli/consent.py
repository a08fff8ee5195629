"""How do I record what a person wants? A consent event on a deployed stage's bus."""

import json
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from functions.shared.clock import format_instant
from infra.cli.problems import Lacking, Unusable


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
    region = _put(name, detail)
    typer.echo(f"{state.value}: {topic} by {channel.value} for {user_id}")
    typer.echo(f"put on {name} in {region} as {message_id}")


def _put(bus: str, detail: dict[str, Any]) -> str:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    try:
        client = boto3.client("events")
        entry = {"Source": "segue.cli", "DetailType": "consent", "Detail": json.dumps(detail), "EventBusName": bus}
        answer = client.put_events(Entries=[entry])
    except NoRegionError as error:
        raise Lacking("no AWS region is set", "set AWS_REGION, or a region in your AWS profile") from error
    except NoCredentialsError as error:
        raise Lacking("no AWS credentials found", "run `aws configure`, or set AWS_PROFILE") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            raise Lacking(
                f"no event bus {bus} in {client.meta.region_name}",
                "deploy the stage first (npx aws-cdk@2 deploy --all), or name the bus with --bus",
            ) from error
        raise Lacking(
            f"EventBridge refused: {code}", "check that your AWS identity may call events:PutEvents"
        ) from error
    except BotoCoreError as error:
        raise Lacking(f"EventBridge could not be reached: {error}", "check the network and the region") from error
    if answer["FailedEntryCount"]:
        code = answer["Entries"][0]["ErrorCode"]
        raise Lacking(f"EventBridge took no event: {code}", "try again; the consent was not recorded")
    return str(client.meta.region_name)
