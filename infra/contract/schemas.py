"""What does a model say as JSON Schema? By itself, or among others as a part of one document."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from infra.contract.messages import Message

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PART = "#/components/schemas/{model}"


class Terse(GenerateJsonSchema):
    """Leaves out what says nothing: a field's own name as its title, and null as the default of what may be missing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        """A default, unless it is null."""
        said = super().default_schema(schema)
        return {name: value for name, value in said.items() if name != "default" or value is not None}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one model."""
    return {"$schema": DIALECT, **model.model_json_schema(schema_generator=Terse)}


def parts_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The schemas of many models and of what they are made of, by name; rules that all messages share stand once."""
    wanted: Any = [(model, "validation") for model in models]
    _, said = models_json_schema(wanted, schema_generator=Terse, ref_template=PART)
    rules = dict(zip(("TimeIsText", "Identified"), Message.rules(), strict=True))
    for schema in said["$defs"].values():
        if "allOf" in schema:
            schema["allOf"] = [
                next((part(name) for name, shared in rules.items() if shared == rule), rule) for rule in schema["allOf"]
            ]
    return {**said["$defs"], **rules}


def part(name: str) -> dict[str, str]:
    """A reference to one of them."""
    return {"$ref": PART.format(model=name)}


def typed_elsewhere(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    """A message's schema where its type may be left out, since a path or a detail-type says it."""
    required = [name for name in schema["required"] if name != "type"]
    said: dict[str, Any] = {**schema, "properties": {**schema["properties"], "type": {"enum": [kind, None]}}}
    return {**said, "required": required} if required else {n: v for n, v in said.items() if n != "required"}
