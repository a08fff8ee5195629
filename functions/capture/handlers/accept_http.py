"""Function URL -> identity queue: the door for Segment-compatible clients."""

from dataclasses import dataclass
from typing import Any

from functions.capture.http_door import HttpDoor
from functions.capture.secrets import WriteKeys
from functions.capture.sqs import prompt_intake
from functions.capture.tracking_plan import load_tracking_plan
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class AcceptHttpSettings(Settings):
    """Environment of this function."""

    identity_queue_url: str
    quarantine_queue_url: str
    claims_bucket: str
    write_keys_secret: str
    tracking_plan_path: str


def build(settings: AcceptHttpSettings, clock: Clock) -> Handler:
    """Keys are read at the first request, when one is unknown, and every five minutes."""
    door = HttpDoor(
        keys=WriteKeys(settings.write_keys_secret, clock),
        intake=prompt_intake(settings.identity_queue_url, settings.quarantine_queue_url, settings.claims_bucket),
        clock=clock,
        plan=load_tracking_plan(settings.tracking_plan_path),
    )

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return door.answer(event)

    return handle


handler = wire(build, AcceptHttpSettings)
