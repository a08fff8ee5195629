"""Can this scenario be told? What it names must be there, what it sends must be taken, and nothing is ignored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from functions.capture.model import Item
from functions.capture.policy import read
from functions.journeys.language.definition import placed_steps
from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.project import Project
from functions.journeys.language.reader import Place
from functions.shared.errors import RejectedInput
from infra.local.scenarios.definition import Confirm, Consent, Decline, Happening, Saying
from infra.local.scenarios.messages import message_of, users_of
from infra.local.scenarios.read import Case

LATER: Mapping[type[Happening], str] = {
    Confirm: "double opt-in is",
    Decline: "offers are",
}


def faults_of(case: Case, project: Project) -> list[Fault]:
    """Every fault of a scenario, told to these journeys."""
    return sorted(set(_Checker(case, project).faults()))


class _Checker:
    """The checks of one scenario; each method answers the faults of one question."""

    def __init__(self, case: Case, project: Project) -> None:
        self.case = case
        self.scenario = case.scenario
        self.topics = set(project.policy.topics) if project.policy is not None else set()
        self.steps = {
            folder.name: {one.id for one in placed_steps(folder.definition)}
            for folder in project.journeys
            if folder.definition is not None
        }
        self.users = users_of(case.scenario)

    def faults(self) -> Iterator[Fault]:
        """All of them."""
        yield from self.people()
        yield from self.happenings()
        yield from self.expectations()

    def people(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for index, person in enumerate(self.scenario.people):
            place: Place = ("people", index)
            if person.user_id in seen:
                yield self.case.fault((*place, "userId"), f'"{person.user_id}" stands twice', "keep one of them")
            seen.add(person.user_id)
            for topic in person.consent:
                yield from self._among(self.topics, topic, "topic", (*place, "consent", topic), key=True)

    def happenings(self) -> Iterator[Fault]:
        until = self.scenario.instant(self.scenario.until)
        for index, row in enumerate(self.scenario.when):
            place: Place = ("when", index)
            if type(row) in LATER:
                what = f"{LATER[type(row)]} not available yet"
                yield self.case.fault((*place, "type"), what, "leave it out for now")
                continue
            at = self.scenario.instant(row.at)
            if at < self.scenario.starts_at:
                yield self.case.fault((*place, "at"), f"{row.at} is before start", "start: earlier, or move it")
            elif at > until:
                yield self.case.fault((*place, "at"), f"{row.at} is after until", "raise until:, or move it")
            elif isinstance(row, Saying):
                yield from self._taken(row, index)
            yield from self._named(row, place)
            if isinstance(row, Consent):
                yield from self._among(self.topics, row.topic, "topic", (*place, "topic"))
            elif not isinstance(row, Saying) and hasattr(row, "user_id"):
                yield from self._among(self.users, row.user_id, "user", (*place, "userId"))

    def expectations(self) -> Iterator[Fault]:
        expect = self.scenario.expect
        for name in ("messages", "decisions", "enrolments"):
            for index, row in enumerate(getattr(expect, name) or ()):
                place: Place = ("expect", name, index)
                if row.user_id is not None:
                    yield from self._among(self.users, row.user_id, "user", (*place, "userId"))
                yield from self._named(row, place)

    def _taken(self, row: Saying, index: int) -> Iterator[Fault]:
        """What capture would refuse is a mistake of the scenario; what it refuses stands in its reference."""
        said, at = message_of(self.scenario, row, index), self.scenario.instant(row.at)
        try:
            read(Item(said, at, "scenario", trusted=row.trusted is not False))
        except RejectedInput as rejected:
            inside: Place = ("when", index, *rejected.field.split("."))
            yield self.case.fault(inside, f"{rejected.field}: {rejected.rule}", "see docs/reference/events.md")

    def _named(self, row: Any, place: Place) -> Iterator[Fault]:
        """The journey and the step that a row names."""
        journey, step = getattr(row, "journey", None), getattr(row, "step", None)
        if journey is not None and journey not in self.steps:
            yield from self._among(self.steps, journey, "journey", (*place, "journey"))
            return
        if step is not None:
            known = self.steps[journey] if journey else set().union(*self.steps.values())
            yield from self._among(known, step, "step", (*place, "step"))

    def _among(self, known: Iterable[str], name: str, what: str, place: Place, key: bool = False) -> Iterator[Fault]:
        names = set(known)
        if name not in names:
            fix = did_you_mean(name, names, "" if names else f"there is no {what} here")
            case = self.case
            at = (*case.place, *place)
            yield (case.document.key_fault if key else case.document.fault)(at, f'unknown {what} "{name}"', fix)
