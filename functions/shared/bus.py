"""Who hears what became of messages and people? Whoever listens on the bus for notices."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared import aws
from functions.shared.errors import TransientError

SOURCE = "segue.notice"
ENTRIES = 10


class NoticeBus:
    """Publishes notices. Capture's own rule leaves their source out, so they never come back in."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client

    def publish(self, detail_type: str, details: Sequence[Mapping[str, Any]]) -> None:
        """Ten notices a request; raises ``TransientError`` when the bus refuses one."""
        # Made when there is something to tell: most deliveries merge nobody.
        client = self._client or aws.client("events")
        for start in range(0, len(details), ENTRIES):
            entries = [
                {
                    "Source": SOURCE,
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                    "EventBusName": self._name,
                }
                for detail in details[start : start + ENTRIES]
            ]
            answer = client.put_events(Entries=entries)
            if answer["FailedEntryCount"]:
                raise TransientError(f"bus refused {answer['FailedEntryCount']} of {len(entries)} notices")
