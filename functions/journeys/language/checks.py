"""Can this be published? Every fault of the policy and of all journeys at once, each with its place and its fix."""

import json
from collections.abc import Iterator
from pathlib import Path

from functions.journeys.language.circles import NO_VERSION, circles
from functions.journeys.language.clashes import clashes
from functions.journeys.language.compiler import compile_journey
from functions.journeys.language.cron import CronFault, read_cron
from functions.journeys.language.definition import Journey, Placed, placed_steps
from functions.journeys.language.expressions import Known, faults_of, written_in
from functions.journeys.language.faults import LATER, LEAVE_OUT, Fault, did_you_mean
from functions.journeys.language.flow_checks import length, lengths, loops, reach, waits
from functions.journeys.language.policy_checks import policy_faults
from functions.journeys.language.project import JourneyFolder, Project, load
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.step_checks import Checked, acts, experiments, sends, splits
from functions.journeys.language.steps import CallStep, ExperimentStep, SendStep, Until, WaitStep
from functions.journeys.times import zone_named

# What names of the account take is left free.
MOST_BYTES = 1_000_000


def check(root: Path) -> list[Fault]:
    """Every fault under ``root`` (a ``journeys/`` folder), sorted by place; empty when it can be published as it is."""
    return check_project(load(root))


def check_project(project: Project) -> list[Fault]:
    """Every fault of a project already read."""
    found = [*project.faults, *policy_faults(project)]
    sound = []
    for folder in project.journeys:
        if folder.definition is not None:
            faults = _Checker(folder, folder.definition, project).faults()
            found += faults
            if not any(fault.severity == "error" for fault in (*faults, *folder.faults)):
                found += _size(folder, folder.definition)
                sound.append(folder)
    found += [*clashes(project), *circles(sound)]
    return sorted(set(found))


def _size(folder: JourneyFolder, journey: Journey) -> Iterator[Fault]:
    """Step Functions takes a definition of 1 MiB at most (AWS quotas)."""
    size = len(json.dumps(compile_journey(journey, NO_VERSION)).encode())
    if size > MOST_BYTES:
        what = f"the machine would have {size:,} bytes, {MOST_BYTES:,} at most"
        yield folder.document.key_fault(("steps",), what, "make two journeys of it")


