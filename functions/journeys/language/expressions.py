"""Which expressions does a journey hold, what may each see, and is each one sound?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC

from functions.journeys.acts import expression_in
from functions.journeys.conditions import Condition, ExpressionFault, Reference, iso_time, parse
from functions.journeys.conditions.tree import Compare, Literal, walk
from functions.journeys.conditions.tree import Path as NamePath
from functions.journeys.language.definition import Journey, Placed, placed_steps
from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.policy import Policy
from functions.journeys.language.possible import outcomes
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.steps import (
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
)
from functions.journeys.times import CLOCK, zone_named

AT_ENTRY = frozenset({"event", "profile", "now"})
AT_EVENT = frozenset({"event", "entry", "profile", "now"})
AT_STEP = frozenset({"entry", "steps", "profile", "now"})
OF_AUDIENCE = frozenset({"profile", "now"})
# Nothing reads consents or scores when a condition is asked; the gate asks for consent whenever a message is sent.
_LATER = {"score": "score", "topic": "consented"}
_INSTEAD = {
    ("event", "steps"): "write entry. for the event that entered, or steps.ID.event. for one that was waited for",
    ("entry", "event"): "write event.",
    ("steps", "event"): "no step has run yet; write event.",
}


@dataclass(frozen=True, slots=True)
class Written:
    """An expression where it stands, what it may see, and whether it answers yes or no or a value."""

    place: Place
    text: str
    sees: frozenset[str]
    question: bool = True
    before: Placed | None = None


def written_in(journey: Journey) -> Iterator[Written]:
    """Every expression of a journey in document order."""
    if journey.entry.where is not None:
        yield Written(("entry", "where"), journey.entry.where, AT_ENTRY)
    if not isinstance(journey.reentry, str) and journey.reentry.per is not None:
        yield Written(("reentry", "per"), journey.reentry.per, AT_ENTRY, question=False)
    if journey.goal is not None and journey.goal.where is not None:
        yield Written(("goal", "where"), journey.goal.where, AT_EVENT)
    if journey.goal is not None and journey.goal.value is not None:
        yield Written(("goal", "value"), journey.goal.value, AT_EVENT, question=False)
    for index, exit_ in enumerate(journey.exit):
        if exit_.where is not None:
            yield Written(("exit", index, "where"), exit_.where, AT_EVENT)
    for placed in placed_steps(journey):
        yield from _of_step(placed)


def _of_step(placed: Placed) -> Iterator[Written]:
    match placed.step:
        case WaitStep(wait=Until(until=str() as text)) if not CLOCK.fullmatch(text):
            yield Written((*placed.place, "wait", "until"), text, AT_STEP, question=False, before=placed)
        case WaitForStep(wait_for=awaited):
            if awaited.where is not None:
                yield Written((*placed.place, "wait_for", "where"), awaited.where, AT_EVENT | {"steps"}, before=placed)
            if awaited.until is not None and not CLOCK.fullmatch(awaited.until):
                place = (*placed.place, "wait_for", "until")
                yield Written(place, awaited.until, AT_STEP, question=False, before=placed)
        case SplitStep():
            for index, branch in enumerate(placed.step.split):
                if branch.when is not None:
                    yield Written((*placed.place, "split", index, "when"), branch.when, AT_STEP, before=placed)
        case SetStep():
            for name, value in placed.step.set.items():
                if expression_in(value) is not None:
                    yield Written((*placed.place, "set", name), value, AT_STEP, question=False, before=placed)
        case RepeatStep() if placed.step.repeat.while_ is not None:
            yield Written((*placed.place, "repeat", "while"), placed.step.repeat.while_, AT_STEP, before=placed)


def parsed(text: str) -> Condition | None:
    """The condition of a text that says one; None for a date written out."""
    return None if _is_date(text) else parse(text)


@dataclass(frozen=True, slots=True)
class Known:
    """The names an expression may use: the policy's, the steps that can have run before it, and all of the journey."""

    policy: Policy | None
    earlier: Mapping[str, Step] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()


def faults_of(written: Written, document: Document, known: Known) -> list[Fault]:
    """What is wrong with one expression: how it reads, what it names, and whether it can ever be true."""
    if not written.question and _is_date(written.text):
        return []
    try:
        condition = parse(written.text)
    except ExpressionFault as fault:
        return [document.fault(written.place, fault.what, fault.fix, fault.column)]
    found = [*_kind(written, condition, document), *_names(written, condition, document, known)]
    if written.question and not found and True not in outcomes(condition.tree):
        found.append(document.fault(written.place, "this can never be true", "correct it, or leave it out", 1))
    return found


