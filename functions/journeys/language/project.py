"""What did the authors write? The policy and every journey folder, read once for checking and publishing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.journeys.language.definition import Journey, placed_steps
from functions.journeys.language.faults import Fault
from functions.journeys.language.policy import Policy
from functions.journeys.language.reader import Document, read
from functions.journeys.language.shape import fit
from functions.journeys.language.steps import SendStep, WaitForStep
from functions.journeys.language.templates import Needs, Templates, read_templates

POLICY_FILE = "policy.yaml"
JOURNEY_FILE = "journey.yaml"


@dataclass(slots=True)
class JourneyFolder:
    """One journey as its folder holds it; ``definition`` lacks the parts whose shape is at fault."""

    name: str
    document: Document
    definition: Journey | None
    templates: Templates
    step_ids: frozenset[str]
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class Project:
    """Everything under one ``journeys/`` folder."""

    root: Path
    document: Document
    policy: Policy | None
    journeys: list[JourneyFolder]
    faults: list[Fault]


def load(root: Path) -> Project:
    """Reads all there is; never raises for what the files hold. Files are shown as ``root`` was given."""
    document = read(root / POLICY_FILE, str(root / POLICY_FILE))
    policy, faults = fit(document, Policy)
    folders = sorted(path.parent for path in root.glob(f"*/{JOURNEY_FILE}")) if root.is_dir() else []
    journeys = [_journey(folder) for folder in folders]
    found = [*document.faults, *faults, *(fault for journey in journeys for fault in journey.faults)]
    if not journeys:
        found.append(Fault(str(root), 1, 1, "warning", "no journeys here", f"add a folder with a {JOURNEY_FILE}"))
    return Project(root, document, policy, journeys, found)


def _journey(folder: Path) -> JourneyFolder:
    document = read(folder / JOURNEY_FILE, str(folder / JOURNEY_FILE))
    definition, faults = fit(document, Journey)
    ids = _written_ids(document.value)
    if definition is not None:
        ids |= {placed.id for placed in placed_steps(definition) if isinstance(placed.step, SendStep | WaitForStep)}
    needs = Needs(
        marketing=definition is not None and definition.class_ == "marketing",
        offer=definition is not None and definition.offer is not None,
        steps=frozenset(ids),
    )
    templates = read_templates(folder, str(folder), needs)
    return JourneyFolder(
        folder.name, document, definition, templates, frozenset(ids), [*document.faults, *faults, *templates.faults]
    )


def _written_ids(value: Any) -> set[str]:
    """Every ``id:`` in the file, also of steps at fault, so that one fault does not become two."""
    if isinstance(value, dict):
        own = {value["id"]} if isinstance(value.get("id"), str) else set()
        return own.union(*(_written_ids(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_written_ids(one) for one in value))
    return set()
