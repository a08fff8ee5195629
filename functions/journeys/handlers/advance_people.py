"""Lambda: moves people through journeys as events reach them."""

from dataclasses import dataclass
from typing import Any

from functions.journeys.advance import SERVICE, Advancer
from functions.journeys.api import Enrolments, Switches
from functions.journeys.machines import Machines
from functions.journeys.policy import Rules
from functions.journeys.secrets import deployment_key
from functions.profiles.api import Profiles
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings
from functions.shared.store import DynamoRows


@dataclass(frozen=True, slots=True)
class AdvancePeopleSettings(Settings):
    """Environment of the function."""

    enrolments_table: str
    profiles_table: str
    machine_prefix: str
    deployment_key_secret: str
    publication_path: str


def build(settings: AdvancePeopleSettings, clock: Clock) -> Handler:
    """Reads publication and key once, while the environment starts."""
    rows = DynamoRows()
    advancer = Advancer(
        enrolments=Enrolments(settings.enrolments_table),
        profiles=Profiles(settings.profiles_table, rows=rows),
        machines=Machines(settings.machine_prefix),
        switches=Switches(settings.enrolments_table, clock, rows),
        rules=Rules.of(load_publication(settings.publication_path)),
        deployment_key=deployment_key(settings.deployment_key_secret),
        clock=clock,
    )

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = each_record(event, advancer.advance, SERVICE)
        count(SERVICE, advancer.counts())
        return answer

    return handle


handler = wire(build, AdvancePeopleSettings)
