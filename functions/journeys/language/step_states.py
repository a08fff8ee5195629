"""Which states does each step become? Waits, questions and acts; messages and loops have modules of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.journeys.language.asl import (
    INVOKE,
    PERSON,
    RETRY_LAMBDA,
    State,
    caught,
    ending,
    evaluate,
    standing_still,
)
from functions.journeys.language.definition import Journey
from functions.journeys.language.fields import seconds_of
from functions.journeys.language.reader import Place
from functions.journeys.language.state_names import Names
from functions.journeys.language.steps import (
    DecideStep,
    ExperimentStep,
    JoinStep,
    LeaveStep,
    Outcomes,
    SetStep,
    SplitStep,
    Timed,
    WaitForStep,
    WaitStep,
)

States = dict[str, State]


@dataclass(frozen=True, slots=True)
class Here:
    """A step where it stands: its id and place, the state that comes after it, and the one each block inside begins
    with."""

    journey: Journey
    version: str
    names: Names
    id: str
    place: Place
    after: str
    ways: Mapping[Place, str]

    def name(self, role: str) -> str:
        """The name of one of the step's states."""
        return self.names[self.place, role]

    @property
    def result(self) -> str:
        """Where what the step answers is kept; later steps read it as ``steps.ID``."""
        return f"$.steps.{self.id}"

    @property
    def says(self) -> dict[str, str]:
        """Which step of which run asks, in which pass."""
        return {
            "journey": self.journey.journey,
            "version": self.version,
            "step": self.id,
            "visit.$": "$.loops.visit",
        }


def wait(step: WaitStep, here: Here) -> States:
    """A fixed wait is one state."""
    if isinstance(step.wait, str):
        return {here.name("main"): {"Type": "Wait", "Seconds": seconds_of(step.wait), "Next": here.after}}
    until = {"until.$": "$.Payload.until"}
    return {
        **_find_time("wait", step.wait, until, here.result, here),
        here.name("wait"): {"Type": "Wait", "TimestampPath": f"{here.result}.until", "Next": here.after},
        **_unreadable(step.on, here),
        here.name("failed"): ending("failed", "step_failed"),
    }


def wait_for(step: WaitForStep, here: Here) -> States:
    """One task that ends with the event or with its timeout; a computed timeout is asked for first."""
    awaited, timed = step.wait_for, step.wait_for.within is None
    waiting: State = {
        "Type": "Task",
        "Resource": f"{INVOKE}.waitForTaskToken",
        "Parameters": {
            "FunctionName": "${RegisterWaitArn}",
            "Payload": {
                "token.$": "$$.Task.Token",
                **here.says,
                "on": list(awaited.on),
                "where": awaited.where,
                "message": awaited.message,
                **PERSON,
                "entered_at.$": "$$.State.EnteredTime",
            },
        },
        **(
            {"TimeoutSecondsPath": "$.until.seconds"} if timed else {"TimeoutSeconds": seconds_of(awaited.within or "")}
        ),
        "ResultPath": here.result,
        "Retry": RETRY_LAMBDA,
        "Catch": [
            caught("Paused", "$.paused", here.name("paused")),
            caught("States.Timeout", here.result, here.ways["otherwise",]),
            caught("States.ALL", here.result, here.name("failed")),
        ],
        "Next": here.ways["then",],
    }
    # A time that was computed is found anew after a pause: it may have come closer, or passed.
    aside = {
        here.name("paused"): standing_still(here.says, here.name("failed"), here.name("main")),
        here.name("failed"): ending("failed", "step_failed"),
    }
    if not timed:
        return {here.name("main"): waiting, **aside}
    # Beside the answers: a wait that looks back must still see what it got in the pass before.
    seconds = {"seconds.$": "$.Payload.seconds"}
    return {
        **_find_time("wait_for", awaited, seconds, "$.until", here),
        here.name("wait"): waiting,
        **_unreadable(step.on, here),
        **aside,
    }


def _find_time(do: str, until: Timed, selector: Mapping[str, str], result: str, here: Here) -> States:
    failing = [
        caught("UnreadableDate", here.result, here.name("unreadable")),
        caught("States.ALL", here.result, here.name("failed")),
    ]
    asked: dict[str, Any] = {"do": do, **here.says, "until": until.time}
    return {here.name("main"): evaluate(asked, selector, result, failing, here.name("wait"))}


def _unreadable(on: Outcomes | None, here: Here) -> States:
    """A date nobody can read never goes on as if it were now: its own branch, or the end."""
    if on is None or on.failed is None:
        return {here.name("unreadable"): ending("failed", "unreadable_date")}
    return {
        here.name("unreadable"): {
            "Type": "Pass",
            "Result": {"outcome": "failed", "reason": "unreadable_date"},
            "ResultPath": here.result,
            "Next": here.ways["on", "failed"],
        }
    }


def split(step: SplitStep, here: Here) -> States:
    """A question, and the choice it decides."""
    conditions = [branch.when for branch in step.split if branch.when is not None]
    return {
        here.name("main"): ask(conditions, here),
        here.name("choice"): {
            "Type": "Choice",
            "Choices": [
                branch_taken(here, index, here.ways["split", index, "steps"]) for index in range(len(conditions))
            ],
            "Default": here.ways.get(("split", len(conditions), "otherwise"), here.after),
        },
        here.name("failed"): ending("failed", "step_failed"),
    }


def ask(conditions: list[str], here: Here) -> State:
    """Which of these conditions holds? The choice comes next."""
    return evaluate(
        {"do": "split", **here.says, "branches": conditions},
        # The time is what a later wait_for looks back to.
        {"branch.$": "$.Payload.branch", "at.$": "$$.State.EnteredTime"},
        here.result,
        [caught("States.ALL", here.result, here.name("failed"))],
        here.name("choice"),
    )


def branch_taken(here: Here, index: int, following: str) -> State:
    """The rule of a choice for the condition with this index."""
    return {"Variable": f"{here.result}.branch", "NumericEquals": index, "Next": following}


def experiment(step: ExperimentStep, here: Here) -> States:
    """A choice alone: the arm was drawn at entry."""
    return {
        here.name("main"): {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"$.arms.{step.experiment}", "StringEquals": arm, "Next": here.ways["steps", arm]}
                for arm in step.variants
            ],
            "Default": here.after,
        }
    }


def act(step: SetStep | JoinStep | LeaveStep | DecideStep, here: Here) -> States:
    """One task that tells what was done; the way on is the same when it could not be told."""
    told: Any
    match step:
        case SetStep():
            told = {"traits": step.set}
        case JoinStep():
            told = {"audience": step.join}
        case LeaveStep():
            told = {"audience": step.leave}
        case DecideStep():
            told = {"decision": step.decide}
    answer = {"outcome.$": "$.Payload.outcome", "did.$": "$.Payload.did", "at.$": "$$.State.EnteredTime"}
    failing = [caught("States.ALL", here.result, here.name("failed"))]
    return {
        here.name("main"): evaluate({"do": step.kind, **here.says, **told}, answer, here.result, failing, here.after),
        here.name("failed"): {
            "Type": "Pass",
            "Parameters": {"outcome": "failed", "reason": "step_failed", "at.$": "$$.State.EnteredTime"},
            "ResultPath": here.result,
            "Next": here.after,
        },
    }
