"""Lambda: learns once a week how long people wait between two of the events that journeys predict."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.decisioning.api import Decisions
from functions.decisioning.learn import learn_intervals
from functions.profiles.api import Profiles
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication
from functions.shared.settings import Settings

SERVICE = "learn-intervals"


@dataclass(frozen=True, slots=True)
class LearnIntervalsSettings(Settings):
    """Environment of the function."""

    profiles_table: str
    decisioning_table: str
    publication_path: str


def build(settings: LearnIntervalsSettings, clock: Clock) -> Handler:
    """The message only says that it is time; what is learned is read from the profiles as they are now."""
    profiles = Profiles(settings.profiles_table)
    decisions = Decisions(settings.decisioning_table)
    events = load_publication(settings.publication_path).expected

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        done: Counter[str] = Counter({"intervals_learned": 0})

        def learn(_: dict[str, Any]) -> None:
            done["intervals_learned"] += learn_intervals(profiles.scan(), events, decisions, clock())

        answer = each_record(event, learn, SERVICE)
        count(SERVICE, done)
        return answer

    return handle


handler = wire(build, LearnIntervalsSettings)
