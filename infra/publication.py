"""What do the authors' files become when deployed? Two files for the functions, one machine per journey.

A journey whose files are gone is published from ``infra/snapshots/journeys`` until its file there is removed as well.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
JOURNEYS = ROOT / "journeys"
KEPT = ROOT / "infra" / "snapshots" / "journeys"


@dataclass(frozen=True, slots=True)
class Published:
    """``text`` is the content of ``publication.json``, ``plan`` that of ``tracking_plan.json``; ``machines`` the ASL of
    each journey, placeholders unfilled, ``versions`` the hash of each. ``kept`` is what to keep of each journey in case
    its files go, ``removed`` names those whose files have gone."""

    text: str
    plan: str
    machines: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    kept: Mapping[str, Mapping[str, Any]]
    removed: Sequence[str]

    @property
    def warnings(self) -> Mapping[str, str]:
        """What whoever deploys has to know of each journey that is only kept for who is under way."""
        return {
            name: f"journey {name} is gone from journeys/: its machine is kept for who is under way, nobody enters; "
            f"once segue versions --drained says so, remove infra/snapshots/journeys/{name}.json and deploy"
            for name in self.removed
        }


@cache
def published(root: Path = JOURNEYS, kept: Path = KEPT) -> Published:
    """Reads and compiles ``journeys/`` once; faults end the run as a list of places and fixes."""
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.language.project import POLICY_FILE, load
    from functions.journeys.language.publication import publish_project
    from functions.journeys.language.removed import as_published
    from functions.journeys.language.tracking_plan import publish_plan

    try:
        project = load(root)
        before = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(kept.glob("*.json"))}
        publication, machines = publish_project(project, before)
        plan = publish_plan(root / POLICY_FILE)
    except FaultsFound as found:
        raise SystemExit(str(found)) from None
    text = json.dumps(publication.to_json(), sort_keys=True, separators=(",", ":"))
    versions = {name: str(journey["version"]) for name, journey in publication.journeys.items()}
    there = as_published(project)
    return Published(
        text=text,
        plan=json.dumps(plan, separators=(",", ":")),
        machines=dict(sorted(machines.items())),
        versions=versions,
        kept={**before, **there},
        removed=sorted(before.keys() - there.keys()),
    )
