"""Which two journeys can write to one person in the same days? Both are sound; together they may be too much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.conditions.tree import Join
from functions.journeys.durations import in_words, parse_duration
from functions.journeys.language.definition import Journey
from functions.journeys.language.faults import Fault
from functions.journeys.language.loops import longest_until
from functions.journeys.language.possible import outcomes
from functions.journeys.language.project import Project
from functions.journeys.language.reader import Place
from functions.journeys.language.steps import (
    ExitStep,
    RepeatStep,
    SendStep,
    Step,
    Until,
    WaitForStep,
    WaitStep,
    blocks_of,
)

WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Between so long and so long after entry; ``latest`` None: nobody can tell."""

    earliest: timedelta = timedelta(0)
    latest: timedelta | None = timedelta(0)

    def after(self, least: timedelta, most: timedelta | None) -> "Span":
        """A wait of between so long and so long later."""
        latest = None if self.latest is None or most is None else self.latest + most
        return Span(self.earliest + least, latest)

    def meets(self, other: "Span") -> bool:
        """Whether the two can lie within one window. What nobody can tell is not warned of."""
        if self.latest is None or other.latest is None:
            return False
        return self.earliest - other.latest < WINDOW and other.earliest - self.latest < WINDOW


def clashes(project: Project) -> Iterator[Fault]:
    """Pairs of marketing journeys that one event may enter both, with messages that fall together."""
    folders = [
        (one, one.definition) for one in project.journeys if one.definition and one.definition.class_ == "marketing"
    ]
    for (_, first), (folder, second) in combinations(folders, 2):
        shared = [name for name in first.entry.on or () if name in (second.entry.on or ())]
        grouped = first.group is not None and first.group == second.group
        if shared and not grouped and not _exclude(first, second) and _together(first, second):
            what = (
                f'one person may hear from "{first.journey}" and from this journey within {in_words(WINDOW)}: '
                f"{shared[0]} enters both"
            )
            yield folder.document.warning(("entry",), what, "tell the entries apart with where:, or move a wait")


def _exclude(first: Journey, second: Journey) -> bool:
    """Whether no event fits both conditions."""
    if first.entry.where is None or second.entry.where is None:
        return False
    try:
        trees = (parse(first.entry.where).tree, parse(second.entry.where).tree)
    except ExpressionFault:
        return True
    return True not in outcomes(Join("and", trees))


def _together(first: Journey, second: Journey) -> bool:
    spans = [_sends(one.steps, Span())[0] for one in (first, second)]
    return any(one.meets(other) for one in spans[0] for other in spans[1])


def _sends(steps: Sequence[Step], at: Span) -> tuple[list[Span], Span]:
    """When each send may happen, and when the block may be over."""
    found: list[Span] = []
    for step in steps:
        if isinstance(step, ExitStep):
            break
        if isinstance(step, SendStep):
            found.append(at)
        before, at = at, _after(step, at)
        ends = [at]
        for inside, block in blocks_of(step):
            sent, end = _sends(block, _begins(step, inside, before))
            found += sent
            ends.append(end)
        known = [one.latest for one in ends if one.latest is not None]
        at = Span(at.earliest, max(known) if len(known) == len(ends) else None)
    return found, at


def _begins(step: Step, inside: Place, before: Span) -> Span:
    """When a block inside a step begins, the first time: whom nothing happened to goes on when the time is up."""
    if isinstance(step, RepeatStep):
        return before
    if inside == ("otherwise",) and isinstance(step, WaitForStep) and step.wait_for.within is not None:
        length = parse_duration(step.wait_for.within)
        return before.after(length, length)
    return _after(step, before)


def _after(step: Step, at: Span) -> Span:
    match step:
        case WaitStep(wait=str() as duration):
            return at.after(parse_duration(duration), parse_duration(duration))
        case WaitStep(wait=Until() as until):
            return at.after(timedelta(0), longest_until(until) or None)
        case WaitForStep(wait_for=awaited):
            most = longest_until(awaited) or None if awaited.within is None else parse_duration(awaited.within)
            return at.after(timedelta(0), most)
        case RepeatStep():
            return at.after(timedelta(0), None)
    return at