class _Checker:
    """The checks of one journey; each method answers the faults of one question."""

    def __init__(self, folder: JourneyFolder, journey: Journey, project: Project) -> None:
        self.folder = folder
        self.document: Document = folder.document
        self.journey = journey
        self.policy = project.policy
        self.steps = placed_steps(journey)
        self.checked = Checked(folder, journey, project, self.steps)

    def faults(self) -> list[Fault]:
        """All of them."""
        of_head = (
            self.names,
            self.entry,
            self.later,
            self.ids,
            self.expressions,
            self.reserved_text,
            self.unused_templates,
        )
        found = [fault for question in of_head for fault in question()]
        of_steps = (sends, splits, experiments, waits, acts, loops, reach, lengths)
        return [*found, *(fault for question in of_steps for fault in question(self.checked))]

    def names(self) -> Iterator[Fault]:
        journey, document = self.journey, self.document
        if isinstance(document.value, dict) and document.value.get("journey") == journey.journey != self.folder.name:
            yield document.fault(
                ("journey",), f'journey "{journey.journey}" in folder "{self.folder.name}"', "give both the same name"
            )
        if journey.class_ == "marketing" and journey.topic is None and "topic" not in document.value:
            yield document.fault(("class",), "marketing without a topic", "add topic: with a topic of policy.yaml")
        if journey.topic is not None and self.policy is not None and journey.topic not in self.policy.topics:
            fix = did_you_mean(journey.topic, self.policy.topics, "add it to topics: in policy.yaml")
            yield document.fault(("topic",), f'unknown topic "{journey.topic}"', fix)
        if journey.group is not None and self.policy is not None and journey.group not in self.policy.groups:
            fix = did_you_mean(journey.group, self.policy.groups, "add it to groups: in policy.yaml")
            yield document.fault(("group",), f'unknown group "{journey.group}"', fix)
        if journey.goal is not None and journey.goal.within is not None:
            yield from length(document, ("goal", "within"), journey.goal.within, longest=None)
        if journey.late is not None:
            yield from length(document, ("late", "after"), journey.late.after)

    def entry(self) -> Iterator[Fault]:
        entry, document = self.journey.entry, self.document
        if entry.audience is not None and self.policy is not None and entry.audience not in self.policy.audiences:
            fix = did_you_mean(entry.audience, self.policy.audiences, "add it to audiences: in policy.yaml")
            yield document.fault(("entry", "audience"), f'unknown audience "{entry.audience}"', fix)
        if entry.schedule is None:
            if entry.zone is not None:
                yield document.key_fault(("entry", "zone"), "zone: without schedule:", "leave it out")
            return
        if entry.audience is None:
            fix = "add audience: with the people who enter"
            yield document.key_fault(("entry", "schedule"), "a schedule without an audience", fix)
        if entry.zone is not None and zone_named(entry.zone) is None:
            fix = "write an IANA name such as Europe/Helsinki"
            yield document.fault(("entry", "zone"), f'"{entry.zone}" is no time zone', fix)
        try:
            read_cron(entry.schedule)
        except CronFault as fault:
            yield document.fault(("entry", "schedule"), fault.what, fault.fix, fault.column)

    def later(self) -> Iterator[Fault]:
        """What the language has and this version does not run is said, never ignored."""
        journey, document = self.journey, self.document
        for name in ("group", "offer"):
            if getattr(journey, name) is not None:
                yield document.key_fault((name,), f"{name}: is {LATER}", LEAVE_OUT)
        for placed in self.steps:
            yield from self._later_step(placed)

    def _later_step(self, placed: Placed) -> Iterator[Fault]:
        place, step, document = placed.place, placed.step, self.document
        if isinstance(step, CallStep):
            yield document.key_fault((*place, step.kind), f"{step.kind}: is {LATER}", LEAVE_OUT)
        if isinstance(step, WaitStep) and isinstance(step.wait, Until) and step.wait.best_time is not None:
            yield document.key_fault((*place, "wait", "best_time"), f"best_time: is {LATER}", "write until: a time")
        if isinstance(step, SendStep) and step.hurry:
            yield document.key_fault((*place, "hurry"), f"hurry: is {LATER}", LEAVE_OUT)
        if isinstance(step, ExperimentStep) and (step.optimise is not None or step.floor is not None):
            name = "optimise" if step.optimise is not None else "floor"
            yield document.key_fault((*place, name), f"{name}: is {LATER}", LEAVE_OUT)

    def ids(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for placed in self.steps:
            if placed.step.id is None:
                continue
            place = (*placed.place, "id")
            if placed.step.id in seen:
                yield self.document.fault(place, f'id "{placed.id}" stands twice', "give each step its own")
            if placed.id.startswith("step_") and placed.id[5:].isdigit():
                yield self.document.fault(place, f'id "{placed.id}" is kept for unnamed steps', "choose another")
            seen.add(placed.id)

    def expressions(self) -> Iterator[Fault]:
        for written in written_in(self.journey):
            # A condition of a loop is asked again after its steps have run.
            before = self.checked.before(written.before) if written.before is not None else []
            known = Known(self.policy, {one.id: one.step for one in before}, self.folder.step_ids)
            yield from faults_of(written, self.document, known)

    def reserved_text(self) -> Iterator[Fault]:
        """``${...}`` is how names of the account get into the machine, so texts must not look like it."""
        for place, text in _texts(self.document.value, ()):
            if "${" in text:
                yield self.document.fault(
                    place, "${ is kept for deployment", "write it differently", text.index("${") + 1
                )

    def unused_templates(self) -> Iterator[Fault]:
        sent = {placed.step.send for placed in self.steps if isinstance(placed.step, SendStep)}
        written = {text for place, text in _texts(self.document.value, ()) if place[-1:] == ("send",)}
        for (name, _channel), file in self.folder.templates.files.items():
            if name not in sent | written:
                yield Fault(file, 1, 1, "warning", f'no step sends "{name}"', "send it, or delete the file")


def _texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(key, (*place, key))
            yield from _texts(one, (*place, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _texts(one, (*place, index))
