"""How does a capability tell what happened? As events on Segue's bus, as few requests as their number allows."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import aws
from functions.shared.errors import TransientError
from functions.shared.sqs import encode, pack

# What became of messages and people. Capture's own rule leaves this source out, so notices never come back in.
NOTICES = "segue.notice"
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
# Of its 1 MiB a request the packing leaves more than ten sources, names and times take.
ENTRIES = 10
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class BusEvent:
    """``name`` is its detail-type; ``at`` when it happened, None = when the bus takes it."""

    name: str
    detail: Mapping[str, Any]
    at: datetime | None = None


class Bus:
    """Publishes what one ``source`` says. ``pause`` waits so many seconds (tests pass a fake)."""

    def __init__(self, name: str, source: str, client: Any = None, pause: Callable[[float], None] = time.sleep) -> None:
        self._name = name
        self._source = source
        self._client = client
        self._pause = pause

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Returns once the bus has all, put in their order; raises ``TransientError`` when it keeps refusing one
        or cannot be reached.

        Whoever publishes again after that tells some of them twice.
        """
        told = iter(events)
        for details in pack([encode(one.detail) for one in events], most=ENTRIES):
            self._put([self._entry(next(told), detail) for detail in details])

    def _entry(self, event: BusEvent, detail: str) -> dict[str, Any]:
        entry = {"EventBusName": self._name, "Source": self._source, "DetailType": event.name, "Detail": detail}
        return entry if event.at is None else {**entry, "Time": event.at}

    def _put(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """A busy bus takes some entries and refuses others: only those are put again."""
        # Made when there is something to tell: most deliveries merge nobody, and most looks move nobody.
        client = self._client or aws.client("events")
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
            try:
                answer = client.put_events(Entries=entries)
            except (BotoCoreError, ClientError) as error:
                code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
                raise TransientError(f"the bus took none of {len(entries)} events: {code}") from error
            if not answer["FailedEntryCount"]:
                return
            codes = [one.get("ErrorCode") for one in answer["Entries"]]
            entries = [entry for entry, code in zip(entries, codes, strict=True) if code is not None]
        refused = ", ".join(sorted({code for code in codes if code is not None}))
        raise TransientError(f"the bus refused {len(entries)} events: {refused}")
