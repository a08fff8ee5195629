"""What do the authors' files become when deployed? One publication for the functions, one machine per journey."""

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
    """``text`` is the content of ``publication.json``; ``machines`` the ASL of each journey, placeholders unfilled."""

    text: str
    machines: Mapping[str, Mapping[str, Any]]


@cache
def published(root: Path = JOURNEYS) -> Published:
    """Reads and compiles ``journeys/`` once; faults end the run as a list of places and fixes."""
    from functions.journeys.language.faults import FaultsFound
    from functions.journeys.language.publication import publish

    try:
        publication, machines = publish(root)
    except FaultsFound as found:
        raise SystemExit(str(found)) from None
    text = json.dumps(publication.to_json(), sort_keys=True, separators=(",", ":"))
    return Published(text, dict(sorted(machines.items())))
