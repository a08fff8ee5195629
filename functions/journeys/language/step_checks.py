"""What is wrong with a step by itself? Names that lead nowhere, ways nobody can take, shares that are none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.journeys.acts import expression_in
from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.conditions.tree import ListOf, Literal
from functions.journeys.language.definition import Journey, Placed
from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.fields import fraction_of
from functions.journeys.language.possible import outcomes
from functions.journeys.language.project import JourneyFolder, Project
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.steps import (
    Branch,
    DecideStep,
    ExperimentStep,
    JoinStep,
    LeaveStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    WaitForStep,
)

# Texts that are meant to be read: a path, or a text in quotes of its own.
READ = re.compile(r"(event|entry|steps|profile)\.[A-Za-z0-9_.-]+|\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class Checked:
    """A journey that is being checked, and all it may name."""

    folder: JourneyFolder
    journey: Journey
    project: Project
    steps: Sequence[Placed]

    @property
    def document(self) -> Document:
        """Where faults are placed."""
        return self.folder.document

    def before(self, step: Placed) -> list[Placed]:
        """The steps that can have run when a person stands at one: not those of another branch, but all of a loop it
        stands in, for there may have been a pass before."""
        loop = isinstance(step.step, RepeatStep)
        return [
            one
            for one in self.steps
            if self._before(one.place, step.place) or (loop and _within(one.place, step.place))
        ]

    def _before(self, one: Place, other: Place) -> bool:
        if any(_within(one, loop) and _within(other, loop) for loop in self._loops()):
            return True
        # Where the two ways part: at two steps of one block, or in two blocks of one step.
        parts = next((n for n, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
        if parts is None:
            return len(one) < len(other)
        left, right = one[parts], other[parts]
        return isinstance(left, int) and isinstance(right, int) and one[parts - 1] != "split" and left < right

    def _loops(self) -> list[Place]:
        return [one.place for one in self.steps if isinstance(one.step, RepeatStep)]


def _within(place: Place, outer: Place) -> bool:
    return place[: len(outer)] == outer and place != outer


def sends(checked: Checked) -> Iterator[Fault]:
    """Templates, channels, and waits for receipts of what was never sent."""
    for placed in checked.steps:
        if isinstance(placed.step, SendStep):
            yield from _send(checked, placed, placed.step)
        if isinstance(placed.step, WaitForStep) and placed.step.wait_for.message is not None:
            message = placed.step.wait_for.message
            sent = {one.id for one in checked.before(placed) if isinstance(one.step, SendStep)}
            misread = message in checked.folder.step_ids and message not in {one.id for one in checked.steps}
            if message not in sent and not misread:
                fix = did_you_mean(message, sent, "name an earlier send step by its id")
                place = (*placed.place, "wait_for", "message")
                yield checked.document.fault(place, f'no earlier send step "{message}"', fix)


def _send(checked: Checked, placed: Placed, step: SendStep) -> Iterator[Fault]:
    document, place, templates = checked.document, placed.place, checked.folder.templates
    parts = templates.parts.get(step.send)
    if parts is None:
        fix = did_you_mean(step.send, templates.parts, f"add {step.send}.email.liquid beside journey.yaml")
        yield document.fault((*place, "send"), f'unknown template "{step.send}"', fix)
    policy = checked.project.policy
    for index, channel in enumerate(step.channel):
        at = (*place, "channel", index) if len(step.channel) > 1 else (*place, "channel")
        if channel in ("preferred", "all"):
            if len(step.channel) > 1:
                yield document.fault(at, f"{channel} stands for channels by itself", f"write channel: {channel} alone")
            elif parts is not None and policy is not None:
                yield from _each_channel(document, at, step, [one for one in policy.sending_order if one not in parts])
                if not any(one in parts for one in policy.sending_order):
                    what = f'template "{step.send}" is of no channel that is set up'
                    yield document.fault(at, what, "add a channel to channels: in policy.yaml")
            continue
        if channel in step.channel[:index]:
            yield document.fault(at, f'channel "{channel}" stands twice', "keep one")
        if parts is not None and channel not in parts:
            fix = f"add {step.send}.{_suffix(channel)}"
            yield document.fault(at, f'template "{step.send}" has no {channel} part', fix)
        if policy is not None and getattr(policy.channels, channel) is None:
            fix = f"add {channel}: with its sender to channels: in policy.yaml"
            yield document.fault(at, f'channel "{channel}" is not set up', fix)


def _each_channel(document: Document, at: Place, step: SendStep, missing: Sequence[str]) -> Iterator[Fault]:
    for channel in missing:
        what = f'template "{step.send}" has no {channel} part, so it is not sent by {channel}'
        yield document.warning(at, what, f"add {step.send}.{_suffix(channel)}")


def _suffix(channel: str) -> str:
    return "push.yaml" if channel == "push" else f"{channel}.liquid"


def splits(checked: Checked) -> Iterator[Fault]:
    """Branches nobody can take, and people whom no branch fits."""
    for placed in checked.steps:
        if isinstance(placed.step, SplitStep):
            yield from _split(checked.document, placed.place, placed.step.split)


def _split(document: Document, split: Place, branches: Sequence[Branch]) -> Iterator[Fault]:
    seen: set[str] = set()
    always = False
    for index, branch in enumerate(branches):
        place = (*split, "split", index)
        if always:
            yield document.fault(place, "a branch that can never be taken", "move it up, or leave it out")
            continue
        if branch.when is None:
            always = True
            continue
        if " ".join(branch.when.split()) in seen:
            yield document.fault((*place, "when"), "the same condition again", "correct it, or leave it out")
        seen.add(" ".join(branch.when.split()))
        try:
            always = outcomes(parse(branch.when).tree) == {True}
        except ExpressionFault:
            continue
    if branches[0].when is None:
        yield document.fault((*split, "split", 0), "a split without a condition", "add when: before it")
    if not always:
        fix = "add - otherwise: [] when going on is meant"
        yield document.warning((*split, "split"), "no otherwise: whom no branch fits goes on", fix)


def experiments(checked: Checked) -> Iterator[Fault]:
    """Shares that do not add up, and variants nobody drew."""
    document = checked.document
    seen: set[str] = set()
    for placed in checked.steps:
        if not isinstance(placed.step, ExperimentStep):
            continue
        step, place = placed.step, placed.place
        if step.experiment in seen:
            yield document.fault((*place, "experiment"), f'experiment "{step.experiment}" stands twice', "rename one")
        seen.add(step.experiment)
        shares = {arm: fraction_of(share) for arm, share in step.variants.items()}
        if len(shares) < 2:
            yield document.fault((*place, "variants"), "an experiment with one variant", "add another")
        for arm, share in shares.items():
            if share == 0:
                yield document.fault((*place, "variants", arm), f'variant "{arm}" has no share', "give it one")
        total = sum(shares.values(), Fraction(0))
        if total != 1:
            what = f"variants add up to {float(total * 100):g}%"
            yield document.fault((*place, "variants"), what, "make them add up to 100%")
        for arm in step.steps:
            if arm not in shares:
                fix = did_you_mean(arm, shares)
                yield document.key_fault((*place, "steps", arm), f'unknown variant "{arm}"', fix)


def acts(checked: Checked) -> Iterator[Fault]:
    """Traits set to nothing, lists that are none, decisions that nobody takes."""
    for placed in checked.steps:
        match placed.step:
            case SetStep() as step:
                yield from _set(checked.document, (*placed.place, "set"), step)
            case JoinStep(join=name) | LeaveStep(leave=name):
                yield from _list(checked, (*placed.place, placed.step.kind), name)
            case DecideStep(decide=name):
                yield from _decide(checked, (*placed.place, "decide"), name)


def _set(document: Document, place: Place, step: SetStep) -> Iterator[Fault]:
    if not step.set:
        yield document.fault(place, "nothing is set", "write set: {tier: gold}")
    for named in _keys(step.set, place):
        if not named[-1]:
            yield document.key_fault(named, "a trait without a name", "write its name before the colon")
        elif str(named[-1]).endswith(".$"):
            what = f'"{named[-1]}": names that end in .$ are kept for the machine, which would read a path'
            yield document.key_fault(named, what, "name it without .$; a path as value is read anyway")
    for name, value in step.set.items():
        if value is None:
            yield document.fault(
                (*place, name), f'trait "{name}" is set to nothing', "write its value, or leave it out"
            )
        if not isinstance(value, str) or expression_in(value) is not None:
            continue
        quoting = "write a path, or quote it twice when it is a text"
        try:
            tree = parse(value).tree
        except ExpressionFault as fault:
            if READ.fullmatch(value):
                yield document.fault((*place, name), fault.what, fault.fix, fault.column)
            continue
        if not isinstance(tree, Literal | ListOf):
            yield document.fault((*place, name), "an expression that is no path", quoting)


def _keys(value: object, place: Place) -> Iterator[Place]:
    """Every name in what is set, at any depth: all of it stands in the ``Parameters`` of a state."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield (*place, name)
            yield from _keys(one, (*place, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _keys(one, (*place, index))


def _list(checked: Checked, place: Place, name: str) -> Iterator[Fault]:
    policy = checked.project.policy
    if policy is None:
        return
    lists = [one for one, audience in policy.audiences.items() if audience.list_]
    if name in policy.audiences and name not in lists:
        what = f'audience "{name}" has a condition, so nobody is put on it'
        yield checked.document.fault(place, what, "set what the condition asks for, or define {list: true}")
    elif name not in lists:
        fix = did_you_mean(name, lists, f"add {name}: {{list: true}} to audiences: in policy.yaml")
        yield checked.document.fault(place, f'unknown audience "{name}"', fix)


def _decide(checked: Checked, place: Place, name: str) -> Iterator[Fault]:
    definitions = [one.definition for one in checked.project.journeys]
    decided = [one.entry.decision for one in definitions if one is not None and one.entry.decision is not None]
    if name not in decided:
        fix = did_you_mean(name, decided, f"write entry: {{decision: {name}}} in another")
        yield checked.document.warning(place, f'no journey is entered by decision "{name}"', fix)
