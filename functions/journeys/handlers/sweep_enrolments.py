"""Lambda: every quarter of an hour has those runs started whose row stands and whose execution does not."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.journeys.api import Enrolments
from functions.journeys.sweep import sweep
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings
from functions.shared.sqs import Queue

SERVICE = "sweep-enrolments"


@dataclass(frozen=True, slots=True)
class SweepEnrolmentsSettings(Settings):
    """Environment of the function."""

    enrolments_table: str
    journeys_queue_url: str


def build(settings: SweepEnrolmentsSettings, clock: Clock) -> Handler:
    """The message only says that it is time; what is stuck stands in the table."""
    enrolments = Enrolments(settings.enrolments_table)
    queue = Queue(settings.journeys_queue_url)

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        done: Counter[str] = Counter({"starts_swept": 0})
        answer = each_record(event, lambda _: done.update(starts_swept=sweep(enrolments, queue, clock())), SERVICE)
        count(SERVICE, done)
        return answer

    return handle


handler = wire(build, SweepEnrolmentsSettings)
