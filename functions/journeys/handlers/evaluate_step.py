"""Lambda: answers machines which way a split goes and when a computed wait ends, and does what steps do to people."""

from dataclasses import dataclass
from typing import Any

from functions.decisioning.api import Decisions
from functions.journeys.acts import SOURCE
from functions.journeys.api import Enrolments
from functions.journeys.common_facts import CommonFacts
from functions.journeys.evaluate import Evaluator
from functions.journeys.machines import Machines
from functions.profiles.api import Profiles
from functions.shared.bus import Bus
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings

SERVICE = "evaluate-step"


@dataclass(frozen=True, slots=True)
class EvaluateStepSettings(Settings):
    """Environment of the function."""

    enrolments_table: str
    profiles_table: str
    decisioning_table: str
    machine_prefix: str
    bus_name: str
    publication_path: str


def build(settings: EvaluateStepSettings, clock: Clock) -> Handler:
    """The time is the machine's own (``entered_at``), so the clock is not asked."""
    policy = load_publication(settings.publication_path).policy
    evaluator = Evaluator(
        enrolments=Enrolments(settings.enrolments_table),
        profiles=Profiles(settings.profiles_table, policy=policy),
        decisions=Decisions(settings.decisioning_table),
        machines=Machines(settings.machine_prefix),
        common=CommonFacts.of(policy),
        bus=Bus(settings.bus_name, SOURCE),
    )

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = evaluator.evaluate(event)
        count(SERVICE, {"evaluations": 1})
        return answer

    return handle


handler = wire(build, EvaluateStepSettings)
