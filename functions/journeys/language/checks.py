"""Can this be published? Every fault of the policy and of all journeys at once, each with its place and its fix."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

from functions.identity.model import NAMESPACES, SOCIAL_PREFIX, Rules
from functions.identity.naming import PROFILE, TYPE_NAMES
from functions.identity.presets import PRESETS
from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.durations import parse_duration
from functions.journeys.language.definition import Journey, Placed, placed_steps
from functions.journeys.language.expressions import OF_AUDIENCE, Known, Written, faults_of, written_in, zone_fault
from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.fields import fraction_of
from functions.journeys.language.policy import Policy
from functions.journeys.language.possible import outcomes
from functions.journeys.language.project import JourneyFolder, Project, load
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.steps import (
    Branch,
    CallStep,
    DecideStep,
    ExitStep,
    ExperimentStep,
    JoinStep,
    LeaveStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    Step,
    Until,
    WaitForStep,
    WaitStep,
    blocks_of,
)
from functions.journeys.language.tracking_plan import planned

# What functions/audiences tells of people (functions.audiences.policy).
AUDIENCE_EVENTS = ("Audience Entered", "Audience Exited")
LATER = "not available yet"
LEAVE_OUT = "leave it out for now"
# Step Functions ends an execution after a year (AWS quotas, "Maximum execution time").
A_YEAR = timedelta(days=365)


def check(root: Path) -> list[Fault]:
    """Every fault under ``root`` (a ``journeys/`` folder), sorted by place; empty when it can be published as it is."""
    return check_project(load(root))


def check_project(project: Project) -> list[Fault]:
    """Every fault of a project already read."""
    found = [*project.faults, *_policy(project)]
    for folder in project.journeys:
        if folder.definition is not None:
            found += _Checker(folder, folder.definition, project.policy).faults()
    return sorted(set(found))


def _policy(project: Project) -> Iterator[Fault]:
    policy, document = project.policy, project.document
    if policy is None:
        return
    for name in ("caps", "quiet_hours", "groups", "holdout"):
        if getattr(policy, name):
            yield document.key_fault((name,), f"{name}: is {LATER}", LEAVE_OUT)
    for name, topic in policy.topics.items():
        if topic.opt_in == "double":
            yield document.fault(("topics", name, "opt_in"), f"opt_in: double is {LATER}", "write single or none")
    for name, channel in policy.channels:
        if channel is not None and name == "webhook":
            yield document.key_fault(("channels", name), f"webhook is {LATER}", LEAVE_OUT)
        elif channel is not None and channel.rate is not None:
            yield document.key_fault(("channels", name, "rate"), f"rate: is {LATER}", LEAVE_OUT)
    for index, name in enumerate(policy.channel_order):
        if getattr(policy.channels, name) is None:
            yield document.fault(("channel_order", index), f'channel "{name}" is not set up', "add it to channels:")
    yield from _identity(policy, document)
    yield from _audiences(policy, document)
    yield from planned(project.root, policy, document)[1]


def _identity(policy: Policy, document: Document) -> Iterator[Fault]:
    written = policy.identity.namespaces
    known = {*NAMESPACES, *PRESETS[policy.identity.preset].choices.get("namespaces", {})}
    for name in written:
        place: Place = ("identity", "namespaces", name)
        said = document.value["identity"]["namespaces"][name]
        missing = [word for word in ("rank", "class") if said.get(word) is None]
        if name == PROFILE:
            yield document.key_fault(place, f'namespace "{name}" is kept for our own events', "choose another name")
        elif name in TYPE_NAMES:
            what = f'identifiers of type "{name}" are read as {TYPE_NAMES[name]}'
            yield document.key_fault(place, what, f"write {TYPE_NAMES[name]}:")
        elif missing and name not in known and not name.startswith(SOCIAL_PREFIX):
            fix = did_you_mean(name, known, f"add {' and '.join(f'{word}:' for word in missing)}")
            yield document.key_fault(place, f'new namespace "{name}" without {" and ".join(missing)}', fix)
        else:
            yield from _namespace(name, policy, document)


def _namespace(name: str, policy: Policy, document: Document) -> Iterator[Fault]:
    """What a namespace written in the policy becomes beside the others."""
    table = Rules.of(policy.to_json()).namespaces
    mine, said = table[name], policy.identity.namespaces[name]
    place: Place = ("identity", "namespaces", name)
    at_limit = place if said.limit is None else (*place, "limit")
    at_rank = place if said.rank is None else (*place, "rank")
    if mine.kind == "anchor" and mine.limit != 1:
        what = f"{mine.limit} of an anchor, of which nobody has two"
        yield document.key_fault(at_limit, what, "write limit: 1, or class: strong")
    for other, its in table.items():
        earlier = other not in policy.identity.namespaces or other < name
        if other != name and earlier and mine.kind == its.kind == "anchor" and mine.rank == its.rank:
            # Whom a mailbox of both follows would hang on the hashes of their values.
            what = f'anchors "{other}" and "{name}" have the same rank'
            yield document.key_fault(at_rank, what, "give each its own")
    devices = {other: its.rank for other, its in table.items() if its.kind == "device"}
    others = {other: its.rank for other, its in table.items() if its.kind != "device"}
    best, worst = min(devices.items(), key=_by_rank, default=None), max(others.items(), key=_by_rank, default=None)
    if best is not None and worst is not None and name in (best[0], worst[0]) and best[1] <= worst[1]:
        # The best identifier of an event is the one the others hang on, and a device is nobody's for long.
        what = f'device "{best[0]}" is ranked before "{worst[0]}"'
        yield document.warning(at_rank, what, "give devices the last ranks")


def _by_rank(one: tuple[str, int]) -> tuple[int, str]:
    return one[1], one[0]


def _audiences(policy: Policy, document: Document) -> Iterator[Fault]:
    for name, audience in policy.audiences.items():
        place: Place = ("audiences", name)
        if audience.where is not None:
            written = Written((*place, "where"), audience.where, OF_AUDIENCE)
            yield from faults_of(written, document, Known(policy))
            yield from _own_events((*place, "where"), audience.where, document)
            if name in _audiences_within(name, policy, set()):
                yield document.fault((*place, "where"), f'audience "{name}" depends on itself', "break the circle")


def _own_events(place: Place, where: str, document: Document) -> Iterator[Fault]:
    """Who counts entries enters by counting: an audience could go in and out of itself for ever."""
    try:
        references = parse(where).reads.references
    except ExpressionFault:
        return
    for one in references:
        if one.kind == "event" and one.name in AUDIENCE_EVENTS:
            fix = "write in_audience() for who is in it now"
            yield document.fault(place, f"an audience cannot look back on {one.name}", fix, one.column)


def _audiences_within(name: str, policy: Policy, seen: set[str]) -> set[str]:
    audience = policy.audiences.get(name)
    if audience is None or audience.where is None:
        return set()
    try:
        references = parse(audience.where).reads.references
    except ExpressionFault:
        return set()
    direct = {one.name for one in references if one.kind == "audience"}
    new = direct - seen
    return direct.union(*(_audiences_within(other, policy, seen | direct) for other in new))


class _Checker:
    """The checks of one journey; each method answers the faults of one question."""

    def __init__(self, folder: JourneyFolder, journey: Journey, policy: Policy | None) -> None:
        self.folder = folder
        self.document: Document = folder.document
        self.journey = journey
        self.policy = policy
        self.steps = placed_steps(journey)

    def faults(self) -> list[Fault]:
        """All of them."""
        questions = (
            self.names,
            self.entry,
            self.later,
            self.ids,
            self.expressions,
            self.sends,
            self.splits,
            self.experiments,
            self.waits,
            self.unreachable,
            self.reserved_text,
            self.unused_templates,
        )
        return [fault for question in questions for fault in question()]

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

    def entry(self) -> Iterator[Fault]:
        entry, document = self.journey.entry, self.document
        if entry.audience is not None and self.policy is not None and entry.audience not in self.policy.audiences:
            fix = did_you_mean(entry.audience, self.policy.audiences, "add it to audiences: in policy.yaml")
            yield document.fault(("entry", "audience"), f'unknown audience "{entry.audience}"', fix)

    def later(self) -> Iterator[Fault]:
        """What the language has and this version does not run is said, never ignored."""
        journey, document = self.journey, self.document
        for name in ("group", "offer", "late"):
            if getattr(journey, name) is not None:
                yield document.key_fault((name,), f"{name}: is {LATER}", LEAVE_OUT)
        for name in ("schedule", "zone"):
            if getattr(journey.entry, name) is not None:
                yield document.key_fault(("entry", name), f"entry by {name} is {LATER}", "enter on: an event")
        for placed in self.steps:
            yield from self._later_step(placed)

    def _later_step(self, placed: Placed) -> Iterator[Fault]:
        place, step, document = placed.place, placed.step, self.document
        if isinstance(step, SetStep | JoinStep | LeaveStep | CallStep | DecideStep | RepeatStep):
            yield document.key_fault((*place, step.kind), f"{step.kind}: is {LATER}", LEAVE_OUT)
        if isinstance(step, WaitStep) and isinstance(step.wait, Until) and step.wait.best_time is not None:
            yield document.key_fault((*place, "wait", "best_time"), f"best_time: is {LATER}", "write until: a time")
        if isinstance(step, WaitForStep) and step.wait_for.until is not None:
            yield document.key_fault((*place, "wait_for", "until"), f"wait_for until: is {LATER}", "write within:")
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
            earlier: set[str] = set()
            for placed in self.steps:
                if placed is written.before or placed.place == (written.before.place if written.before else ()):
                    break
                earlier.add(placed.id)
            known = Known(self.policy, frozenset(earlier), self.folder.step_ids)
            yield from faults_of(written, self.document, known)

    def sends(self) -> Iterator[Fault]:
        sent: set[str] = set()
        for placed in self.steps:
            if isinstance(placed.step, SendStep):
                yield from self._send(placed, placed.step)
                sent.add(placed.id)
            if isinstance(placed.step, WaitForStep) and placed.step.wait_for.message not in (None, *sent):
                message = str(placed.step.wait_for.message)
                place = (*placed.place, "wait_for", "message")
                if message not in self.folder.step_ids or message in {one.id for one in self.steps}:
                    fix = did_you_mean(message, sent, "name an earlier send step by its id")
                    yield self.document.fault(place, f'no earlier send step "{message}"', fix)

    def _send(self, placed: Placed, step: SendStep) -> Iterator[Fault]:
        place, templates = placed.place, self.folder.templates
        parts = templates.parts.get(step.send)
        if parts is None:
            fix = did_you_mean(step.send, templates.parts, f"add {step.send}.email.liquid beside journey.yaml")
            yield self.document.fault((*place, "send"), f'unknown template "{step.send}"', fix)
        for index, channel in enumerate(step.channel):
            at = (*place, "channel", index) if len(step.channel) > 1 else (*place, "channel")
            if channel in ("preferred", "all"):
                yield self.document.fault(at, f"channel: {channel} is {LATER}", "name the channels: [push, email]")
                continue
            if channel in step.channel[:index]:
                yield self.document.fault(at, f'channel "{channel}" stands twice', "keep one")
            if parts is not None and channel not in parts:
                suffix = "push.yaml" if channel == "push" else f"{channel}.liquid"
                fix = f"add {step.send}.{suffix}"
                yield self.document.fault(at, f'template "{step.send}" has no {channel} part', fix)
            if self.policy is not None and getattr(self.policy.channels, channel) is None:
                fix = f"add {channel}: with its sender to channels: in policy.yaml"
                yield self.document.fault(at, f'channel "{channel}" is not set up', fix)

    def splits(self) -> Iterator[Fault]:
        for placed in self.steps:
            if isinstance(placed.step, SplitStep):
                yield from self._split(placed, placed.step.split)

    def _split(self, placed: Placed, branches: Sequence[Branch]) -> Iterator[Fault]:
        seen: set[str] = set()
        always = False
        for index, branch in enumerate(branches):
            place = (*placed.place, "split", index)
            if always:
                yield self.document.fault(place, "a branch that can never be taken", "move it up, or leave it out")
                continue
            if branch.when is None:
                always = True
                continue
            if " ".join(branch.when.split()) in seen:
                yield self.document.fault((*place, "when"), "the same condition again", "correct it, or leave it out")
            seen.add(" ".join(branch.when.split()))
            try:
                always = outcomes(parse(branch.when).tree) == {True}
            except ExpressionFault:
                continue
        if branches[0].when is None:
            yield self.document.fault((*placed.place, "split", 0), "a split without a condition", "add when: before it")
        if not always:
            fix = "add - otherwise: [] when going on is meant"
            yield self.document.warning((*placed.place, "split"), "no otherwise: whom no branch fits goes on", fix)

    def experiments(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for placed in self.steps:
            if not isinstance(placed.step, ExperimentStep):
                continue
            step, place = placed.step, placed.place
            if step.experiment in seen:
                yield self.document.fault(
                    (*place, "experiment"), f'experiment "{step.experiment}" stands twice', "rename one"
                )
            seen.add(step.experiment)
            shares = {arm: fraction_of(share) for arm, share in step.variants.items()}
            if len(shares) < 2:
                yield self.document.fault((*place, "variants"), "an experiment with one variant", "add another")
            for arm, share in shares.items():
                if share == 0:
                    yield self.document.fault((*place, "variants", arm), f'variant "{arm}" has no share', "give it one")
            total = sum(shares.values(), Fraction(0))
            if total != 1:
                what = f"variants add up to {float(total * 100):g}%"
                yield self.document.fault((*place, "variants"), what, "make them add up to 100%")
            for arm in step.steps:
                if arm not in shares:
                    fix = did_you_mean(arm, shares)
                    yield self.document.key_fault((*place, "steps", arm), f'unknown variant "{arm}"', fix)

    def waits(self) -> Iterator[Fault]:
        single = False
        for placed in self.steps:
            step, place = placed.step, placed.place
            if isinstance(step, WaitStep):
                for fault in self._wait(place, step):
                    single = True
                    yield fault
            elif isinstance(step, WaitForStep) and step.wait_for.within is not None:
                for fault in self._length((*place, "wait_for", "within"), step.wait_for.within):
                    single = True
                    yield fault
        longest = _longest(self.journey.steps)
        if not single and longest > A_YEAR:
            what = f"the waits add up to {longest.days} days, and a run ends after a year"
            yield self.document.key_fault(("steps",), what, "shorten them")

    def _wait(self, place: Place, step: WaitStep) -> Iterator[Fault]:
        if isinstance(step.wait, str):
            yield from self._length((*place, "wait"), step.wait)
            if step.on is not None:
                yield self.document.key_fault((*place, "on"), "a plain wait has no outcomes", "leave on: out")
            return
        yield from zone_fault(self.document, (*place, "wait", "zone"), step.wait.zone)
        if step.on is not None and step.on.withheld is not None:
            yield self.document.key_fault((*place, "on", "withheld"), "a wait is never withheld", "write failed:")

    def _length(self, place: Place, duration: str) -> Iterator[Fault]:
        length = parse_duration(duration)
        if length > A_YEAR:
            yield self.document.fault(place, f"{duration} is longer than a year", "a run ends after a year; shorten it")
        if length <= timedelta(0):
            yield self.document.fault(place, f"{duration} is no time at all", "write how long")

    def unreachable(self) -> Iterator[Fault]:
        yield from self._unreachable(self.journey.steps, ("steps",))

    def _unreachable(self, steps: Sequence[Step], place: Place) -> Iterator[Fault]:
        for index, step in enumerate(steps):
            for inside, block in blocks_of(step):
                yield from self._unreachable(block, (*place, index, *inside))
            if _ends(step) and index + 1 < len(steps):
                what = "never reached: the step before it always exits"
                yield self.document.fault((*place, index + 1), what, "move it up, or leave it out")
                return

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


def _ends(step: Step) -> bool:
    """Whether every way through a step exits."""
    if isinstance(step, ExitStep):
        return True
    if isinstance(step, SplitStep) and all(branch.when is not None for branch in step.split):
        return False
    if isinstance(step, WaitForStep | SplitStep | ExperimentStep):
        return all(any(_ends(inner) for inner in block) for _, block in blocks_of(step))
    return False


def _longest(steps: Sequence[Step]) -> timedelta:
    total = timedelta(0)
    for step in steps:
        if isinstance(step, WaitStep) and isinstance(step.wait, str):
            total += parse_duration(step.wait)
        if isinstance(step, WaitForStep) and step.wait_for.within is not None:
            total += parse_duration(step.wait_for.within)
        total += max((_longest(block) for _, block in blocks_of(step)), default=timedelta(0))
    return total


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
