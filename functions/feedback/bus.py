"""How do journeys hear of a click? Feedback puts it on the bus as an event like any other."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import boto3

from functions.shared.errors import TransientError

SOURCE = "segue.feedback"


class Bus:
    """Publishes on Segue's own event bus."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client or boto3.client("events")

    def publish(self, message: Mapping[str, Any], at: datetime) -> None:
        """One Segment message; its event name is the detail-type. Raises ``TransientError`` when the bus refuses it."""
        entry = {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": message["event"],
            "Detail": json.dumps(message, separators=(",", ":")),
            "Time": at,
        }
        if self._client.put_events(Entries=[entry])["FailedEntryCount"]:
            raise TransientError("the bus refused an event")
