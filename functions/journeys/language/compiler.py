"""What state machine is a journey? A pure function to JSONPath ASL: same definition and version in, same bytes out.

Placeholders ``${...}`` are filled by whoever deploys: CloudFormation's DefinitionSubstitutions or the laptop target.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.journeys.language import repeat_states, send_states, step_states
from functions.journeys.language.asl import ALREADY_ENDED, State, ending, reachable
from functions.journeys.language.definition import Journey, placed_steps
from functions.journeys.language.loops import loops_of
from functions.journeys.language.reader import Place
from functions.journeys.language.state_names import (
    COMPLETED,
    GOES_ON,
    RESUME,
    START,
    WAIT_TO_RESUME,
    Names,
)
from functions.journeys.language.step_states import Here, States
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
    WaitForStep,
    WaitStep,
    blocks_of,
)
from functions.shared.names import CHANNELS, Channel


def compile_journey(
    journey: Journey, version: str, channels: Mapping[str, Sequence[Channel]] | None = None
) -> dict[str, Any]:
    """The ASL definition of a checked journey; ``version`` travels with every message and evaluation as a literal.

    ``channels`` = for each template the channels it can go on, best first: what ``preferred`` and ``all`` stand for.
    """
    return _Machine(journey, version, channels or {}).definition()


class _Machine:
    """One compilation: names first, then the states of every step, each told what comes after it."""

    def __init__(self, journey: Journey, version: str, channels: Mapping[str, Sequence[Channel]]) -> None:
        self.journey = journey
        self.version = version
        self.channels = channels
        self.steps = placed_steps(journey)
        self.ids = {placed.place: placed.id for placed in self.steps}
        self.loops = loops_of(journey)
        self.names = Names()
        self.states: States = {}

    def definition(self) -> dict[str, Any]:
        reasons = self._name_all()
        first = self._entry(self.journey.steps, ("steps",), COMPLETED)
        self._block(self.journey.steps, ("steps",), COMPLETED)
        self.states[COMPLETED] = ending("completed", None)
        for reason in reasons:
            self.states[self.names["exit", reason]] = ending("exited", reason)
        self.states[self.names["end", GOES_ON]] = {"Type": "Succeed"}
        self.states[ALREADY_ENDED] = {"Type": "Succeed"}
        reached = reachable(self.states, first)
        return {
            "Comment": f"{self.journey.title or self.journey.journey} ({self.journey.journey} {self.version})",
            "StartAt": START,
            "States": {**self._beginning(first, reached), **reached},
        }

    def _name_all(self) -> list[str]:
        """Names in document order; the reasons of exits, each once."""
        names = self.names
        for name in (START, WAIT_TO_RESUME, RESUME):
            names.give("end", name, name)
        for placed in self.steps:
            parallel = self._channels(placed.step) if isinstance(placed.step, SendStep) else ()
            names.give_step(placed, parallel if _side_by_side(placed.step, parallel) else ())
        names.give("end", COMPLETED, COMPLETED)
        reasons = list(dict.fromkeys(one.step.exit for one in self.steps if isinstance(one.step, ExitStep)))
        for reason in reasons:
            names.give("exit", reason, f"Exit: {reason}")
        names.give("end", GOES_ON, GOES_ON)
        names.give("end", ALREADY_ENDED, ALREADY_ENDED)
        return reasons

    def _beginning(self, first: str, reached: Mapping[str, State]) -> States:
        """Every run starts with a Choice, so that one that goes on elsewhere can be resumed at any step, also later."""
        doors = [
            self._door(placed.step, placed.place) for placed in self.steps if not isinstance(placed.step, ExitStep)
        ]
        # Who has waited in an earlier version goes on after the wait.
        doors += [state["Next"] for state in reached.values() if "Seconds" in state]
        # A Choice needs a rule, also where the journey is one exit.
        doors = [name for name in dict.fromkeys(doors) if name in reached] or [first]
        rules = [{"Variable": "$.resume_at", "StringEquals": name, "Next": name} for name in doors]
        later = {"Variable": "$.resume_until", "IsPresent": True, "Next": WAIT_TO_RESUME}
        return {
            START: {"Type": "Choice", "Choices": [later, *rules], "Default": first},
            WAIT_TO_RESUME: {"Type": "Wait", "TimestampPath": "$.resume_until", "Next": RESUME},
            RESUME: {"Type": "Choice", "Choices": rules, "Default": first},
        }

    # Wiring

    def _entry(self, steps: Sequence[Step], place: Place, following: str) -> str:
        """The state a block of steps begins with; what follows when it is empty."""
        return self._door(steps[0], (*place, 0)) if steps else following

    def _door(self, step: Step, place: Place) -> str:
        return self.names["exit", step.exit] if isinstance(step, ExitStep) else self.names[place, "main"]

    def _block(self, steps: Sequence[Step], place: Place, following: str) -> None:
        for index, step in enumerate(steps):
            if isinstance(step, ExitStep):
                return
            here = (*place, index)
            last = index + 1 == len(steps)
            after = following if last else self._door(steps[index + 1], (*place, index + 1))
            # The end of a pass is the head of its loop.
            end_inside = self._door(step, here) if isinstance(step, RepeatStep) else after
            blocks = list(blocks_of(step))
            ways = {inside: self._entry(block, (*here, *inside), end_inside) for inside, block in blocks}
            standing = Here(self.journey, self.version, self.names, self.ids[here], here, after, ways)
            # Whoever stands in a state stands in this step: what a later version is compared by.
            self.states |= {
                name: {"Comment": standing.id, **state} for name, state in self._states(step, standing).items()
            }
            for inside, block in blocks:
                self._block(block, (*here, *inside), end_inside)

    def _states(self, step: Step, here: Here) -> States:  # noqa: PLR0911 - one return per kind
        match step:
            case WaitStep():
                return step_states.wait(step, here)
            case SendStep():
                return self._send(step, here)
            case WaitForStep():
                return step_states.wait_for(step, here)
            case SplitStep():
                return step_states.split(step, here)
            case ExperimentStep():
                return step_states.experiment(step, here)
            case RepeatStep():
                return repeat_states.repeat(step, here, self.loops)
            case SetStep() | JoinStep() | LeaveStep() | DecideStep():
                return step_states.act(step, here)
        raise NotImplementedError(f"{step.kind}: is not available yet")

    def _send(self, step: SendStep, here: Here) -> States:
        channels = self._channels(step)
        if _side_by_side(step, channels):
            return send_states.send_all(step, here, channels)
        return send_states.send(step, here, channels)

    def _channels(self, step: SendStep) -> list[Channel]:
        """The channels a send may use, in order."""
        if step.channel[0] in ("preferred", "all"):
            return list(self.channels.get(step.send, CHANNELS))
        return sorted((one for one in CHANNELS if one in step.channel), key=step.channel.index)


def _side_by_side(step: Step, channels: Sequence[Channel]) -> bool:
    return isinstance(step, SendStep) and "all" in step.channel and len(channels) > 1
