"""How does anybody hear that a person entered or left an audience? As an event of theirs, on the bus like any other."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared import aws
from functions.shared.bus import ENTRIES
from functions.shared.errors import TransientError

SOURCE = "segue.audiences"


class AudienceBus:
    """Publishes on Segue's own event bus."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client

    def publish(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Segment messages, ten a request; raises ``TransientError`` when the bus refuses one."""
        # Made when there is something to tell: most looks move nobody.
        client = self._client or aws.client("events")
        for start in range(0, len(messages), ENTRIES):
            entries = [
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": one["event"],
                    "Detail": json.dumps(one, separators=(",", ":")),
                }
                for one in messages[start : start + ENTRIES]
            ]
            answer = client.put_events(Entries=entries)
            if answer["FailedEntryCount"]:
                raise TransientError(f"the bus refused {answer['FailedEntryCount']} of {len(entries)} events")
