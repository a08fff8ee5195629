"""How do people who are under way come into another version? One by one, each step of it harmless when repeated.

The row is the first to know (its run counts one more), then the old execution is stopped, then the new one is started
under the name that follows from the row. Whoever dies in between finds on the next call how far it was: a row that is
ahead of its execution, or an execution stopped as ``Migrated`` without the one after it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from functions.journeys.api import Enrolment, Enrolments
from functions.journeys.machines import MIGRATED, Machines
from infra.in_flight.counts import number_of
from infra.in_flight.machine import Machine
from infra.in_flight.moves import Move, Stay, carried_over, move
from infra.in_flight.step_functions import Execution, Place, StepFunctions
from infra.in_flight.versions import Version

Arms = Callable[[Enrolment], Mapping[str, str]]
"""Which arms a run has in the new version, whose experiments it may not know yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody of the old version, where they stand, and what becomes of them."""

    row: Enrolment
    place: Place
    decided: Move | Stay


@dataclass(frozen=True, slots=True)
class Migration:
    """From one version of a journey to another. ``steps`` = new ids of old steps, where they differ."""

    enrolments: Enrolments
    machine: StepFunctions
    machines: Machines
    old: Version
    new: Version
    before: Machine
    after: Machine
    steps: Mapping[str, str] = field(default_factory=dict)
    arms: Arms = lambda row: row.arms

    def asked(self, rows: Iterable[Enrolment], executions: Iterable[Execution]) -> Iterator[Asked]:
        """Everybody who follows the old version, or was on the way to the new one when somebody died.

        ``rows`` = those of the journey that run; ``executions`` = all that run.
        """
        versions = self.machine.versions()
        by_run: dict[str, Enrolment] = {row.enrolment: row for row in rows}
        found: set[str] = set()
        for execution in executions:
            enrolment, _, run = execution.name.rpartition("-")
            row = by_run.get(enrolment)
            if row is None or int(run) not in (row.run, row.run - 1):
                continue
            if int(run) == row.run:
                found.add(enrolment)
                if number_of(execution, row, self.machine, versions) != self.old.number:
                    continue
            elif row.version != self.new.hash:
                continue
            found.add(enrolment)
            if place := self.machine.place(execution):
                yield Asked(row, place, move(place, self.before, self.after, self.steps))
        for enrolment, row in by_run.items():
            if enrolment not in found and row.run > 1 and row.version == self.new.hash:
                stopped = replace(row, run=row.run - 1)
                if place := self.machine.stopped_at(stopped.execution_name, MIGRATED):
                    yield Asked(row, place, move(place, self.before, self.after, self.steps))

    def carry_out(self, asked: Asked) -> bool:
        """Moves one person; False when the run has ended, or gone on by itself, since it was asked."""
        decided, row = asked.decided, asked.row
        assert isinstance(decided, Move)
        if row.execution_name == asked.place.execution:
            arms = self.arms(row)
            ahead = self.enrolments.move(row.profile, row.enrolment, row.run, version=self.new.hash, arms=arms)
            if ahead is None:
                return False
        else:
            ahead = row
        said = f"version {self.old.number} to {self.new.number}"
        self.machines.stop(replace(ahead, run=ahead.run - 1), said, MIGRATED)
        self.machines.go_on(
            ahead,
            **carried_over(asked.place.carried, self.after, self.steps),
            resume_at=decided.resume_at,
            resume_until=decided.resume_until,
            waited=decided.waited,
            version=self.new.number,
        )
        now = self.enrolments.get(ahead.profile, ahead.enrolment)
        if now is None or not now.running:
            # An exit came in between: it ended the row and found nothing to stop.
            self.machines.stop(ahead, "ended" if now is None else now.reason or now.status)
        return True
