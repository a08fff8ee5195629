"""What do the authors' files become when deployed? Two files for the functions, one machine per journey."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
JOURNEYS = ROOT / "journeys"


@dataclass(frozen=True, slots=True)
class Published:
    """``text`` is the content of ``publication.json``, ``plan`` that of ``tracking_plan.json``; ``machines`` the ASL of
    each journey, placeholders unfilled, ``versions`` the hash of each."""

    text: str
    plan: str
    machines: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]


@cache
def published(root: Path = JOURNEYS) -> Published:
    """Reads and compiles ``journeys/`` once; faults end the run as a list of places and fixes."""
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.language.project import POLICY_FILE
    from functions.journeys.language.publication import publish
    from functions.journeys.language.tracking_plan import publish_plan

    try:
        publication, machines = publish(root)
        plan = publish_plan(root / POLICY_FILE)
    except FaultsFound as found:
        raise SystemExit(str(found)) from None
    text = json.dumps(publication.to_json(), sort_keys=True, separators=(",", ":"))
    versions = {name: str(journey["version"]) for name, journey in publication.journeys.items()}
    return Published(text, json.dumps(plan, separators=(",", ":")), dict(sorted(machines.items())), versions)
