"""Lambda: every quarter of an hour puts those on the audiences queue whom time may have moved."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.audiences.find_due import find_due
from functions.audiences.store import Standings
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows

SERVICE = "find-due-people"


@dataclass(frozen=True, slots=True)
class FindDuePeopleSettings(Settings):
    """Environment of the function."""

    audiences_table: str
    audiences_queue_url: str


def build(settings: FindDuePeopleSettings, clock: Clock) -> Handler:
    """The message only says that it is time; who is due stands in the table."""
    standings = Standings(DynamoRows(), settings.audiences_table)
    queue = Queue(settings.audiences_queue_url)

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        done: Counter[str] = Counter({"people_due": 0})

        def find(_: dict[str, Any]) -> None:
            done["people_due"] += find_due(standings, queue, clock())

        answer = each_record(event, find, SERVICE)
        count(SERVICE, done)
        return answer

    return handle


handler = wire(build, FindDuePeopleSettings)
