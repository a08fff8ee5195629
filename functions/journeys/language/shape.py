"""Does a document have the shape of its model? Pydantic's complaints, said as faults with place and fix."""

import copy
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from functions.journeys.conditions.parser import HALF
from functions.journeys.durations import HINT, parse_duration
from functions.journeys.language.faults import Fault, did_you_mean
from functions.journeys.language.reader import Document, Place

NO_STEP = "no_step"
STEP_WORDS = (
    *("wait", "wait_for", "send", "split", "experiment", "exit"),
    *("set", "join", "leave", "call", "decide", "repeat"),
)


class Strict(BaseModel):
    """Unknown fields are faults, and 12 is never the text "12"."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    # What stands in for a missing part of a whole file, so that the rest can still be checked.
    placeholders: ClassVar[Mapping[str, Any]] = {}


M = TypeVar("M", bound=Strict)


def broken(what: str, fix: str) -> PydanticCustomError:
    """A complaint of a validator, in our own words; braces of the author's text are no placeholders."""
    return PydanticCustomError("segue", "{what}", {"what": what, "fix": fix})


def a_list(value: Any) -> Any:
    """One or many, read as many."""
    return value if isinstance(value, list) else [value]


def checked_duration(text: str) -> str:
    """Validator: a duration as written."""
    try:
        parse_duration(text)
    except ValueError as error:
        raise broken(str(error), HINT) from None
    return text


def number_as_duration(value: Any) -> Any:
    """A bare number is no duration: of what unit?"""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise broken(f"{value} of what?", f"add a unit: {value:g}m, {value:g}h or {value:g}d")
    return value


def fit(document: Document, model: type[M]) -> tuple[M | None, list[Fault]]:
    """The model a document fills and every fault of its shape.

    Where there are faults, the model is of what is left without the faulty parts, so that further checks can go on;
    None when nothing usable is left.
    """
    if not isinstance(document.value, Mapping):
        if document.value is None:
            return None, [] if document.faults else [document.fault((), "empty file", "write a definition")]
        return None, [document.fault((), "this is no mapping", "write name: value lines")]
    halves = [
        document.fault(place, "half a character (a lone surrogate)", "write the whole character")
        for place in _halves(document.value, ())
    ]
    value = _whole(dict(document.value))
    faults: list[Fault] | None = None
    for _ in range(_REPAIRS):
        try:
            return model.model_validate(value), [*halves, *(faults or [])]
        except ValidationError as error:
            details = error.errors(include_url=False)
        if faults is None:
            faults = [_fault(document, model, one) for one in details]
        for one in details:
            _prune(value, one, model.placeholders)
    return None, [*halves, *(faults or [])]


