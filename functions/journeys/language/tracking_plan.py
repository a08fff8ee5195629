"""What do the authors plan of events? JSON Schemas beside policy.yaml, checked with their places, published apart."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from functions.capture.tracking_plan import Validator, compiled
from functions.journeys.language.faults import Fault, FaultsFound
from functions.journeys.language.patterns import open_ended, runs_away
from functions.journeys.language.policy import Policy
from functions.journeys.language.reader import MAX_BYTES, Document, Place, read, read_text
from functions.journeys.language.shape import fit

META_SCHEMA = Path(__file__).parent / "draft-07.json"
DRAFT = re.compile(r"https?://json-schema\.org/draft-07/schema#?")
# Of a text that an open-ended pattern reads: the square of it is still nothing.
PATTERN_CHARACTERS = 250
# What a compiler of schemas raises for one that is none, beside its own ValueErrors.
BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, SyntaxError, RecursionError, re.error)


def publish_plan(policy_file: Path) -> dict[str, Any]:
    """The object ``tracking_plan.json`` holds; raises ``FaultsFound`` when the plan has errors."""
    document = read(policy_file, str(policy_file))
    policy, _ = fit(document, Policy)
    if policy is None:
        raise FaultsFound(document.faults)
    plan, faults = planned(policy_file.parent, policy, document)
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors:
        raise FaultsFound(errors)
    return plan


def schema_files(policy_file: Path) -> list[Path]:
    """The files a policy names that are there, below its folder: what goes with it when it is copied."""
    policy, _ = fit(read(policy_file, str(policy_file)), Policy)
    events = policy.tracking_plan.events.values() if policy is not None else ()
    files = [file for event in events for file in event.schemas.values()]
    return [Path(file) for file in files if _inside(policy_file.parent, file) and (policy_file.parent / file).is_file()]


def planned(root: Path, policy: Policy, document: Document) -> tuple[dict[str, Any], list[Fault]]:
    """The plan to publish, and every fault of its schemas; the plan lacks those."""
    events: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, event in policy.tracking_plan.events.items():
        place: Place = ("tracking_plan", "events", name)
        schemas: dict[str, Any] = {}
        for version, file in event.schemas.items():
            at = (*place, "schema") if event.versions is None else (*place, "versions", version)
            schemas[version], found = _schema(root, file, document, at)
            faults += found
        events[name] = {"mode": event.mode, "schemas": schemas}
    plan = {
        "unplanned": policy.tracking_plan.unplanned,
        "events": events,
        "keep_ip": policy.capture.keep_ip,
        "keep_query_emails": policy.capture.keep_query_emails,
    }
    return plan, faults


def _schema(root: Path, file: str, document: Document, at: Place) -> tuple[Any, list[Fault]]:
    path = root / file
    if not _inside(root, file):
        return None, [document.fault(at, f'"{file}" is outside this folder', "keep schemas beside policy.yaml")]
    try:
        data = path.read_bytes()
    except OSError:
        return None, [document.fault(at, f'no file "{file}"', "add it, or correct the path from this folder")]
    if len(data) > MAX_BYTES:
        return None, [Fault(str(path), 1, 1, "error", f"larger than {MAX_BYTES} bytes", "split it")]
    try:
        text = data.decode("utf-8-sig")
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        fault = Fault(str(path), error.lineno, error.colno, "error", what, "check commas, quotes and brackets")
        return None, [fault]
    except (UnicodeDecodeError, RecursionError):
        return None, [Fault(str(path), 1, 1, "error", "no JSON", "save it as UTF-8 text, simply nested")]
    return schema, list(_faults(schema, _placed(text, str(path))))


def _inside(root: Path, file: str) -> bool:
    return not Path(file).is_absolute() and (root / file).resolve().is_relative_to(root.resolve())


def _placed(text: str, file: str) -> Document:
    """The file as YAML reads it, for its places; JSON is YAML but for corners, of which the top is told then."""
    document = read_text(text, file)
    return Document(file, text) if document.faults else document


def _faults(schema: Any, document: Document) -> Iterator[Fault]:
    if not isinstance(schema, dict):
        yield document.fault((), "no schema", 'write an object such as {"type": "object", "properties": {}}')
        return
    draft = schema.get("$schema", "http://json-schema.org/draft-07/schema#")
    if not isinstance(draft, str) or not DRAFT.fullmatch(draft):
        fix = 'write "http://json-schema.org/draft-07/schema#", or leave $schema out'
        yield document.fault(("$schema",), "a draft that is not supported", fix)
        return
    references = list(_foreign(schema, (), document))
    yield from references
    wrong = _against_draft(schema)
    if wrong is not None:
        place, rule = wrong
        fix = f"correct it (draft-07 asks for {rule})"
        yield document.fault(place, f'"{place[-1] if place else document.file}" is no valid schema', fix)
    elif not references:
        try:
            compiled(schema)
        except BROKEN as error:
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            yield document.fault((), f"no valid schema: {reason}", "correct it")
        else:
            yield from _slow(schema, (), document)


def _foreign(value: Any, place: Place, document: Document) -> Iterator[Fault]:
    """References that would be fetched from elsewhere, by every environment that meets the event."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "$ref" and isinstance(inner, str) and not inner.startswith("#"):
                fix = 'copy it into this file and write "#/definitions/NAME"'
                yield document.fault((*place, name), "a reference to another document", fix)
            else:
                yield from _foreign(inner, (*place, name), document)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _foreign(inner, (*place, index), document)


def _slow(value: Any, place: Place, document: Document) -> Iterator[Fault]:
    """Patterns that a text made for it keeps busy: one such event would end the delivery of all its neighbours."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _slow(inner, (*place, index), document)
    if not isinstance(value, Mapping):
        return
    names = value.get("patternProperties")
    for pattern in names if isinstance(names, Mapping) else ():
        yield from _busy(pattern, False, (*place, "patternProperties", pattern), document)
    if isinstance(value.get("pattern"), str):
        most = value.get("maxLength")
        limited = isinstance(most, int) and most <= PATTERN_CHARACTERS
        yield from _busy(value["pattern"], limited, (*place, "pattern"), document)
    for name, inner in value.items():
        yield from _slow(inner, (*place, name), document)


def _busy(pattern: str, limited: bool, place: Place, document: Document) -> Iterator[Fault]:
    if runs_away(pattern):
        fix = "write what repeats in one way only: ^[a-z]+(-[a-z]+)*$ and not ^([a-z]+-?)+$"
        yield document.fault(place, "a repeat inside a repeat, which some texts keep busy for ever", fix)
    elif not limited and open_ended(pattern, PATTERN_CHARACTERS):
        fix = (
            f"add a maxLength of at most {PATTERN_CHARACTERS}"
            if place[-1] == "pattern"
            else "write {1,50} instead of + or *"
        )
        yield document.warning(place, "a pattern that long texts may keep busy", fix)


def _against_draft(schema: Any) -> tuple[Place, str] | None:
    from fastjsonschema import JsonSchemaValueException

    try:
        _draft()(schema)
    except JsonSchemaValueException as error:
        return _place(schema, error.path[1:]), str(error.rule)
    return None


@cache
def _draft() -> Validator:
    return compiled(json.loads(META_SCHEMA.read_text(encoding="utf-8")))


def _place(value: Any, path: list[str]) -> Place:
    """The way as our documents know it; the part of it that names with dots leave recognisable."""
    place: list[str | int] = []
    for part in path:
        step: str | int = int(part) if isinstance(value, list) and part.isdigit() else part
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        place.append(step)
    return tuple(place)
