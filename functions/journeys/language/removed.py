"""What becomes of a journey whose files are gone while people are under way in it? It goes on for them, as published.

Its machine, templates and waits are published as before, from what was committed of it; only nobody enters any more.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from functions.journeys.language.definition import Entry, Journey
from functions.journeys.language.faults import Fault, FaultsFound
from functions.journeys.language.project import JourneyFolder, Project
from functions.journeys.language.reader import Document
from functions.journeys.language.templates import Templates

NOTHING: Mapping[str, Mapping[str, Any]] = MappingProxyType({})


def as_published(project: Project) -> dict[str, dict[str, Any]]:
    """What there is to keep of each journey of a project that can be published, by name, as plain JSON."""
    return {
        folder.name: {"definition": folder.definition.dumped(), "templates": folder.templates.parts}
        for folder in project.journeys
        if folder.definition is not None
    }


def left_behind(project: Project, kept: Mapping[str, Mapping[str, Any]]) -> list[JourneyFolder]:
    """The kept journeys whose files are gone, by name; raises ``FaultsFound`` for one this version cannot read."""
    there = {folder.name for folder in project.journeys}
    return [_folder(name, kept[name]) for name in sorted(kept.keys() - there)]


def without_entries(definition: Journey) -> Journey:
    """The journey as its runs see it; an entry without any way in is what no file may say."""
    return definition.model_copy(update={"entry": Entry.model_construct(on=[])})


def _folder(name: str, said: Mapping[str, Any]) -> JourneyFolder:
    try:
        definition = Journey.model_validate(said["definition"])
    except (KeyError, ValidationError) as error:
        fix = "put its folder back, or drain it with the release that published it"
        raise FaultsFound(
            [Fault(f"{name}.json", 1, 1, "error", "kept in a shape that is read no more", fix)]
        ) from error
    return JourneyFolder(name, Document(name, ""), definition, Templates(said["templates"]), frozenset())
