"""How does a command tell a deployed stage something? It puts one event on the stage's bus."""

import json
from typing import Any

from infra.cli.problems import Lacking


def put(bus: str, detail: dict[str, Any]) -> str:
    """Puts an event of a message's type on a bus; answers the region. Raises ``Lacking`` when it was not taken."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    try:
        client = boto3.client("events")
        entry = {"Source": "segue.cli", "DetailType": detail["type"], "Detail": json.dumps(detail), "EventBusName": bus}
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
        raise Lacking(f"EventBridge took no event: {code}", f"try again; the {detail['type']} was not recorded")
    return str(client.meta.region_name)
