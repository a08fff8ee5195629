"""Is the event what its authors planned it to be? And what of a message do they keep?

Read from ``tracking_plan.json``, which functions/journeys/language/tracking_plan.py checked and wrote.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from functions.capture.model import PATH_CHARACTERS, OffPlan
from functions.shared.errors import RejectedInput
from functions.shared.identifiers import id_text

Mode: TypeAlias = Literal["allow", "warn", "quarantine"]
Validator: TypeAlias = Callable[..., Any]

# Which part of a message a schema speaks of. Of the other types the spec says all there is to say.
SUBJECTS: Mapping[str, str] = {
    "track": "properties",
    "page": "properties",
    "screen": "properties",
    "identify": "traits",
    "group": "traits",
}
VERSION = "context.protocols.event_version"
WARNING = "off_plan"
SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Planned:
    """One event of the plan. ``schemas`` by version, the first for messages that name none; ``*`` is any version."""

    mode: Mode
    schemas: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrackingPlan:
    """``events`` by name; ``unplanned`` = what becomes of a track that is not there. A schema is compiled when first
    met, since an environment meets few of many."""

    unplanned: Mode = "allow"
    events: Mapping[str, Planned] = field(default_factory=dict)
    keep_ip: bool = False
    keep_query_emails: bool = False
    _compiled: dict[tuple[str, str], Validator] = field(default_factory=dict, repr=False, compare=False)

    def warned(self, body: Mapping[str, Any]) -> OffPlan | None:
        """What a checked message has against the plan, where that is only warned of.

        Raises ``RejectedInput`` where it is not: with the way to what is wrong and the rule, never with a value.
        """
        kind = body["type"]
        subject = SUBJECTS.get(kind)
        if subject is None:
            return None
        name = body["event"] if kind == "track" else kind
        planned = self.events.get(name)
        if planned is None:
            unplanned = RejectedInput("event", "not in the tracking plan")
            return _judged(self.unplanned if kind == "track" else "allow", unplanned, None)
        fault = None if planned.mode == "allow" else self._fault(name, planned, subject, body)
        return _judged(planned.mode, fault, name)

    def _fault(self, name: str, planned: Planned, subject: str, body: Mapping[str, Any]) -> RejectedInput | None:
        version = _version(body)
        if "*" in planned.schemas:
            version = "*"
        elif version is None:
            version = next(iter(planned.schemas))
        elif version not in planned.schemas:
            return RejectedInput(VERSION, f"tracking plan: not one of {', '.join(planned.schemas)}")
        validate = self._compiled.get((name, version))
        if validate is None:
            validate = self._compiled[name, version] = compiled(planned.schemas[version])
        return fault_of(validate, _said(body, subject), subject)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "TrackingPlan":
        """Reads what ``tracking_plan.json`` holds."""
        return TrackingPlan(
            unplanned=data["unplanned"],
            events={name: Planned(one["mode"], one["schemas"]) for name, one in data["events"].items()},
            keep_ip=data["keep_ip"],
            keep_query_emails=data["keep_query_emails"],
        )


def load_tracking_plan(path: str | Path) -> TrackingPlan:
    """Reads ``tracking_plan.json``; raises ``OSError`` or ``KeyError`` when it is not one."""
    return TrackingPlan.from_json(json.loads(Path(path).read_text(encoding="utf-8")))


def compiled(schema: Any) -> Validator:
    """The function that checks values against a schema; raises ``ValueError`` and its like for what is none."""
    # Some milliseconds to import, for those who meet a planned event.
    import fastjsonschema

    handlers = dict.fromkeys(("http", "https", "ftp", "file", "data", ""), _no_other_document)
    # It writes into the schema it is given; and defaults are no part of what happened.
    validator: Validator = fastjsonschema.compile(copy.deepcopy(schema), handlers=handlers, use_default=False)
    return validator


def fault_of(validate: Validator, value: object, name: str) -> RejectedInput | None:
    """Where a value, called ``name``, breaks which rule of its schema; None when it breaks none."""
    from fastjsonschema import JsonSchemaValueException

    try:
        validate(value, {}, name)
    except JsonSchemaValueException as error:
        asked = error.rule_definition
        if error.rule == "required" and isinstance(asked, list) and isinstance(error.value, Mapping):
            asked = [one for one in asked if one not in error.value]
        rule = " ".join(["tracking plan:", error.rule or "nothing allowed", *_shown(asked)])
        return RejectedInput(str(error.name)[:PATH_CHARACTERS], rule)
    return None


def _judged(mode: Mode, fault: RejectedInput | None, event: str | None) -> OffPlan | None:
    if fault is None or mode == "allow":
        return None
    if mode == "quarantine":
        raise fault
    return OffPlan(event, fault.field, fault.rule)


def _version(body: Mapping[str, Any]) -> str | None:
    protocols = body.get("context", {}).get("protocols")
    return id_text(protocols.get("event_version")) if isinstance(protocols, Mapping) else None


def _said(body: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
    """What the schema speaks of; a trait that is deleted is not there."""
    if subject == "properties":
        said: Mapping[str, Any] = body.get("properties", {})
        return said
    traits = body.get("traits") or body.get("context", {}).get("traits") or {}
    return {name: value for name, value in traits.items() if value is not None}


def _shown(definition: object) -> list[str]:
    """What the rule asks for, where that is short. It is the author's word, never the sender's."""
    listed = definition if isinstance(definition, list) else [definition]
    if not all(isinstance(one, str | int | float) for one in listed):
        return []
    text = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)
    return [text] if 0 < len(text) <= SHOWN_CHARACTERS else []


def _no_other_document(uri: str) -> Any:
    raise ValueError("a reference to another document")
