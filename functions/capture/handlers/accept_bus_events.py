"""SQS <- bus rule -> identity queue: the door for PutEvents."""

from dataclasses import dataclass
from typing import Any

from functions.capture.bus_door import BusDoor
from functions.capture.sqs import Intake
from functions.capture.tracking_plan import load_tracking_plan
from functions.shared.bucket import Bucket
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.settings import Settings
from functions.shared.sqs import Queue


@dataclass(frozen=True, slots=True)
class AcceptBusEventsSettings(Settings):
    """Environment of this function."""

    identity_queue_url: str
    quarantine_queue_url: str
    claims_bucket: str
    tracking_plan_path: str


def build(settings: AcceptBusEventsSettings, clock: Clock) -> Handler:
    """The door holds no state of its own."""
    queues = Queue(settings.identity_queue_url), Queue(settings.quarantine_queue_url)
    door = BusDoor(Intake(*queues, Bucket(settings.claims_bucket)), load_tracking_plan(settings.tracking_plan_path))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return door.take(event)

    return handle


handler = wire(build, AcceptBusEventsSettings)
