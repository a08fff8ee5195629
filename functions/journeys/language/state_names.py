"""What is each state called? Names in document order, unique in a machine, so that they do not depend on the wiring."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from functions.journeys.language.definition import Placed
from functions.journeys.language.reader import Place
from functions.journeys.language.steps import (
    ExitStep,
    RepeatStep,
    SendStep,
    SplitStep,
    Step,
    Until,
    WaitForStep,
    WaitStep,
)
from functions.journeys.language.titles import send_title, split_question, step_title, while_question
from functions.shared.names import Channel

START, WAIT_TO_RESUME, RESUME = "Start", "Wait to resume", "Resume"
COMPLETED = "Completed"
GOES_ON = "Goes on in a new execution"
MAX_STATE_NAME = 80
OUTCOMES = ("sent", "withheld", "failed")

Role: TypeAlias = str
"""Which of its step's states a state is: ``main`` is the one the step begins with."""


class Names:
    """The names of one machine's states."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._names: dict[tuple[Place | str, Role], str] = {}

    def give(self, key: Place | str, role: Role, wanted: str) -> str:
        """The name of a state that has none yet: the wanted one, or as close to it as is free."""
        name = unique(wanted, self._taken)
        self._taken.add(name)
        self._names[key, role] = name
        return name

    def give_step(self, placed: Placed, parallel: Sequence[Channel]) -> None:
        """Names every state of a step; ``parallel`` = the channels it sends on side by side."""
        for role, wanted in _wanted(placed.step, parallel):
            self.give(placed.place, role, wanted)

    def __getitem__(self, key: tuple[Place | str, Role]) -> str:
        return self._names[key]

    def __contains__(self, key: object) -> bool:
        return key in self._names


def _wanted(step: Step, parallel: Sequence[Channel]) -> Iterator[tuple[Role, str]]:  # noqa: PLR0911 - one per kind
    title = step_title(step)
    match step:
        case ExitStep():
            return iter(())
        case SendStep() if parallel:
            return _parallel(step, title, parallel)
        case SendStep():
            outcome = [("outcome", f"Outcome: {title}")] if step.on is not None else []
            aside = [(role, f"{role.capitalize()}: {title}") for role in ("held", "paused", "failed")]
            return iter([("main", title), *outcome, *aside])
        case WaitStep(wait=Until()):
            return _timed(title, "wait")
        case WaitForStep() if step.wait_for.until is not None:
            return chain(_timed(title, "wait"), [("paused", f"Paused: {title}")])
        case WaitForStep():
            return iter([("main", title), ("paused", f"Paused: {title}"), ("failed", f"Failed: {title}")])
        case SplitStep():
            return iter([("main", title), ("choice", split_question(step)), ("failed", f"Failed: {title}")])
        case RepeatStep():
            return _loop(step, title)
        case WaitStep():
            return iter([("main", title)])
    failing = [] if step.kind == "experiment" else [("failed", f"Failed: {title}")]
    return iter([("main", title), *failing])


def _timed(title: str, role: Role) -> Iterator[tuple[Role, str]]:
    yield "main", f"Find the time: {title}"
    yield role, title
    yield "unreadable", f"Unreadable date: {title}"
    yield "failed", f"Failed: {title}"


def _parallel(step: SendStep, title: str, channels: Iterable[Channel]) -> Iterator[tuple[Role, str]]:
    yield "main", title
    for channel in channels:
        on_channel = send_title(step, [channel])
        yield channel, on_channel
        yield f"held {channel}", f"Held: {on_channel}"
        yield f"paused {channel}", f"Paused: {on_channel}"
        yield f"failed {channel}", f"Failed: {on_channel}"
    yield "choice", f"Outcome: {title}"
    for outcome in OUTCOMES:
        yield outcome, f"{outcome.capitalize()}: {title}"


def _loop(step: RepeatStep, title: str) -> Iterator[tuple[Role, str]]:
    yield "main", title
    if step.repeat.while_ is not None:
        yield "choice", while_question(step)
    yield "pass", f"Next pass: {title}"
    yield "continue", f"Go on in a new execution: {title}"
    yield "failed", f"Failed: {title}"


def unique(wanted: str, taken: set[str]) -> str:
    """A state name nobody has: `` (2)`` for the second, at most 80 characters."""
    number = 1
    while True:
        name = shortened(wanted if number == 1 else f"{wanted} ({number})")
        if name not in taken:
            return name
        number += 1


def shortened(name: str) -> str:
    """A name of more than 80 characters becomes its first 71, a space and 8 hex digits of its hash."""
    if len(name) <= MAX_STATE_NAME:
        return name
    return f"{name[:71]} {hashlib.sha256(name.encode()).hexdigest()[:8]}"
