"""Which way, and until when? What a machine asks when its next step depends on the person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.decisioning.api import Decisions
from functions.journeys.api import Enrolments
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Facts, parse
from functions.journeys.give_way import gives_way
from functions.journeys.machines import Machines
from functions.journeys.times import resolve_until
from functions.profiles.api import Profiles
from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import EnrolmentId, ProfileId

NO_BRANCH = -1


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

    def evaluate(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a task of the machine: ``{"branch": n}`` to ``do: split``, ``{"until": t}`` to ``do: wait``."""
        return {"split": self._split, "wait": self._wait}[task["do"]](task)

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
        learned = {event: future.interval() for event, future in intervals.items()}
        return self.common.about(
            snapshot or Snapshot(profile, identified=False, first_seen=now, last_seen=now, events=0),
            now,
            entry=entered.entry if entered else None,
            steps=task["steps"],
            population={event: interval for event, interval in learned.items() if interval is not None},
        )
