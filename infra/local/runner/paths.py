"""What does a state take out of its input, and what does it send? Paths and templates, each read once, then a closure.

A path that finds nothing raises ``StateFault`` with ``States.Runtime``, as on Step Functions.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

Data: TypeAlias = Any
"""A JSON value. States share what they hand on, so nobody changes one in place."""


class Task(Protocol):
    """What the context object (``$$``) tells of the state that is being run."""

    token: str | None

    @property
    def entered_at(self) -> str:
        """When the state was entered, RFC 3339 in UTC with milliseconds."""

    @property
    def execution(self) -> str:
        """The name of the execution."""


Taken: TypeAlias = Callable[[Data, Task], Any]
Put: TypeAlias = Callable[[Data, Any], Data]


class Unsupported(ValueError):
    """A machine says what this executor does not know; it is not loaded."""


class StateFault(Exception):
    """An error as states report it: what ``ErrorEquals`` names, and its cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


PATH = re.compile(r"\$(\[\*\])?(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])*")
STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]")
CALL = re.compile(r"States\.(\w+)\((.*)\)")
ARGUMENT = re.compile(r"\s*('(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|\$[^,]*|true|false|null)\s*(,|$)")
ABSENT = object()

CONTEXT: Mapping[str, Taken] = {
    "$$.Task.Token": lambda _data, task: task.token,
    "$$.State.EnteredTime": lambda _data, task: task.entered_at,
    "$$.Execution.Name": lambda _data, task: task.execution,
}


Way: TypeAlias = tuple[str | int, ...]


def way(path: str) -> Way:
    """What a path goes along: ``$.steps.remind.channels[0]`` is ``("steps", "remind", "channels", 0)``."""
    if not PATH.fullmatch(path) or path.startswith("$[*]"):
        raise Unsupported(f"the path {path!r}")
    return tuple(name or int(index) for name, index in STEP.findall(path))


def taken(path: str) -> Taken:
    """Reads a path of the input (``$.``), of each item of a list (``$[*].``), or of the context (``$$.``)."""
    if path.startswith("$$"):
        if path not in CONTEXT:
            raise Unsupported(f"the context path {path!r}")
        return CONTEXT[path]
    if path.startswith("$[*]"):
        look = found("$" + path.removeprefix("$[*]"))
        return lambda data, _task: [one for one in map(look, data) if one is not ABSENT]
    look, steps = found(path), way(path)
    if len(steps) == 1:
        [name] = steps

        def child(data: Data, _task: Task) -> Any:
            try:
                return data[name]
            except (KeyError, TypeError, IndexError):
                raise StateFault("States.Runtime", f"the path {path!r} leads nowhere in the input") from None

        return child

    def take(data: Data, _task: Task) -> Any:
        value = look(data)
        if value is ABSENT:
            raise StateFault("States.Runtime", f"the path {path!r} leads nowhere in the input")
        return value

    return take


def found(path: str) -> Callable[[Data], Any]:
    """Reads a path of the input that may lead nowhere: then ``ABSENT``."""
    steps = way(path)
    if not steps:
        return lambda data: data
    if len(steps) == 1:
        [step] = steps

        def child(data: Data) -> Any:
            try:
                return data[step]
            except (KeyError, TypeError, IndexError):
                return ABSENT

        return child

    def descendant(data: Data) -> Any:
        try:
            for one in steps:
                data = data[one]
        except (KeyError, TypeError, IndexError):
            return ABSENT
        return data

    return descendant


def put(path: str | None) -> Put:
    """Lays a result into the input (``ResultPath``): None drops it, ``$`` is all that goes on."""
    if path is None:
        return lambda data, _result: data
    names = way(path)
    if not names:
        return lambda _data, result: result
    if not all(isinstance(name, str) for name in names):
        raise Unsupported(f"the result path {path!r}")

    def lay(data: Data, result: Any) -> Data:
        top = dict(data)
        inner = top
        for name in names[:-1]:
            below = inner.get(name)
            inner[name] = dict(below) if isinstance(below, dict) else {}
            inner = inner[name]
        inner[names[-1]] = result
        return top

    return lay


