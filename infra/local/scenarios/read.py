"""Which scenarios are there, and can they be told? Every fault at once, with its place and its fix."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from functions.journeys.language.faults import Fault
from functions.journeys.language.project import JOURNEY_FILE, POLICY_FILE
from functions.journeys.language.reader import Document, Place, read
from functions.journeys.language.shape import fit
from infra.local.scenarios.definition import Scenario, ScenarioFile
from infra.local.scenarios.folders import Wanted

SCENARIO_FILE = "scenarios.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario where it stands, and the journeys it is told to."""

    document: Document
    place: Place
    scenario: Scenario
    wanted: Wanted

    @property
    def line(self) -> int:
        """The line of the file at which it begins, from 1."""
        return self.document.position(self.place)[0]

    def fault(self, inside: Place, what: str, fix: str) -> Fault:
        """An error at one of its parts."""
        return self.document.fault((*self.place, *inside), what, fix)

    def where(self, inside: Place) -> str:
        """``file:line`` of one of its parts."""
        return f"{self.document.file}:{self.document.position((*self.place, *inside))[0]}"


def scenario_files(path: Path) -> list[Path]:
    """A file itself, or every scenarios.yaml below a folder."""
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob(SCENARIO_FILE) if not _foreign(one.relative_to(path).parts))


def _foreign(parts: Sequence[str]) -> bool:
    """Environments and packages below a repository are not its own."""
    return any(part.startswith(".") or part == "node_modules" for part in parts)


def cases_in(file: Path) -> tuple[list[Case], list[Fault]]:
    """The scenarios of a file and every fault of its shape; none is told while there are faults."""
    document = read(file, str(file))
    read_file, faults = fit(document, ScenarioFile)
    faults = [*document.faults, *faults]
    if read_file is None or faults:
        return [], faults
    faults += _twice(document, read_file.scenarios)
    journeys = list(_journeys(file, document, read_file, faults))
    policy = _policy(file, journeys)
    if policy is None:
        faults.append(document.fault((), f"there is no {POLICY_FILE} here or above", "put one beside the journeys"))
    if faults or policy is None:
        return [], faults
    return [
        Case(
            document,
            ("scenarios", index),
            scenario,
            Wanted(policy, tuple(sorted(set(journeys))), json.dumps(scenario.policy, sort_keys=True)),
        )
        for index, scenario in enumerate(read_file.scenarios)
    ], []


def _twice(document: Document, scenarios: Sequence[Scenario]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, scenario in enumerate(scenarios):
        if scenario.name in seen:
            place = ("scenarios", index, "name")
            yield document.fault(place, f'scenario "{scenario.name}" stands twice', "give each its own name")
        seen.add(scenario.name)


def _journeys(file: Path, document: Document, said: ScenarioFile, faults: list[Fault]) -> Iterator[Path]:
    """The folders of the journeys that a file names; without a name, those of its own folder."""
    names: set[str] = set()
    for index, name in enumerate(said.journeys or ["."]):
        place: Place = ("journeys", index) if said.journeys else ()
        folder = Path(os.path.normpath(file.parent / name))
        of_many = sorted(path.parent for path in folder.glob(f"*/{JOURNEY_FILE}"))
        found = [folder] if (folder / JOURNEY_FILE).is_file() else of_many
        if not found:
            fix = f"name a folder with a {JOURNEY_FILE}, as seen from this file"
            faults.append(document.fault(place, f"no journeys in {folder}", fix))
        for one in found:
            if one.name in names:
                faults.append(document.fault(place, f'journey "{one.name}" stands twice', "name it once"))
            names.add(one.name)
            yield one


def _policy(file: Path, journeys: Sequence[Path]) -> Path | None:
    """The policy beside the journeys, else the nearest one above the file."""
    folders = [*(one.parent for one in journeys), *file.parents, *file.resolve().parents]
    return next((one / POLICY_FILE for one in folders if (one / POLICY_FILE).is_file()), None)
