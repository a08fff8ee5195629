"""SQS quarantine -> bucket and an ``event.rejected`` notice."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.capture.quarantine import SERVICE, Quarantine
from functions.shared.batch import each_record
from functions.shared.bucket import Bucket
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class QuarantineEventsSettings(Settings):
    """Environment of this function."""

    quarantine_bucket: str
    bus_name: str


def build(settings: QuarantineEventsSettings, clock: Clock) -> Handler:
    """Records are independent here: one that fails comes back alone."""
    quarantine = Quarantine(Bucket(settings.quarantine_bucket), Bus(settings.bus_name, NOTICES))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        kept: Counter[str] = Counter(quarantined=0)
        answer = each_record(event, lambda body: kept.update(quarantined=quarantine.keep(body)), SERVICE)
        count(SERVICE, kept)
        return answer

    return handle


handler = wire(build, QuarantineEventsSettings)
