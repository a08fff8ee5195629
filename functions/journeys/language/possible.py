"""Can a condition ever be true? What its text alone tells, so that dead branches are found before anyone waits."""

import itertools
from datetime import UTC, datetime
from typing import Any, TypeAlias

from functions.journeys.conditions import Facts, Truth
from functions.journeys.conditions.closures import WEEKDAYS, truth_of
from functions.journeys.conditions.tree import Apply, Compare, History, Join, ListOf, Literal, Node, Not, Path, kind_of
from functions.journeys.conditions.values import all_of, any_of
from functions.profiles.model import Snapshot
from functions.shared.names import ProfileId

Outcomes: TypeAlias = frozenset[Truth]
_ALL: Outcomes = frozenset({True, False, None})
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_NOBODY = Facts(Snapshot(ProfileId(""), False, _NOW, _NOW, 0), _NOW)
_COMPARABLE = frozenset({("time", "text"), ("text", "time")})
_OUTCOMES = ("sent", "withheld", "failed", "happened", "done")


def outcomes(node: Node) -> Outcomes:
    """Every answer the condition can give, as far as its text tells; without True it can never match."""
    if isinstance(node, Literal):
        return frozenset({node.value if isinstance(node.value, bool) else None})
    if isinstance(node, Compare):
        return _comparison(node)
    if isinstance(node, Not):
        return frozenset(None if one is None else not one for one in outcomes(node.item))
    if isinstance(node, Join):
        return _join(node)
    return frozenset({True, False}) if isinstance(node, Apply) and node.function == "exists" else _ALL


def _join(node: Join) -> Outcomes:
    fold = all_of if node.operator == "and" else any_of
    result = outcomes(node.items[0])
    for item in node.items[1:]:
        result = frozenset(fold(pair) for pair in itertools.product(result, outcomes(item)))
    if node.operator == "and" and _contradicts(node):
        result -= {True}
    return result


def _comparison(node: Compare) -> Outcomes:
    left, right = node.left, node.right
    if _constant(left) and _constant(right):
        return frozenset({truth_of(node)(_NOBODY)})
    if any(isinstance(side, Literal) and side.value is None for side in (left, right)):
        return frozenset({True, False}) if node.operator in ("==", "!=") else frozenset({None})
    if node.operator in ("in", "not_in"):
        return _membership(node)
    kinds = kind_of(left), kind_of(right)
    if "any" not in kinds and kinds[0] != kinds[1] and kinds not in _COMPARABLE:
        return frozenset({None})
    if node.operator not in ("==", "!=") and {"truth", "list"} & set(kinds):
        return frozenset({None})
    return _domain(node)


def _membership(node: Compare) -> Outcomes:
    if isinstance(node.right, ListOf):
        ways = [outcomes(Compare("==", node.left, item)) for item in node.right.items]
        answers = frozenset(any_of(pick) for pick in itertools.product(*ways[:6])) if len(ways) <= 6 else _ALL
    else:
        answers = _ALL if kind_of(node.right) in ("any", "text", "list") else frozenset({None})
    return answers if node.operator == "in" else frozenset(None if one is None else not one for one in answers)


def _domain(node: Compare) -> Outcomes:
    """Functions with few answers: a weekday is never "monday", a count never below nought."""
    left, right = node.left, node.right
    if not isinstance(right, Literal):
        return _ALL
    if isinstance(left, Apply) and left.function == "weekday" and right.value not in WEEKDAYS:
        return frozenset({node.operator == "!=", None})
    outcome = isinstance(left, Path) and left.root == "steps" and left.keys[1:] == ("outcome",)
    if outcome and right.value not in _OUTCOMES:
        return frozenset({node.operator == "!=", None})
    limits = _range(left)
    if limits is None or not isinstance(right.value, int | float) or isinstance(right.value, bool):
        return _ALL
    low, high = limits
    number = right.value
    impossible = {
        "==": number < low or number > high,
        "<": number <= low,
        "<=": number < low,
        ">": number >= high,
        ">=": number > high,
        "!=": False,
    }
    return _ALL - {True} if impossible[node.operator] else _ALL


def _range(node: Node) -> tuple[float, float] | None:
    if isinstance(node, History) and node.function == "count":
        return (0, float("inf"))
    return (0, 23) if isinstance(node, Apply) and node.function == "hour" else None


def _constant(node: Node) -> bool:
    return isinstance(node, Literal) or (isinstance(node, ListOf) and all(_constant(item) for item in node.items))


def _contradicts(node: Join) -> bool:
    """Two demands on one value that no value meets: ``x == 1 and x == 2``, ``x > 5 and x < 3``."""
    equal: dict[Node, Any] = {}
    low: dict[Node, tuple[float, bool]] = {}
    high: dict[Node, tuple[float, bool]] = {}
    for item in _flat(node):
        if not isinstance(item, Compare) or not isinstance(item.right, Literal):
            continue
        side, value = item.left, item.right.value
        if item.operator == "==":
            if side in equal and type(equal[side]) is type(value) and equal[side] != value and not _like_time(value):
                return True
            equal[side] = value
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if item.operator in (">", ">=", "=="):
            low[side] = max(low.get(side, (float("-inf"), False)), (value, item.operator == ">"))
        if item.operator in ("<", "<=", "=="):
            high[side] = min(high.get(side, (float("inf"), True)), (value, item.operator != "<"))
    return any(
        side in high and (bound > high[side][0] or (bound == high[side][0] and (strict or not high[side][1])))
        for side, (bound, strict) in low.items()
    )


def _flat(node: Join) -> list[Node]:
    return [
        inner
        for item in node.items
        for inner in (_flat(item) if isinstance(item, Join) and item.operator == "and" else [item])
    ]


def _like_time(value: object) -> bool:
    return isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-"
