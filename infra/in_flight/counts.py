"""How many stand where, in which version? Counted from a journey's rows and its running executions."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.journeys.api import Enrolment
from infra.in_flight.step_functions import Execution, StepFunctions
from infra.in_flight.versions import Version, hash_in, published, sure

Number = int | None
"""A version's number; None for what was before the first version, or is no longer published."""


@dataclass(slots=True)
class Counts:
    """``standing`` = running executions by version and state; ``statuses`` = all enrolments by version and status."""

    versions: list[Version]
    standing: dict[Number, Counter[str]] = field(default_factory=dict)
    statuses: dict[Number, Counter[str]] = field(default_factory=dict)
    rows: dict[str, Enrolment] = field(default_factory=dict)

    def add_row(self, row: Enrolment) -> None:
        """Counts an enrolment; one that runs is kept until its execution is found."""
        number = published(row.version, row.entered_at, self.versions)
        self.statuses.setdefault(number, Counter())[row.status] += 1
        if row.running:
            self.rows[row.execution_name] = row

    def add_place(self, number: Number, state: str) -> None:
        """Counts a running execution."""
        self.standing.setdefault(number, Counter())[state] += 1

    def to_json(self) -> dict[str, Any]:
        """The versions, the newest first, each with its counts; what belongs to none has the version None."""
        hashes: Mapping[Number, Version] = {one.number: one for one in self.versions}
        unknown = [number for number in {*self.standing, *self.statuses} if number not in hashes]
        return {
            "versions": [
                {
                    "version": number,
                    "hash": hashes[number].hash if number in hashes else None,
                    "published_at": hashes[number].published_at.isoformat() if number in hashes else None,
                    "running": sum(self.standing.get(number, Counter()).values()),
                    "standing": dict(sorted(self.standing.get(number, Counter()).items())),
                    "statuses": dict(sorted(self.statuses.get(number, Counter()).items())),
                }
                for number in [*(one.number for one in self.versions), *unknown]
            ]
        }


def number_of(execution: Execution, row: Enrolment | None, machine: StepFunctions, versions: list[Version]) -> Number:
    """The version an execution follows: as it was started, as its row says, or as its own definition says."""
    if execution.version is not None:
        return execution.version
    if row is not None and sure(row.version, execution.started_at, versions):
        return published(row.version, execution.started_at, versions)
    return published(hash_in(machine.definition_of(execution)), execution.started_at, versions)


def counted(machine: StepFunctions, rows: Iterable[Enrolment], executions: Iterable[Execution]) -> Counts:
    """Everything there is to know of a journey; one history is read for each execution."""
    counts = Counts(machine.versions())
    for row in rows:
        counts.add_row(row)
    for execution in executions:
        place = machine.place(execution)
        if place is not None:
            number = number_of(execution, counts.rows.get(execution.name), machine, counts.versions)
            counts.add_place(number, place.state)
    return counts
