"""Lambda: keeps the task token of a step that waits for an event or the end of a pause, or answers it at once."""

from dataclasses import dataclass
from typing import Any

from functions.journeys.api import Enrolments, Switches
from functions.journeys.common_facts import CommonFacts
from functions.journeys.machines import Machines
from functions.journeys.register_wait import WaitRegistrar
from functions.profiles.api import Profiles
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings
from functions.shared.store import DynamoRows

SERVICE = "register-wait"


@dataclass(frozen=True, slots=True)
class RegisterWaitSettings(Settings):
    """Environment of the function."""

    enrolments_table: str
    profiles_table: str
    machine_prefix: str
    publication_path: str


def build(settings: RegisterWaitSettings, clock: Clock) -> Handler:
    """The time of a wait is the machine's own (``entered_at``); the clock tells how old the switches are."""
    rows = DynamoRows()
    policy = load_publication(settings.publication_path).policy
    registrar = WaitRegistrar(
        enrolments=Enrolments(settings.enrolments_table),
        profiles=Profiles(settings.profiles_table, rows=rows, policy=policy),
        machines=Machines(settings.machine_prefix),
        switches=Switches(settings.enrolments_table, clock, rows),
        common=CommonFacts.of(policy),
    )

    def handle(event: dict[str, Any], context: Any) -> None:
        count(SERVICE, {f"waits_{registrar.register(event)}": 1})

    return handle


handler = wire(build, RegisterWaitSettings)
