"""Did they pass? Scenarios found, checked all at once, and each told to a world of its own."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.journeys.language.checks import check_project
from functions.journeys.language.faults import Fault, FaultsFound
from functions.journeys.language.project import Project, load
from infra.local.quiet import errors_only
from infra.local.scenarios.checks import faults_of
from infra.local.scenarios.compare import Compared, compare
from infra.local.scenarios.folders import Folders, Wanted, folders
from infra.local.scenarios.read import Case, cases_in, scenario_files
from infra.local.scenarios.tell import tell
from infra.local.worlds import OpenWorld


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario, and how many seconds it took."""

    case: Case
    compared: Compared
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.compared.differences

    def to_json(self) -> dict[str, Any]:
        """The public shape."""
        differences = [one.to_json() for one in self.compared.differences]
        return {"name": self.case.scenario.name, "passed": self.passed, "differences": differences}


@dataclass(slots=True)
class Suite:
    """Scenarios that can be told."""

    cases: Sequence[Case]
    folders: Folders
    _projects: dict[Wanted, tuple[Project, list[Fault]]] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ``FaultsFound`` with the faults of all scenarios, and of the journeys they are told to."""
        found = [fault for case in self.cases for fault in self._faults(case)]
        if found:
            raise FaultsFound(found)

    def run(self, case: Case, open_world: OpenWorld) -> Result:
        """Tells one of them."""
        began = time.perf_counter()
        with errors_only(), open_world(self.folders.of(case.wanted), case.scenario.starts_at) as world:
            compared = compare(case.scenario, tell(case.scenario, world))
        return Result(case, compared, time.perf_counter() - began)

    def _faults(self, case: Case) -> list[Fault]:
        if case.wanted not in self._projects:
            try:
                project = load(self.folders.of(case.wanted))
            except FaultsFound as found:
                return found.faults
            errors = [fault for fault in check_project(project) if fault.severity == "error"]
            self._projects[case.wanted] = (project, errors)
        project, errors = self._projects[case.wanted]
        told = self.folders.told(case.wanted, errors, case.document, (*case.place, "policy"))
        return [*told, *faults_of(case, project)]


@contextmanager
def suite_of(path: Path) -> Iterator[Suite]:
    """The scenarios of a file or below a folder; raises ``FaultsFound`` unless all of them can be told."""
    found = [cases_in(file) for file in scenario_files(path)]
    faults = [fault for _, some in found for fault in some]
    with folders() as made:
        suite = Suite([case for cases, _ in found for case in cases], made)
        try:
            suite.check()
        except FaultsFound as more:
            faults += more.faults
        if faults:
            raise FaultsFound(faults)
        yield suite
