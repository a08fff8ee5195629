"""Lambda: moves people through journeys as events reach them."""

from dataclasses import dataclass
from typing import Any

from functions.journeys.admission import Admission
from functions.journeys.advance import SERVICE, Advancer
from functions.journeys.api import DecisionLines, Enrolments, Switches
from functions.journeys.machines import Machines
from functions.journeys.policy import Rules
from functions.journeys.rates import rate_of
from functions.journeys.secrets import deployment_key
from functions.profiles.api import Profiles
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows


@dataclass(frozen=True, slots=True)
class AdvancePeopleSettings(Settings):
    """Environment of the function."""

    enrolments_table: str
    profiles_table: str
    machine_prefix: str
    deployment_key_secret: str
    publication_path: str
    journeys_queue_url: str
    processes: str


def build(settings: AdvancePeopleSettings, clock: Clock) -> Handler:
    """Reads publication and key once, while the environment starts."""
    rows = DynamoRows()
    publication = load_publication(settings.publication_path)
    share = rate_of(publication.policy) / int(settings.processes)
    lines = DecisionLines(settings.enrolments_table)
    advancer = Advancer(
        enrolments=Enrolments(settings.enrolments_table, lines=lines),
        profiles=Profiles(settings.profiles_table, rows=rows),
        machines=Machines(settings.machine_prefix),
        switches=Switches(settings.enrolments_table, clock, rows),
        rules=Rules.of(publication),
        deployment_key=deployment_key(settings.deployment_key_secret),
        clock=clock,
        tell_lines=lines.write,
        admission=Admission(share, clock, Queue(settings.journeys_queue_url)),
    )

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = each_record(event, advancer.advance, SERVICE)
        count(SERVICE, advancer.counts())
        return answer

    return handle


handler = wire(build, AdvancePeopleSettings)
