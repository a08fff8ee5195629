"""Which files of the docs are made from code, and are they what it says? ``segue schemas`` asks this."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from functions.journeys.language import reference
from functions.journeys.language import schemas as language
from infra.contract.asyncapi import asyncapi
from infra.contract.messages import MESSAGES
from infra.contract.openapi import openapi
from infra.contract.schemas import schema_of
from infra.local.scenarios.definition import ScenarioFile

# Pages for people, as seen from the folder of the schemas.
PAGES: Mapping[str, Callable[[], str]] = {"../reference/journeys.md": reference.page}


def documents() -> dict[str, str]:
    """The text of every file, by its path as seen from the folder."""
    schemas = {path: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for path, content in sorted(_contents())}
    return schemas | {path: page() for path, page in PAGES.items()}


def _contents() -> Iterator[tuple[str, Any]]:
    for name in language.FILES:
        yield f"{name}.json", language.schema_of(name)
    yield "scenarios.json", language.schema_of_model(ScenarioFile)
    for name, model in MESSAGES.items():
        yield f"events/{name}.json", schema_of(model)
    yield "asyncapi.json", asyncapi()
    yield "openapi.json", openapi()


def differing(folder: Path) -> list[str]:
    """The files that are not what the code says: changed, missing, or too many."""
    wanted, there = documents(), {str(path.relative_to(folder)): path for path in folder.rglob("*.json")}
    there |= {name: folder / name for name in PAGES if (folder / name).is_file()}
    return sorted(
        name
        for name in wanted.keys() | there.keys()
        if name not in wanted or name not in there or there[name].read_text(encoding="utf-8") != wanted[name]
    )


def write(folder: Path) -> list[str]:
    """Makes the folder hold exactly what the code says; answers what changed."""
    changed, wanted = differing(folder), documents()
    for name in changed:
        path = folder / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[name], encoding="utf-8")
    return changed
