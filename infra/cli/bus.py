"""How does a command tell a deployed stage something? It puts one event on the stage's bus."""

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from infra.cli.aws import asking, client_of
from infra.cli.problems import Lacking

if TYPE_CHECKING:
    from infra.imports.messages import Letter
    from infra.imports.run import Refusal

# PutEvents takes 10 entries and 1 MB at once; what else an entry says counts, so some room stays.
ENTRIES, ENTRIES_BYTES = 10, 990_000
# What EventBridge says of an entry that it may take later.
LATER = frozenset({"ThrottlingException", "InternalFailure", "InternalException", "ServiceUnavailableException"})
ATTEMPTS = 8
# Not one of our own sources (segue.*): those are the functions' alone.
OPERATORS = "operators"
LONGEST_PAUSE = 20.0


class BusDoor:
    """A stage's bus for many messages, from one source."""

    most, most_bytes = ENTRIES, ENTRIES_BYTES

    def __init__(self, bus: str, source: str, client: Any = None, pause: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._source = source
        self._pause = pause
        self._client = client or client_of("events")

    def send(self, letters: Sequence["Letter"]) -> "Sequence[Refusal]":
        """Puts messages, those that were throttled again, with full jitter; answers which EventBridge refuses.

        Raises ``Lacking`` when the bus is not there, or takes nothing for minutes.
        """
        from infra.imports.run import Refusal

        refused: list[Refusal] = []
        waiting = list(range(len(letters)))
        code = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(random.uniform(0, min(LONGEST_PAUSE, 0.2 * 2**attempt)))
            answers = self._put([letters[index] for index in waiting])
            failed = [
                (index, one["ErrorCode"]) for index, one in zip(waiting, answers, strict=True) if "ErrorCode" in one
            ]
            refused += [Refusal(index, "message", f"EventBridge: {why}") for index, why in failed if why not in LATER]
            waiting = [index for index, why in failed if why in LATER]
            if not waiting:
                return refused
            code = dict(failed)[waiting[0]]
        raise Lacking(f"EventBridge takes nothing now: {code}", "start it again later: it goes on where it stopped")

    def _put(self, letters: Sequence["Letter"]) -> Sequence[dict[str, Any]]:
        entries = [
            {"Source": self._source, "DetailType": one.kind, "Detail": one.text, "EventBusName": self._bus}
            for one in letters
        ]
        with asking(self._client, "events:PutEvents", {"ResourceNotFoundException": _absent(self._client, self._bus)}):
            answer = self._client.put_events(Entries=entries)
        return list(answer["Entries"])


def put(bus: str, detail: dict[str, Any]) -> str:
    """Puts an event of a message's type on a bus; answers the region. Raises ``Lacking`` when it was not taken."""
    client = client_of("events")
    region = str(client.meta.region_name)
    entry = {"Source": OPERATORS, "DetailType": detail["type"], "Detail": json.dumps(detail), "EventBusName": bus}
    with asking(client, "events:PutEvents", {"ResourceNotFoundException": _absent(client, bus)}):
        answer = client.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        code = answer["Entries"][0]["ErrorCode"]
        raise Lacking(f"EventBridge took no event: {code}", f"try again; the {detail['type']} was not recorded")
    return region


def _absent(client: Any, bus: str) -> Lacking:
    return Lacking(
        f"no event bus {bus} in {client.meta.region_name}",
        "deploy the stage first (npx aws-cdk@2 deploy --all), or name the bus with --bus",
    )
