"""What does the deployment consist of? The synthesised CloudFormation templates, with every reference resolved."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}


class TemplateFault(Exception):
    """A template says something the laptop cannot make; the text names stack and resource."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one stack: its logical id, type and unresolved properties."""

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]


@dataclass(slots=True)
class Templates:
    """All stacks of one stage. Physical values (names, ARNs, URLs) become known as resources are made."""

    resources: list[Resource]
    exports: Mapping[str, tuple[str, Any]]
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, in the order of stacks and templates."""
        return (resource for resource in self.resources if resource.type in types)

    def types(self) -> set[str]:
        """Every type that stands in the templates."""
        return {resource.type for resource in self.resources}

    def know(self, resource: Resource, **attributes: str) -> None:
        """Records what was made: ``ref`` for Ref, other names for Fn::GetAtt (``Arn`` ...)."""
        for attribute, value in attributes.items():
            self.values[resource.stack, resource.logical_id, attribute] = value

    def resolved(self, resource: Resource) -> dict[str, Any]:
        """The properties with every intrinsic function replaced; raises ``TemplateFault`` on an unknown one."""
        return {name: self.resolve(value, resource.stack) for name, value in resource.properties.items()}

    def resolve(self, value: Any, stack: str) -> Any:
        """One value of a template, as CloudFormation would see it."""
        if isinstance(value, list):
            return [self.resolve(item, stack) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument, stack)
        return {key: self.resolve(item, stack) for key, item in value.items()}

    def _intrinsic(self, name: str, argument: Any, stack: str) -> Any:  # noqa: PLR0911 - one return per function
        match name:
            case "Ref" if argument in PSEUDO_PARAMETERS:
                return PSEUDO_PARAMETERS[argument]
            case "Ref":
                return self._value(stack, argument, "ref")
            case "Fn::GetAtt":
                logical_id, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._value(stack, logical_id, attribute)
            case "Fn::ImportValue":
                exporting, exported = self.exports[self.resolve(argument, stack)]
                return self.resolve(exported, exporting)
            case "Fn::Join":
                return argument[0].join(self.resolve(argument[1], stack))
            case "Fn::Select":
                return self.resolve(argument[1], stack)[int(argument[0])]
            case "Fn::Split":
                return self.resolve(argument[1], stack).split(argument[0])
            case "Fn::Sub":
                text, names = argument if isinstance(argument, list) else (argument, {})
                known = {**PSEUDO_PARAMETERS, **self.resolve(names, stack)}
                for key, replacement in known.items():
                    text = text.replace(f"${{{key}}}", str(replacement))
                return text
        raise TemplateFault(f"{stack}: {name} is not understood on the laptop")

    def _value(self, stack: str, logical_id: str, attribute: str) -> str:
        try:
            return self.values[stack, logical_id, attribute]
        except KeyError:
            raise TemplateFault(f"{stack}: {logical_id}.{attribute} is not known (made later, or not made)") from None


def read_templates(folder: Path) -> Templates:
    """Reads ``<stack>.template.json`` files; raises ``TemplateFault`` when the folder holds none."""
    resources: list[Resource] = []
    exports: dict[str, tuple[str, Any]] = {}
    for path in sorted(folder.glob("*.template.json")):
        stack = path.name.removesuffix(".template.json")
        template = json.loads(path.read_text(encoding="utf-8"))
        for logical_id, body in template.get("Resources", {}).items():
            resources.append(Resource(stack, logical_id, body["Type"], body.get("Properties", {})))
        for output in template.get("Outputs", {}).values():
            if "Export" in output:
                exports[output["Export"]["Name"]] = (stack, output["Value"])
    if not resources:
        raise TemplateFault(f"no templates in {folder}; run make synth")
    return Templates(resources, exports)
