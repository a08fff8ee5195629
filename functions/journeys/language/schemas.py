"""What does an editor complete from? JSON Schemas of the files authors write, generated from the models."""

import json
from collections.abc import Mapping
from typing import Any

from functions.journeys.language.definition import Journey
from functions.journeys.language.policy import Policy
from functions.journeys.language.shape import Strict
from functions.journeys.language.templates import Push

FILES: Mapping[str, type[Strict]] = {"journey": Journey, "policy": Policy, "push": Push}


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of ``journey.yaml``, ``policy.yaml`` or ``*.push.yaml``."""
    return schema_of_model(FILES[name])


def schema_of_model(model: type[Strict]) -> dict[str, Any]:
    """The JSON Schema of a file that has this shape."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(by_alias=True, mode="validation"),
    }


def schema_text(name: str) -> str:
    """The committed bytes of ``docs/schemas/<name>.json``."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"
