"""What may an author write, field by field? The page docs/reference/journeys.md, made from the models."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from functions.journeys.conditions.parser import USAGE
from functions.journeys.language import definition, steps
from functions.journeys.language.fields import Duration, EventName, Events, Expression, Id, Name, Share, TimeOfDay
from functions.journeys.language.shape import Strict, a_list

PAGE = Path(__file__).with_name("reference.md")
MODELS: Mapping[str, type[Strict]] = {
    name: value
    for module in (steps, definition)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Strict) and value.__module__ == module.__name__ and name[0] != "_"
}
# Where a model is explained, when that is not under its own name.
_SECTIONS = {
    "Awaited": "wait_for",
    "Branch": "split",
    "Loop": "repeat",
    "Outcomes": "send",
    "Reentry": "re-entry",
    "Until": "wait",
}
_WORDS: tuple[tuple[Any, str], ...] = (
    (Duration, "duration"),
    (Events, "event, or a list"),
    (Share, "share"),
    (TimeOfDay, "time of day"),
    (Expression, "[condition](#conditions)"),
    (Id, "id"),
    (Name, "name"),
    (EventName, "text"),
    (steps.Steps, "[steps](#steps)"),
    (steps.AnyStep, "step"),
    (bool, "true or false"),
    (int, "whole number"),
    (str, "text"),
)
FUNCTIONS: Mapping[str, str] = {
    "count": "how many such events there were, ever or within a duration",
    "sum": "their property added up; what is no number does not count",
    "last": "when the last one was",
    "expected": "when the next one is due by the person's own rhythm; unknown after too few of them",
    "exists": "whether it is there",
    "days_since": "days since then, with fractions; below 0 when it is yet to come",
    "lower": "in small letters",
    "starts_with": "whether a text begins so",
    "contains": "whether a text or a list holds it",
    "weekday": 'the day in the person\'s zone: "mon" to "sun"',
    "hour": "the hour in the person's zone, 0 to 23",
    "in_audience": "whether the person belongs to an audience of policy.yaml",
    "consented": "whether they said yes to a topic on a channel (not available yet)",
    "score": "a score of theirs (not available yet)",
}


def page() -> str:
    """The committed text of docs/reference/journeys.md."""
    text = re.sub(r"^\{fields (\w+)\}$", lambda found: _fields(MODELS[found[1]]), PAGE.read_text("utf-8"), flags=re.M)
    return text.replace("{functions}", _functions())


def described() -> set[str]:
    """The models whose fields the page shows."""
    return set(re.findall(r"^\{fields (\w+)\}$", PAGE.read_text("utf-8"), flags=re.M))


def _fields(model: type[Strict]) -> str:
    hints = get_type_hints(model, include_extras=True)
    of_all = set() if model is steps.Step else set(steps.Step.model_fields)
    of_waits = set(steps.Timed.model_fields) - {"until"} if model is steps.Awaited else set()
    rows = [
        _row(field.alias or name, hints[name], field)
        for name, field in _own_first(model)
        if name not in of_waits and not (issubclass(model, steps.Step) and name in of_all)
    ]
    return "\n".join(
        [
            f"{str(model.__doc__).replace('``', '`')}\n",
            "| field | type | default | what | for example |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _own_first(model: type[Strict]) -> Iterator[tuple[str, FieldInfo]]:
    """What a model says itself, before what it has of another."""
    own = model.__annotations__
    for mine in (True, False):
        yield from ((name, field) for name, field in model.model_fields.items() if (name in own) is mine)


def _row(name: str, hint: Any, field: FieldInfo) -> str:
    example = f"`{_yaml(field.examples[0])}`" if field.examples else ""
    cells = (f"`{name}`", _type(hint), _default(field), field.description or "", example)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    if field.default is PydanticUndefined or field.default is None:
        return ""
    return f"`{_yaml(field.default)}`"


def _yaml(value: Any) -> str:
    match value:
        case BaseModel():
            return _yaml(value.model_dump(exclude_none=True))
        case bool():
            return str(value).lower()
        case Mapping():
            return "{" + ", ".join(f"{key}: {_yaml(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_yaml, value)) + "]"
    return f'"{value}"' if re.match(r"\d+[: ]", str(value)) else str(value)


def _type(hint: Any) -> str:  # noqa: PLR0911 - one return per kind
    word = next((word for known, word in _WORDS if _is(hint, known)), None)
    if word is not None:
        return f"{word}{_bounds(hint)}"
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        if any(isinstance(one, BeforeValidator) and one.func is a_list for one in arguments):
            return f"{_type(get_args(arguments[0])[0])}, or a list of them"
        return f"{_type(arguments[0])}{_bounds(hint)}"
    if origin in (Union, UnionType):
        return " or ".join(_type(one) for one in arguments if one is not NoneType)
    if origin is Literal:
        return ", ".join(f"`{_yaml(one)}`" for one in arguments)
    if origin is list:
        return "[steps](#steps)" if _is(arguments[0], steps.AnyStep) else f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"name: {'value' if arguments[1] is Any else _type(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, Strict):
        return f"[{hint.__name__.lower()}](#{_SECTIONS.get(hint.__name__, hint.__name__.lower())})"
    return str(hint)


def _is(hint: Any, known: Any) -> bool:
    """Whether a hint is a known kind, or one with more said of it."""
    if get_origin(known) is not Annotated:
        return bool(hint == known)
    if get_origin(hint) is not Annotated:
        return False
    (kind, *said), (known_kind, *known_said) = get_args(hint), get_args(known)
    return bool(kind == known_kind) and said[: len(known_said)] == known_said


def _bounds(hint: Any) -> str:
    said = [one for extra in get_args(hint)[1:] if isinstance(extra, FieldInfo) for one in extra.metadata]
    least = next((one.ge for one in said if isinstance(one, Ge)), None)
    most = next((one.le for one in said if isinstance(one, Le)), None)
    return "" if least is None or most is None else f", {least} to {most}"


def _functions() -> str:
    rows = [f"| `{USAGE[name].replace(' or ', '`, `')}` | {what} |" for name, what in FUNCTIONS.items()]
    return "\n".join(["| function | answers |", "|---|---|", *rows])
