"""What does a compiled machine say of its steps? Where each begins, and what it means to stand in one of its states."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

from functions.journeys.language.state_names import WAIT_TO_RESUME

Standing = Literal["fixed wait", "waiting", "resuming", "busy"]
ARM = re.compile(r"\$\.arms\.([A-Za-z0-9_-]+)")
LOOP = re.compile(r"\$\.loops\.([A-Za-z0-9_]+)")
# Of every loop, not of one.
COUNTS = frozenset({"visit", "passes"})


@dataclass(frozen=True)
class Machine:
    """A definition as it was deployed; each state's ``Comment`` is the id of its step."""

    definition: Mapping[str, Any]

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """The states by name; those inside a Parallel are not among them."""
        states: Mapping[str, Mapping[str, Any]] = self.definition["States"]
        return states

    @cached_property
    def doors(self) -> Mapping[str, str]:
        """The state each step begins with, by the step's id, in the order of the journey."""
        doors: dict[str, str] = {}
        for name, state in self.states.items():
            if "Comment" in state:
                doors.setdefault(state["Comment"], name)
        return doors

    def step_of(self, state: str) -> str | None:
        """The step a state belongs to; None for those that belong to none."""
        found = self.states.get(state, {}).get("Comment")
        return None if found is None else str(found)

    def standing(self, state: str) -> Standing:
        """What somebody does who stands in a state: waits, or is busy with something that cannot be left."""
        said = self.states.get(state, {})
        if state == WAIT_TO_RESUME:
            return "resuming"
        if said.get("Type") == "Wait":
            return "fixed wait" if "Seconds" in said else "waiting"
        # A wait for an event, or for the end of a pause; a message's task ends with its message.
        waits = said.get("Type") == "Task" and said["Resource"].endswith(":lambda:invoke.waitForTaskToken")
        return "waiting" if waits else "busy"

    def fixed_wait(self, step: str) -> tuple[timedelta, str] | None:
        """How long a step waits that waits always the same, and the state after it."""
        state = self.states[self.doors[step]]
        if state["Type"] != "Wait" or "Seconds" not in state:
            return None
        return timedelta(seconds=state["Seconds"]), state["Next"]

    @cached_property
    def experiments(self) -> frozenset[str]:
        """The experiments whose arms it asks for."""
        variables = (rule.get("Variable", "") for state in self.states.values() for rule in state.get("Choices", ()))
        return frozenset(found[1] for found in map(ARM.fullmatch, variables) if found)

    @cached_property
    def loops(self) -> frozenset[str]:
        """The ids of its repeat steps."""
        passes = [state for state in self.states.values() if state.get("ResultPath") == "$.loops"]
        return frozenset(name.removesuffix(".$") for one in passes for name in one["Parameters"]) - COUNTS