def _halves(value: Any, place: Place) -> Iterator[Place]:
    """Where a text cannot be written as UTF-8; pydantic cannot even complain about it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _halves(key, place)
            yield from _halves(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _halves(item, (*place, index))
    elif isinstance(value, str) and HALF.search(value):
        yield place


def _whole(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return HALF.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else copy.deepcopy(value)


_REPAIRS = 12


def _prune(value: dict[str, Any], details: ErrorDetails, placeholders: Mapping[str, Any]) -> None:
    """Takes the faulty part out: a key, or a whole step, whose place in its list is kept."""
    place = list(_place(value, details["loc"]))
    missing = details["type"] == "missing"
    if missing and not place:
        value[str(details["loc"][-1])] = copy.deepcopy(placeholders.get(str(details["loc"][-1])))
        return
    if details["type"] == "extra_forbidden":
        place = [*place, details["loc"][-1]] if place[-1:] != [details["loc"][-1]] else place
    while place:
        parent: Any = value
        for part in place[:-1]:
            parent = parent[part]
        if isinstance(parent, dict):
            if len(place) == 1 and place[0] in placeholders:
                parent[place[0]] = copy.deepcopy(placeholders[str(place[0])])
            else:
                parent.pop(place[-1], None)
            return
        if place[-2] in _STEP_LISTS or (len(place) > 2 and place[-3] == "steps"):
            parent[place[-1]] = {"wait": "1h"}
            return
        place.pop()
    value.clear()


_STEP_LISTS = frozenset({"steps", "then", "otherwise", "withheld", "failed"})


def _fault(document: Document, model: type[Strict], details: ErrorDetails) -> Fault:
    place = _place(document.value, details["loc"])
    kind, context = details["type"], details.get("ctx", {})
    name = str(details["loc"][-1]) if details["loc"] else ""
    if kind == "extra_forbidden":
        known = _fields(_model_at(model, details["loc"][:-1]))
        return document.key_fault(place, f'unknown field "{name}"', did_you_mean(name, known, "leave it out"))
    if kind == "missing":
        return document.fault(place, f'"{name}" is missing', f"add {name}:")
    if kind == "segue":
        return document.fault(place, str(context["what"]), str(context["fix"]))
    if kind == NO_STEP:
        return _no_step(document, place, details["input"])
    if kind in ("literal_error", "enum"):
        allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return document.fault(
            place, f"{_shown(details['input'])} is not allowed here", did_you_mean(str(details["input"]), allowed)
        )
    what, fix = _WORDS.get(kind, (details["msg"][:1].lower() + details["msg"][1:], "correct it"))
    limit = next(
        (context[key] for key in ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern") if key in context), ""
    )
    return document.fault(place, what.format(shown=_shown(details["input"]), limit=limit), fix.format(limit=limit))


def _no_step(document: Document, place: Place, value: Any) -> Fault:
    if not isinstance(value, Mapping):
        return document.fault(place, f"{_shown(value)} is no step", "write one such as - wait: 1h")
    others = [str(key) for key in value if key not in ("id", "title", "on", "channel")]
    if not others:
        return document.fault(place, "no step", f"add one of {', '.join(STEP_WORDS)}")
    return document.key_fault((*place, others[0]), f'unknown step "{others[0]}"', did_you_mean(others[0], STEP_WORDS))


_WORDS = {
    "string_type": ("{shown} is no text", "write a text; quote it when it looks like something else"),
    "int_type": ("{shown} is no whole number", "write a number without quotes"),
    "float_type": ("{shown} is no number", "write a number without quotes"),
    "bool_type": ("{shown} is neither true nor false", "write true or false"),
    "list_type": ("{shown} is no list", "write a list: [a, b] or lines that start with -"),
    "dict_type": ("{shown} is no mapping", "write name: value lines"),
    "model_type": ("{shown} is no mapping", "write name: value lines"),
    "model_attributes_type": ("{shown} is no mapping", "write name: value lines"),
    "string_pattern_mismatch": ("{shown} is no name", "use small letters, digits and the separators other names use"),
    "string_too_short": ("empty", "write a text"),
    "string_too_long": ("longer than {limit} characters", "shorten it"),
    "too_short": ("too few, at least {limit} wanted", "add what is missing"),
    "too_long": ("too many, at most {limit} allowed", "remove some"),
    "greater_than_equal": ("{shown} is too small", "write {limit} or more"),
    "greater_than": ("{shown} is too small", "write more than {limit}"),
    "less_than_equal": ("{shown} is too large", "write {limit} or less"),
    "less_than": ("{shown} is too large", "write less than {limit}"),
    "recursion_loop": ("it contains itself", "write it out"),
}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _place(value: Any, location: tuple[int | str, ...]) -> Place:
    """The part of ``location`` that is a way through the data; pydantic mixes in the tags of unions."""
    place: list[str | int] = []
    for part in location:
        if isinstance(value, Mapping) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        place.append(part)
    return tuple(place)


def _model_at(model: type[Strict], location: tuple[int | str, ...]) -> type[Strict]:
    """The model whose field an unknown name stands among."""
    here: Any = model
    for part in location:
        found = _step_into(here, part)
        here = found if found is not None else here
    models = _models(here)
    return models[0] if models else model


def _step_into(here: Any, part: int | str) -> Any:
    for one in _models(here):
        for name, field in one.model_fields.items():
            if part in (name, field.alias):
                return field.annotation if not field.metadata else Annotated[field.annotation, *field.metadata]
    for one in _models(here):
        if part == one.__name__:
            return one
    return None


def _models(annotation: Any) -> list[type[Strict]]:
    """Every model an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return [annotation]
    if isinstance(annotation, str) or get_origin(annotation) is None:
        return []
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _fields(model: type[Strict]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
