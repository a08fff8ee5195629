"""Lambda: looks at people of whom something changed, and tells who has entered or left an audience."""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from functions.audiences.policy import SOURCE, Rules
from functions.audiences.store import Standings
from functions.audiences.update import PEOPLE_TOGETHER, SECONDS_NEEDED, SERVICE, Asked, Keeper
from functions.decisioning.api import Decisions
from functions.profiles.api import Profiles
from functions.shared.bus import Bus
from functions.shared.clock import Clock
from functions.shared.delivery import Portions, whole_delivery
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows


@dataclass(frozen=True, slots=True)
class UpdateAudiencesSettings(Settings):
    """Environment of the function."""

    audiences_table: str
    audiences_queue_url: str
    profiles_table: str
    decisioning_table: str
    bus_name: str
    publication_path: str


def build(settings: UpdateAudiencesSettings, clock: Clock) -> Handler:
    """Reads the publication once, while the environment starts."""
    publication = load_publication(settings.publication_path)
    rows = DynamoRows()
    profiles = Profiles(settings.profiles_table, rows=rows, policy=publication.policy)
    keeper = Keeper(
        standings=Standings(rows, settings.audiences_table),
        profiles=profiles,
        bus=Bus(settings.bus_name, SOURCE),
        rules=Rules.of(publication),
        clock=clock,
        population=cache(Decisions(settings.decisioning_table).population(publication.expected)),
    )

    portions = partial(Portions, PEOPLE_TOGETHER, len, SECONDS_NEEDED, Queue(settings.audiences_queue_url))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        time = portions(context.get_remaining_time_in_millis)
        answer = whole_delivery(event, Asked.read, keeper.update, SERVICE, portions=time)
        count(SERVICE, keeper.counts())
        return answer

    return handle


handler = wire(build, UpdateAudiencesSettings)
