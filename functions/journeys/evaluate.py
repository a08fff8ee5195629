"""Which way, until when, and what is to be said? What a machine asks when a step depends on the person or acts on
them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.decisioning.api import Decisions
from functions.journeys.acts import ACTS, act_of
from functions.journeys.api import Enrolments
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Facts, parse
from functions.journeys.give_way import gives_way
from functions.journeys.go_on import go_on
from functions.journeys.machines import Machines
from functions.journeys.overlay import laid_over
from functions.journeys.times import resolve_until
from functions.profiles.api import Profiles
from functions.profiles.model import Snapshot
from functions.shared.bus import Bus, BusEvent
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import EnrolmentId, ProfileId

NO_BRANCH = -1
# The longest timeout of a task (AWS quotas); its execution ends before.
LONGEST_TIMEOUT = 99_999_999


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Answers with one read; a repetition costs nothing but itself.

    A run that gives way after a merge is ended and stopped instead; its answer then reaches nobody.
    """

    enrolments: Enrolments
    profiles: Profiles
    decisions: Decisions
    common: CommonFacts
    machines: Machines
    bus: Bus

    def evaluate(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a task of the machine, by its ``do``: ``split`` -> ``{"branch": n}``, ``wait`` -> ``{"until":
        t}``, ``wait_for`` -> ``{"seconds": n}``, ``continue`` -> ``{"run": n}``, acts -> ``{"outcome", "did"}``."""
        if task["do"] in ACTS:
            return self._act(task)
        if task["do"] == "continue":
            return go_on(task, self.enrolments, self.machines)
        return {"split": self._split, "wait": self._wait, "wait_for": self._wait_for}[task["do"]](task)

    def _split(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """The first branch that certainly holds. Conditions come with the task, so people in flight keep theirs."""
        facts = self._facts(task, task["branches"])
        if facts is None:
            return {"branch": NO_BRANCH}
        holding = (index for index, text in enumerate(task["branches"]) if parse(text).holds(facts))
        return {"branch": next(holding, NO_BRANCH)}

    def _wait(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """When to go on; a time that is past is now. Raises ``UnreadableDate`` when there is no such time."""
        facts = self._facts(task, [task["until"]["until"]])
        if facts is None:
            return {"until": task["entered_at"]}
        return {"until": format_instant(max(resolve_until(task["until"], facts), facts.now))}

    def _wait_for(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """How long to wait for an event, in whole seconds, at least one. Raises ``UnreadableDate`` like ``_wait``."""
        facts = self._facts(task, [task["until"]["until"]])
        if facts is None:
            return {"seconds": 1}
        ahead = (resolve_until(task["until"], facts) - facts.now) / timedelta(seconds=1)
        return {"seconds": min(max(math.ceil(ahead), 1), LONGEST_TIMEOUT)}

    def _act(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Says on the bus what the step does; a run that has ended says nothing any more."""
        facts = self._facts(task, ())
        act = None if facts is None else act_of(task, facts)
        if act is None:
            return {"outcome": "done", "did": {}}
        self.bus.publish([BusEvent(act.name, act.message)])
        return {"outcome": "done", "did": dict(act.did)}

    def _facts(self, task: Mapping[str, Any], expressions: Iterable[str]) -> Facts | None:
        """What conditions may ask about; None when the run goes on no more."""
        profile, enrolment = ProfileId(task["profile"]), EnrolmentId(task["enrolment"])
        with self.enrolments.reading() as transaction:
            run = self.enrolments.request(transaction, profile, enrolment)
            person = self.profiles.request(transaction, profile)
            intervals = {
                event: self.decisions.request(transaction, event) for event in self.common.expected_by(expressions)
            }
        # The instant the machine came to the step: asked again after a failure, the answer is the same.
        now = parse_instant(task["entered_at"])
        entered, snapshot = run.enrolment(), person.snapshot()
        if entered and snapshot and gives_way(entered, snapshot, self.enrolments, self.machines, now):
            return None
        if task["do"] in ACTS and (entered is None or not entered.running):
            return None
        learned = {event: future.interval() for event, future in intervals.items()}
        return self.common.about(
            laid_over(snapshot or Snapshot.of_nobody(profile, now), task["steps"]),
            now,
            entry=entered.entry if entered else None,
            steps=task["steps"],
            population={event: interval for event, interval in learned.items() if interval is not None},
        )
