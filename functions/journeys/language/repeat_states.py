"""Which states does a loop become? A head that asks whether to go on, and a pass that counts."""

from typing import Any

from functions.journeys.language.asl import State, caught, ending, evaluate
from functions.journeys.language.loops import Loops
from functions.journeys.language.state_names import GOES_ON
from functions.journeys.language.step_states import Here, States, ask, branch_taken
from functions.journeys.language.steps import RepeatStep


def repeat(step: RepeatStep, here: Here, loops: Loops) -> States:
    """``$.loops`` is written anew with every pass: the loop's own count, and ``visit`` and ``passes`` of all loops."""
    states: States = {}
    if step.repeat.while_ is not None:
        states[here.name("main")] = ask([step.repeat.while_], here)
        head, again = here.name("choice"), branch_taken(here, 0, here.name("pass"))
    else:
        counted = {"Variable": f"$.loops.{here.id}", "NumericLessThan": step.repeat.times}
        head, again = here.name("main"), {**counted, "Next": here.name("pass")}
    states[head] = {"Type": "Choice", "Choices": [*_full(again, here, loops), again], "Default": here.after}
    states[here.name("pass")] = {
        "Type": "Pass",
        "Parameters": _counted(here, loops),
        "ResultPath": "$.loops",
        "Next": here.ways["repeat", "steps"],
    }
    if loops.passes is not None:
        states[here.name("continue")] = _go_on(here, loops)
    states[here.name("failed")] = ending("failed", "step_failed")
    return states


def _full(again: State, here: Here, loops: Loops) -> list[State]:
    """One more pass would be one too many for this execution."""
    if loops.passes is None:
        return []
    question = {key: value for key, value in again.items() if key != "Next"}
    full = {"Variable": "$.loops.passes", "NumericGreaterThanEquals": loops.passes}
    return [{"And": [question, full], "Next": here.name("continue")}]


def _counted(here: Here, loops: Loops) -> dict[str, Any]:
    def one(count: str) -> tuple[str, Any]:
        if count in ("visit", "passes", here.id):
            return f"{count}.$", f"States.MathAdd($.loops.{count}, 1)"
        return (count, 0) if count in loops.inside[here.id] else (f"{count}.$", f"$.loops.{count}")

    return dict(one(count) for count in ("visit", "passes", *loops.ids))


def _go_on(here: Here, loops: Loops) -> State:
    """A new execution takes over what this one carries, and resumes at the head of the loop."""
    said: dict[str, Any] = {
        "do": "continue",
        **here.says,
        "execution.$": "$$.Execution.Name",
        "resume_at": here.name("main"),
        "contacts.$": "$.contacts",
        "loops": {"visit.$": "$.loops.visit", "passes": 0, **{f"{one}.$": f"$.loops.{one}" for one in loops.ids}},
    }
    return evaluate(
        said, {}, None, [caught("States.ALL", here.result, here.name("failed"))], here.names["end", GOES_ON]
    )