def template(said: Any) -> Taken:
    """Fills a payload template (``Parameters``, ``ResultSelector``): keys in ``.$`` are paths or functions."""
    if isinstance(said, dict):
        return _object(said)
    if isinstance(said, list):
        items = [template(one) for one in said]
        if all(is_fixed(one) for one in said):
            return lambda _data, _task: said
        return lambda data, task: [item(data, task) for item in items]
    return lambda _data, _task: said


def is_fixed(said: Any) -> bool:
    """True when a template reads nothing."""
    if isinstance(said, dict):
        return all(not name.endswith(".$") and is_fixed(one) for name, one in said.items())
    return not isinstance(said, list) or all(map(is_fixed, said))


def _object(said: Mapping[str, Any]) -> Taken:
    if is_fixed(said):
        return lambda _data, _task: said
    # Every key stands in its place from the start, so that what is sent reads in the order it was written in.
    form = {name.removesuffix(".$"): None if name.endswith(".$") else one for name, one in said.items()}
    filled = [
        (name.removesuffix(".$"), expression(one) if name.endswith(".$") else template(one))
        for name, one in said.items()
        if name.endswith(".$") or not is_fixed(one)
    ]

    def fill(data: Data, task: Task) -> dict[str, Any]:
        filled_in = form.copy()
        for name, value in filled:
            filled_in[name] = value(data, task)
        return filled_in

    return fill


def expression(text: Any) -> Taken:
    """A path, or one of the intrinsic functions that compiled machines use."""
    if not isinstance(text, str):
        raise Unsupported(f"the expression {text!r}")
    if text.startswith("$"):
        return taken(text)
    call = CALL.fullmatch(text)
    if call is None or call[1] not in INTRINSICS:
        raise Unsupported(f"the intrinsic function {text!r}")
    return INTRINSICS[call[1]](text, _arguments(text, call[2]))


def _arguments(text: str, inside: str) -> list[Taken]:
    given: list[Taken] = []
    at = 0
    while at < len(inside):
        one = ARGUMENT.match(inside, at)
        if one is None:
            raise Unsupported(f"the arguments of {text!r}")
        given.append(_argument(one[1].strip()))
        at = one.end()
    return given


def _argument(said: str) -> Taken:
    if said.startswith("$"):
        return taken(said)
    literal = re.sub(r"\\(.)", r"\1", said[1:-1]) if said.startswith("'") else json.loads(said)
    return lambda _data, _task: literal


def _format(text: str, given: list[Taken]) -> Taken:
    if not given:
        raise Unsupported(f"nothing to format in {text!r}")
    pattern, *values = given

    def formatted(data: Data, task: Task) -> str:
        pieces = pattern(data, task).split("{}")
        if len(pieces) != len(values) + 1:
            raise StateFault("States.IntrinsicFailure", f"{text}: {len(pieces) - 1} places, {len(values)} values")
        found = [_spelled(value(data, task)) for value in values]
        return "".join(part for pair in zip(pieces, [*found, ""], strict=True) for part in pair)

    return formatted


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _add(text: str, given: list[Taken]) -> Taken:
    if len(given) != 2:
        raise Unsupported(f"the arguments of {text!r}")
    one, other = given

    def added(data: Data, task: Task) -> int:
        terms = one(data, task), other(data, task)
        if not all(isinstance(term, int) and not isinstance(term, bool) for term in terms):
            raise StateFault("States.IntrinsicFailure", f"{text}: not two whole numbers")
        return terms[0] + terms[1]  # type: ignore[no-any-return]

    return added


INTRINSICS: Mapping[str, Callable[[str, list[Taken]], Taken]] = {"Format": _format, "MathAdd": _add}