def _kind(written: Written, condition: Condition, document: Document) -> Iterator[Fault]:
    if written.question and condition.kind not in ("truth", "any"):
        yield document.fault(written.place, "this is a value, not a yes or no", "compare it with something", 1)
    if written.place[-1] == "until" and condition.kind not in ("time", "any"):
        fix = 'write a path to a date, or a time such as "09:00"'
        yield document.fault(written.place, "this is no time", fix, 1)


def _names(written: Written, condition: Condition, document: Document, known: Known) -> Iterator[Fault]:
    for node in walk(condition.tree):
        if isinstance(node, NamePath) and node.root not in written.sees:
            other = "event" if "event" in written.sees else "steps"
            fix = _INSTEAD.get((node.root, other), f"it sees {', '.join(sorted(written.sees))}")
            yield document.fault(written.place, f"{node.root} is not at hand here", fix, node.column)
        if isinstance(node, Compare):
            yield from _outcomes(written, node, document, known)
    for reference in condition.reads.references:
        problem = _problem(reference, known, "steps" in written.sees)
        if problem:
            yield document.fault(written.place, *problem, reference.column)


def _outcomes(written: Written, node: Compare, document: Document, known: Known) -> Iterator[Fault]:
    """An outcome a step never has is compared with for nothing."""
    left, right = node.left, node.right
    if not (isinstance(left, NamePath) and left.root == "steps" and left.keys[1:] == ("outcome",)):
        return
    step = known.earlier.get(left.keys[0])
    if step is None or not isinstance(right, Literal) or not isinstance(right.value, str):
        return
    has = answers(step)
    if has and right.value not in has:
        what = f'step "{left.keys[0]}" is never "{right.value}"'
        yield document.fault(written.place, what, did_you_mean(right.value, has), right.column)


def answers(step: Step) -> tuple[str, ...]:  # noqa: PLR0911 - one return per kind
    """The outcomes a step may have, empty when it answers nothing at all; a split answers which branch it took."""
    match step:
        case SendStep():
            return ("sent", "withheld", "failed")
        case WaitForStep():
            return ("happened", "failed")
        case WaitStep(wait=Until()):
            return ("failed",)
        case SetStep() | JoinStep() | LeaveStep() | DecideStep():
            return ("done", "failed")
        case WaitStep() | ExperimentStep() | ExitStep():
            return ()
        case RepeatStep():
            return () if step.repeat.while_ is None else ("asked",)
    return ("asked",)


def _problem(  # noqa: PLR0911 - one return per kind
    reference: Reference, known: Known, sees_steps: bool
) -> tuple[str, str] | None:
    if reference.kind in _LATER:
        return f"{_LATER[reference.kind]}() is not available yet", "leave it out for now"
    if reference.kind == "step" and sees_steps and reference.name not in known.earlier:
        if reference.name in known.ids:
            return f'step "{reference.name}" has not run by then', "name an earlier step"
        return f'unknown step "{reference.name}"', did_you_mean(reference.name, known.ids, "give the step an id")
    if reference.kind == "step" and sees_steps and not answers(known.earlier[reference.name]):
        return f'step "{reference.name}" answers nothing', "name a step that does: a send, a wait_for, a split"
    if known.policy is None or reference.kind not in ("audience", "topic", "channel"):
        return None
    names = {
        "audience": set(known.policy.audiences),
        "topic": set(known.policy.topics),
        "channel": {"email", "sms", "push"},
    }[reference.kind]
    if reference.name in names:
        return None
    return f'unknown {reference.kind} "{reference.name}"', did_you_mean(
        reference.name, names, "define it in policy.yaml"
    )


def zone_fault(document: Document, place: Place, zone: str | None) -> list[Fault]:
    """A zone is an IANA name, or ``profile`` for the person's own."""
    if zone is None or zone == "profile" or zone_named(zone) is not None:
        return []
    return [document.fault(place, f'"{zone}" is no time zone', "write profile or an IANA name such as Europe/Helsinki")]


def _is_date(text: str) -> bool:
    return iso_time(text, UTC) is not None
