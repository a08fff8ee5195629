"""Lambda: closes runs whose executions failed, timed out or were stopped by hand."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.journeys.api import Enrolments
from functions.journeys.close_enrolments import close_enrolment
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings

SERVICE = "close-enrolments"


@dataclass(frozen=True, slots=True)
class CloseEnrolmentsSettings(Settings):
    """Environment of the function."""

    enrolments_table: str


def build(settings: CloseEnrolmentsSettings, clock: Clock) -> Handler:
    """Builds the handler on the enrolments table."""
    enrolments = Enrolments(settings.enrolments_table)

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        closed = Counter({"closed": 0})

        def close(body: Any) -> None:
            closed.update(closed=close_enrolment(body, enrolments, _input_of))

        answer = each_record(event, close, SERVICE)
        count(SERVICE, closed)
        return answer

    return handle


def _input_of(execution: str) -> Mapping[str, Any]:
    # Rarely asked, so it costs no start of this function anything.
    from functions.journeys.machines import Machines

    return Machines().input_of(execution)


handler = wire(build, CloseEnrolmentsSettings)
