"""Lambda: when a schedule says that it is time, passes the members of its audience on to journeys."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.audiences.members import SERVICE, Members
from functions.audiences.store import Standings
from functions.journeys.rates import rate_of
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows


@dataclass(frozen=True, slots=True)
class EnterScheduledSettings(Settings):
    """Environment of the function."""

    audiences_table: str
    journeys_queue_url: str
    schedules_queue_url: str
    publication_path: str


def build(settings: EnterScheduledSettings, clock: Clock) -> Handler:
    """Reads the publication once, while the environment starts."""
    publication = load_publication(settings.publication_path)
    members = Members(
        standings=Standings(DynamoRows(), settings.audiences_table),
        journeys=Queue(settings.journeys_queue_url),
        own=Queue(settings.schedules_queue_url),
        publication=publication,
        rate=rate_of(publication.policy),
        clock=clock,
    )

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        done: Counter[str] = Counter({"people_scheduled": 0})
        answer = each_record(event, lambda said: done.update(people_scheduled=members.pass_on(said)), SERVICE)
        count(SERVICE, done)
        return answer

    return handle


handler = wire(build, EnterScheduledSettings)
