"""How does somebody at the terminal hear of a message that was refused? By the notice that tells of it, as on AWS."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from functions.shared.clock import Clock
from infra.local.requests import Observer, Request

REJECTED = "event.rejected"


class Refusals(Observer):
    """Logs a line for each source, field and rule that something was refused for: never what a message said."""

    def __init__(self, clock: Clock, log: Callable[[str], None]) -> None:
        self._clock = clock
        self._log = log

    def after(self, request: Request) -> None:
        """An observer of each request to AWS."""
        if request.name == "events.PutEvents" and request.actor == "quarantine-events":
            for told in _notices(request.params):
                self._log(_line(self._clock(), told))


def _notices(params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in json.loads(params["body"])["Entries"]:
        if entry["DetailType"] == REJECTED:
            yield json.loads(entry["Detail"])


def _line(at: datetime, told: Mapping[str, Any]) -> str:
    # Whoever names a source or a field must not command the terminal.
    said = f"quarantined {told['count']} of {told['source']}: {told['field']}: {told['rule']}"
    return f"{at.astimezone():%H:%M:%S} {said.encode('unicode_escape').decode()}"
