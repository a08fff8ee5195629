"""What did the authors publish? The checked journeys, policy and templates, as one JSON file in a layer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

# Among the properties to keep of an event: all of them, since nobody knows which are read.
ALL_PROPERTIES = "*"


@dataclass(frozen=True, slots=True)
class Publication:
    """Plain data, checked before it was written by functions/journeys/language/publication.py.

    ``interest`` says for each event name which journeys it may enter, exit, reach the goal of or wake; ``series`` which
    events' history expressions look back on, with the properties they read (``ALL_PROPERTIES`` among them: all there
    are); ``windows`` how far back they count and what they add up (``{"Order Completed": {"within": [7776000], "sums":
    ["revenue"]}}``, whole seconds); ``expected`` which events are predicted; ``mentions`` which audiences a change of
    each kind may bring somebody into or out of (``trait:tier`` ...).
    """

    policy: Mapping[str, Any]
    journeys: Mapping[str, Mapping[str, Any]]
    interest: Mapping[str, Mapping[str, list[str]]]
    series: Mapping[str, list[str]]
    expected: list[str]
    templates: Mapping[str, Mapping[str, Mapping[str, Any]]]
    freshness_seconds: int
    windows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mentions: Mapping[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The object ``publication.json`` holds."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def load_publication(path: str | Path) -> Publication:
    """Reads ``publication.json``; raises ``OSError`` or ``TypeError`` when it is not one."""
    return Publication(**json.loads(Path(path).read_text(encoding="utf-8")))
