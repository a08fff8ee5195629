"""How does a command tell a deployed stage something? It puts one event on the stage's bus."""

import json
from typing import Any

from infra.cli.aws import asking, client_of
from infra.cli.problems import Lacking


def put(bus: str, detail: dict[str, Any]) -> str:
    """Puts an event of a message's type on a bus; answers the region. Raises ``Lacking`` when it was not taken."""
    client = client_of("events")
    region = str(client.meta.region_name)
    absent = Lacking(
        f"no event bus {bus} in {region}",
        "deploy the stage first (npx aws-cdk@2 deploy --all), or name the bus with --bus",
    )
    entry = {"Source": "segue.cli", "DetailType": detail["type"], "Detail": json.dumps(detail), "EventBusName": bus}
    with asking(client, "events:PutEvents", {"ResourceNotFoundException": absent}):
        answer = client.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        code = answer["Entries"][0]["ErrorCode"]
        raise Lacking(f"EventBridge took no event: {code}", f"try again; the {detail['type']} was not recorded")
    return region
