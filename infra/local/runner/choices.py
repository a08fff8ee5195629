"""Which way does a Choice go? Its rules, each read once, then a closure over the input."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any, TypeAlias

from infra.local.runner.paths import ABSENT, Data, StateFault, Unsupported, found

Holds: TypeAlias = Callable[[Data], bool]


def rule(said: Mapping[str, Any]) -> Holds:
    """The condition of a choice rule; raises ``Unsupported`` for a comparison that no compiled machine makes."""
    asked = {name: one for name, one in said.items() if name not in ("Next", "Comment")}
    if len(asked) == 1:
        [(name, inner)] = asked.items()
        if name == "Not":
            denied = rule(inner)
            return lambda data: not denied(data)
        if name in ("And", "Or"):
            parts = [rule(one) for one in inner]
            every = all if name == "And" else any
            return lambda data: every(part(data) for part in parts)
    if "Variable" not in asked or len(asked) != 2:
        raise Unsupported(f"the choice rule {dict(said)!r}")
    path = asked.pop("Variable")
    [(comparison, wanted)] = asked.items()
    look = found(path)
    if comparison == "IsPresent":
        return lambda data: (look(data) is not ABSENT) is wanted
    if comparison not in COMPARISONS:
        raise Unsupported(f"the comparison {comparison!r}")
    compares = COMPARISONS[comparison]

    def holds(data: Data) -> bool:
        value = look(data)
        if value is ABSENT:
            raise StateFault("States.Runtime", f"the choice reads {path!r}, which leads nowhere in the input")
        return compares(value, wanted)

    return holds


def _numeric(compares: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # A value of another kind holds nothing; True is no number here, unlike in Python.
    return lambda value, wanted: value.__class__ in (int, float) and compares(value, wanted)


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "StringEquals": lambda value, wanted: value.__class__ is str and value == wanted,
    "BooleanEquals": lambda value, wanted: value is wanted,
    "NumericEquals": _numeric(eq),
    "NumericLessThan": _numeric(lt),
    "NumericLessThanEquals": _numeric(le),
    "NumericGreaterThan": _numeric(gt),
    "NumericGreaterThanEquals": _numeric(ge),
}
