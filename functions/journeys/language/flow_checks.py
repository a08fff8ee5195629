"""How does a person get through? Waits that are too long, loops that never rest, steps nobody comes to."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.durations import parse_duration
from functions.journeys.language.expressions import zone_fault
from functions.journeys.language.faults import Fault
from functions.journeys.language.possible import outcomes
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.step_checks import Checked
from functions.journeys.language.steps import (
    ExitStep,
    ExperimentStep,
    RepeatStep,
    SplitStep,
    Step,
    Until,
    WaitForStep,
    WaitStep,
    blocks_of,
)
from functions.journeys.times import CLOCK

# Step Functions ends an execution after a year (AWS quotas, "Maximum execution time").
A_YEAR = timedelta(days=365)
MOST_STEPS = 500
# The counts that all loops share stand beside those of each (functions.journeys.machines).
KEPT_FOR_LOOPS = ("visit", "passes")


def waits(checked: Checked) -> Iterator[Fault]:
    """Lengths, zones and outcomes of waits."""
    document = checked.document
    for placed in checked.steps:
        step, place = placed.step, placed.place
        if isinstance(step, WaitStep):
            yield from _wait(document, place, step)
        elif isinstance(step, WaitForStep):
            awaited = step.wait_for
            if awaited.within is not None:
                yield from length(document, (*place, "wait_for", "within"), awaited.within)
            yield from zone_fault(document, (*place, "wait_for", "zone"), awaited.zone)
            if step.on is not None and awaited.within is not None:
                fix = "leave on: out, or write until:"
                yield document.key_fault((*place, "on"), "only a date can be unreadable", fix)
            elif step.on is not None and step.on.withheld is not None:
                yield document.key_fault((*place, "on", "withheld"), "a wait is never withheld", "write failed:")


def _wait(document: Document, place: Place, step: WaitStep) -> Iterator[Fault]:
    if isinstance(step.wait, str):
        yield from length(document, (*place, "wait"), step.wait)
        if step.on is not None:
            yield document.key_fault((*place, "on"), "a plain wait has no outcomes", "leave on: out")
        return
    yield from zone_fault(document, (*place, "wait", "zone"), step.wait.zone)
    if step.on is not None and step.on.withheld is not None:
        yield document.key_fault((*place, "on", "withheld"), "a wait is never withheld", "write failed:")


def length(document: Document, place: Place, duration: str, longest: timedelta | None = A_YEAR) -> Iterator[Fault]:
    """A duration that is none, or longer than a run."""
    long = parse_duration(duration)
    if longest is not None and long > longest:
        yield document.fault(place, f"{duration} is longer than a year", "a run ends after a year; shorten it")
    if long <= timedelta(0):
        yield document.fault(place, f"{duration} is no time at all", "write how long")


def lengths(checked: Checked) -> Iterator[Fault]:
    """Waits that together outlast a run, and journeys nobody could read."""
    if len(checked.steps) > MOST_STEPS:
        what = f"{len(checked.steps)} steps, {MOST_STEPS} at most"
        yield checked.document.key_fault(("steps",), what, "make two journeys of it")
    longest = _longest(checked.journey.steps)
    if not any(True for _ in waits(checked)) and longest > A_YEAR:
        what = f"the waits add up to {longest.days} days, and a run ends after a year"
        yield checked.document.key_fault(("steps",), what, "shorten them")


def _longest(steps: Sequence[Step]) -> timedelta:
    """Of a loop one pass: a run goes on in a new execution before its passes outlast one."""
    total = timedelta(0)
    for step in steps:
        if isinstance(step, WaitStep) and isinstance(step.wait, str):
            total += parse_duration(step.wait)
        if isinstance(step, WaitForStep) and step.wait_for.within is not None:
            total += parse_duration(step.wait_for.within)
        total += max((_longest(block) for _, block in blocks_of(step)), default=timedelta(0))
    return total


def loops(checked: Checked) -> Iterator[Fault]:
    """A loop rests in every pass, and ends."""
    document = checked.document
    for placed in checked.steps:
        if not isinstance(placed.step, RepeatStep):
            continue
        loop, place = placed.step.repeat, (*placed.place, "repeat")
        if placed.id in KEPT_FOR_LOOPS:
            fix = "choose another"
            yield document.fault((*placed.place, "id"), f'id "{placed.id}" is kept for the counts of loops', fix)
        dated = loop.while_ is None
        if not any(_rests(step, dated) for step in _all(loop.steps)):
            what = "a loop without a wait" if dated or not _waits(loop.steps) else "a date that is past is no wait"
            yield document.key_fault(place, what, "add - wait: 1d to its steps")
        elif not _always_rests(loop.steps, dated) and not _exits(loop.steps):
            what = "a pass of this loop can go by without a wait"
            yield document.warning(place, what, "add a wait to every way through its steps")
        if loop.while_ is not None and _always(loop.while_) and not _can_end(checked, loop.steps):
            yield document.fault((*place, "while"), "this is always true: nobody leaves", "correct it, or add an exit")
        if any(_ends(step) for step in loop.steps):
            yield document.warning(place, "every pass exits, so there is only one", "take its steps out of repeat:")


def _all(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        for _, block in blocks_of(step):
            yield from _all(block)


def _rests(step: Step, dated: bool) -> bool:
    """Whether time certainly passes in a step; a wait until a date may be over before it begins (``dated``: counts)."""
    if isinstance(step, WaitStep) and isinstance(step.wait, Until):
        return dated or CLOCK.fullmatch(step.wait.until or "") is not None
    return isinstance(step, WaitStep | WaitForStep)


def _waits(steps: Sequence[Step]) -> bool:
    return any(isinstance(step, WaitStep | WaitForStep) for step in _all(steps))


def _always_rests(steps: Sequence[Step], dated: bool) -> bool:
    return any(_rests(step, dated) or _every_way_rests(step, dated) for step in steps)


def _every_way_rests(step: Step, dated: bool) -> bool:
    if isinstance(step, SplitStep) and all(branch.when is not None for branch in step.split):
        return False
    if not isinstance(step, SplitStep | ExperimentStep | RepeatStep):
        return False
    return all(_always_rests(block, dated) or _exits(block) for _, block in blocks_of(step))


def _exits(steps: Sequence[Step]) -> bool:
    return any(_ends(step) for step in steps)


def _always(condition: str) -> bool:
    try:
        return outcomes(parse(condition).tree) == {True}
    except ExpressionFault:
        return False


def _can_end(checked: Checked, steps: Sequence[Step]) -> bool:
    outside = checked.journey.exit or (checked.journey.goal is not None and not checked.journey.goal.keep)
    return bool(outside) or any(isinstance(step, ExitStep) for step in _all(steps))


def reach(checked: Checked) -> Iterator[Fault]:
    """Steps after one that always exits."""
    yield from _unreachable(checked.document, checked.journey.steps, ("steps",))


def _unreachable(document: Document, steps: Sequence[Step], place: Place) -> Iterator[Fault]:
    for index, step in enumerate(steps):
        for inside, block in blocks_of(step):
            yield from _unreachable(document, block, (*place, index, *inside))
        if _ends(step) and index + 1 < len(steps):
            what = "never reached: the step before it always exits"
            yield document.fault((*place, index + 1), what, "move it up, or leave it out")
            return


def _ends(step: Step) -> bool:
    """Whether every way through a step exits."""
    match step:
        case ExitStep():
            return True
        case SplitStep() if all(branch.when is not None for branch in step.split):
            return False
        case RepeatStep():
            # A pass there is, unless a condition forbids the first.
            return step.repeat.times is not None and _exits(step.repeat.steps)
        case WaitForStep(on=on):
            unreadable = on is not None and on.failed is not None
            ways = [block for inside, block in blocks_of(step) if inside[0] != "on" or unreadable]
            return all(_exits(block) for block in ways)
        case SplitStep() | ExperimentStep():
            return all(_exits(block) for _, block in blocks_of(step))
    return False
