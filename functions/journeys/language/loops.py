"""How many passes fit into one execution? Its history and its life are bounded; what loops goes on in a new one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from functions.journeys.durations import parse_duration
from functions.journeys.language.asl import ATTEMPTS, SEND_TIMEOUT_SECONDS
from functions.journeys.language.definition import Journey, Placed, placed_steps
from functions.journeys.language.steps import (
    CallStep,
    ExperimentStep,
    RepeatStep,
    SendStep,
    Step,
    Timed,
    Until,
    WaitForStep,
    WaitStep,
    blocks_of,
)
from functions.journeys.times import CLOCK

# Step Functions fails an execution at 25,000 events and ends one after a year (AWS quotas). What no bound foresees,
# such as a date far ahead or an operator's pause, has the rest.
MOST_EVENTS = 20_000
LONGEST = timedelta(days=360)
# Entered and exited; scheduled, started and succeeded; a retry is one failed, scheduled and started more.
PASSING = 2
TASK = PASSING + 3 + 3 * ATTEMPTS
# Also submitted, each time.
TOKEN_TASK = TASK + 1 + ATTEMPTS
# A gate holds a message until quiet hours end or a window turns; more than this often in one pass is not foreseen.
HOLDS = 4
SEND = (HOLDS + 1) * TOKEN_TASK + HOLDS * PASSING + 2 * PASSING
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Bound:
    """At most so many events and so much time."""

    events: int = 0
    time: timedelta = timedelta(0)

    def __add__(self, other: "Bound") -> "Bound":
        return Bound(self.events + other.events, self.time + other.time)

    def either(self, other: "Bound") -> "Bound":
        """Of two ways, whichever is longer in each respect."""
        return Bound(max(self.events, other.events), max(self.time, other.time))


# Every execution is begun, perhaps resumed after a wait, and ended or gone on with.
AROUND = Bound(5 * PASSING + 2 * TASK)


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops of a journey by step id, in document order; ``inside`` = those within each.

    ``passes`` = after so many passes of all of them an execution is full; None: it never comes to so many.
    """

    ids: Sequence[str]
    inside: Mapping[str, Sequence[str]]
    passes: int | None


def loops_of(journey: Journey) -> Loops:
    """What the compiler must know of a journey's loops."""
    placed = [one for one in placed_steps(journey) if isinstance(one.step, RepeatStep)]
    inside = {one.id: [other.id for other in placed if _within(other, one)] for one in placed}
    return Loops([one.id for one in placed], inside, _passes(journey.steps) if placed else None)


def _within(one: Placed, other: Placed) -> bool:
    return one is not other and one.place[: len(other.place)] == other.place


def _passes(steps: Sequence[Step]) -> int | None:
    outside = _way(steps) + AROUND
    each = Bound()
    for body in _bodies(steps):
        each = each.either(body)
    fits = (MOST_EVENTS - outside.events) // each.events
    if each.time:
        fits = min(fits, (LONGEST - outside.time) // each.time)
    most = _most_passes(steps)
    return None if most is not None and most <= fits else max(1, fits)


def _way(steps: Sequence[Step]) -> Bound:
    """The longest way through a block; of a loop only its head, for its passes are counted by themselves."""
    total = Bound()
    for step in steps:
        longest = Bound()
        if not isinstance(step, RepeatStep):
            for _, block in blocks_of(step):
                longest = longest.either(_way(block))
        total = total + _own(step) + longest
    return total


def _bodies(steps: Sequence[Step]) -> Iterator[Bound]:
    for step in steps:
        for _, block in blocks_of(step):
            if isinstance(step, RepeatStep):
                yield _own(step) + _way(block)
            yield from _bodies(block)


def _most_passes(steps: Sequence[Step]) -> int | None:
    """How many passes there are at most, of all loops together; None where a condition decides."""
    total = 0
    for step in steps:
        inner = [_most_passes(block) for _, block in blocks_of(step)]
        passes = sum(one or 0 for one in inner)
        if None in inner or (isinstance(step, RepeatStep) and step.repeat.times is None):
            return None
        if isinstance(step, RepeatStep):
            passes = (step.repeat.times or 0) * (1 + passes)
        total += passes
    return total


def _own(step: Step) -> Bound:  # noqa: PLR0911 - one return per kind
    match step:
        case WaitStep(wait=str() as duration):
            return Bound(PASSING, parse_duration(duration))
        case WaitStep(wait=Until() as until):
            return Bound(TASK + 2 * PASSING, longest_until(until))
        case WaitForStep(wait_for=awaited) if awaited.within is not None:
            return Bound(TOKEN_TASK, parse_duration(awaited.within))
        case WaitForStep(wait_for=awaited):
            return Bound(TASK + TOKEN_TASK + PASSING, longest_until(awaited))
        case SendStep():
            sends = CHANNELS if "all" in step.channel else 1
            return Bound(sends * SEND + 4 * PASSING, timedelta(seconds=SEND_TIMEOUT_SECONDS))
        case ExperimentStep():
            return Bound(PASSING)
        case CallStep():
            return Bound(TOKEN_TASK + PASSING)
    # A task and at most two states around it: a choice after it, and the pass that counts a loop or says it failed.
    return Bound(TASK + 2 * PASSING)


def longest_until(until: Timed) -> timedelta:
    """How long a wait until a time of day takes at most; of a date nobody knows, so nought."""
    if until.until is None or not CLOCK.fullmatch(until.until):
        return timedelta(0)
    return timedelta(days=7 if until.days else 1)
