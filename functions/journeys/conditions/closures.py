"""How is a condition evaluated fast? Each node becomes one closure over ``Facts``, made once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from functions.decisioning.policy import expected_next
from functions.journeys.conditions.facts import Facts
from functions.journeys.conditions.tree import Apply, Compare, History, Join, ListOf, Literal, Named, Node, Not, Path
from functions.journeys.conditions.values import (
    MISSING,
    Truth,
    as_time,
    compare,
    equal,
    is_number,
    iso_time,
    member,
)
from functions.profiles.model import Between

Value: TypeAlias = Callable[[Facts], Any]
Question: TypeAlias = Callable[[Facts], Truth]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PLAIN_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_UTC = ZoneInfo("UTC")


def value_of(node: Node) -> Value:  # noqa: PLR0911 - one return per kind
    """A closure answering the node's value, ``MISSING`` where nothing is known."""
    if isinstance(node, Literal):
        value = MISSING if node.value is None else node.value
        return lambda facts: value
    if isinstance(node, ListOf):
        items = [value_of(item) for item in node.items]
        return lambda facts: [item(facts) for item in items]
    if isinstance(node, Path):
        return _path(node)
    if isinstance(node, History):
        return _history(node)
    if isinstance(node, Apply) and node.function in _VALUES:
        function, argument = _VALUES[node.function], value_of(node.arguments[0])
        return lambda facts: function(argument(facts), facts)
    if isinstance(node, Named) and node.function == "score":
        score = node.names[0]
        return lambda facts: facts.snapshot.scores.get(score, MISSING)
    question = truth_of(node)

    def answer(facts: Facts) -> Any:
        truth = question(facts)
        return MISSING if truth is None else truth

    return answer


def truth_of(node: Node) -> Question:
    """A closure answering True, False or None (unknown)."""
    if isinstance(node, Compare):
        return _comparison(node)
    if isinstance(node, Join):
        return _join(node)
    if isinstance(node, Not):
        item = truth_of(node.item)

        def negation(facts: Facts) -> Truth:
            truth = item(facts)
            return None if truth is None else not truth

        return negation
    if isinstance(node, Apply) and node.function in _QUESTIONS:
        function, arguments = _QUESTIONS[node.function], [value_of(one) for one in node.arguments]
        return lambda facts: function(*(argument(facts) for argument in arguments))
    if isinstance(node, Named) and node.function != "score":
        return _audience(node.names[0]) if node.function == "in_audience" else _consented(*node.names)
    value = value_of(node)

    def boolean(facts: Facts) -> Truth:
        answer = value(facts)
        return answer if isinstance(answer, bool) else None

    return boolean


def _join(node: Join) -> Question:
    items = [truth_of(item) for item in node.items]
    settling = node.operator == "or"

    def joined(facts: Facts) -> Truth:
        result: Truth = not settling
        for item in items:
            truth = item(facts)
            if truth is settling:
                return settling
            if truth is None:
                result = None
        return result

    return joined


def _comparison(node: Compare) -> Question:
    left, right, operator = value_of(node.left), value_of(node.right), node.operator
    for side, other in ((node.left, right), (node.right, left)):
        if operator in ("==", "!=") and isinstance(side, Literal) and side.value is None:
            absent = operator == "=="
            return lambda facts: (other(facts) is MISSING) is absent
    if isinstance(node.right, Literal) and operator in _PLAIN_OPERATORS:
        quick = _against_literal(left, _PLAIN_OPERATORS[operator], node.right.value)
        if quick is not None:
            return quick

    def general(facts: Facts) -> Truth:
        one, other = left(facts), right(facts)
        if operator == "in":
            return member(one, other, facts.zone)
        if operator == "not_in":
            return _negated(member(one, other, facts.zone))
        if operator == "==":
            return equal(one, other, facts.zone)
        if operator == "!=":
            return _negated(equal(one, other, facts.zone))
        return compare(operator, one, other, facts.zone)

    return general


def _against_literal(left: Value, operator: Callable[[Any, Any], bool], literal: Any) -> Question | None:
    """The usual case, a value against a number or a plain text, without the general comparison."""
    if is_number(literal):

        def number(facts: Facts) -> Truth:
            value = left(facts)
            kind = type(value)
            if kind is int or (kind is float and isfinite(value)):
                return operator(value, literal)
            return _bounded(value, operator, literal, facts) if kind is Between else None

        return number
    if isinstance(literal, str) and iso_time(literal, _UTC) is None:

        def text(facts: Facts) -> Truth:
            value = left(facts)
            return operator(value, literal) if type(value) is str else None

        return text
    return None


def _bounded(value: Between, operator: Callable[[Any, Any], bool], literal: float, facts: Facts) -> Truth:
    name = next(name for name, function in _PLAIN_OPERATORS.items() if function is operator)
    if name in ("==", "!="):
        truth = equal(value, literal, facts.zone)
        return truth if name == "==" else _negated(truth)
    return compare(name, value, literal, facts.zone)


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _path(node: Path) -> Value:
    keys = node.keys
    if node.root == "now":
        return lambda facts: facts.now
    if node.root == "steps":
        return lambda facts: _reach(facts.steps, keys)
    if node.root == "profile":
        if keys[0] != "traits":
            field = keys[0]
            return lambda facts: getattr(facts.snapshot, field)
        if len(keys) == 2:
            trait = keys[1]

            def one_trait(facts: Facts) -> Any:
                value = facts.snapshot.traits.get(trait, MISSING)
                return MISSING if value is None else value

            return one_trait
        return lambda facts: _reach(facts.snapshot.traits, keys[1:])
    root, below = node.root, keys[1:]
    field = "name" if root == "event" and keys[0] == "event" else keys[0]

    def of_event(facts: Facts) -> Any:
        event = facts.event if root == "event" else facts.entry
        if event is None:
            return MISSING
        value = getattr(event, field)
        return _reach(value, below) if below else value

    return of_event


def _reach(value: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(value, Mapping):
            return MISSING
        value = value.get(key, MISSING)
    return MISSING if value is None else value


def _history(node: History) -> Value:
    event, within, keys = node.event, node.within, node.property
    if node.function == "last":

        def last(facts: Facts) -> Any:
            series = facts.snapshot.series.get(event)
            latest = None if series is None else series.latest()
            return MISSING if latest is None else latest

        return last
    if node.function == "expected":

        def expected(facts: Facts) -> Any:
            series = facts.snapshot.series.get(event)
            times = [] if series is None else [one.timestamp for one in series.recent]
            due = expected_next(times, facts.population.get(event))
            return MISSING if due is None else due

        return expected
    if node.function == "count":

        def count(facts: Facts) -> Any:
            series = facts.snapshot.series.get(event)
            return 0 if series is None else series.how_many(_start(within, facts.now))

        return count
    path = ".".join(keys)

    def total(facts: Facts) -> Any:
        series = facts.snapshot.series.get(event)
        amount = 0 if series is None else series.how_much(path, _start(within, facts.now))
        return MISSING if amount is None else amount

    return total


def _start(within: timedelta | None, now: datetime) -> datetime | None:
    """Where a window begins, itself outside; None = with the first occurrence."""
    try:
        return None if within is None else now - within
    except OverflowError:
        return None


def about_audience(name: str, facts: Facts) -> Facts:
    """The facts as the condition of an audience sees them, whoever asks: of the person and the time alone."""
    return replace(facts, asked=facts.asked | {name}, event=None, entry=None, steps={})


def _audience(name: str) -> Question:
    def membership(facts: Facts) -> Truth:
        if name in facts.lists:
            return name in facts.snapshot.lists
        audience = facts.audiences.get(name)
        # A circle of audiences answers "unknown" instead of never ending.
        if audience is None or name in facts.asked:
            return None
        return audience.evaluate(about_audience(name, facts))

    return membership


def _consented(topic: str, channel: str) -> Question:
    def consent(facts: Facts) -> Truth:
        return None if facts.consents is None else facts.consents.get(channel, {}).get(topic) == "granted"

    return consent


def _exists(value: Any) -> Truth:
    return value is not MISSING


def _starts_with(text: Any, start: Any) -> Truth:
    return text.startswith(start) if isinstance(text, str) and isinstance(start, str) else None


def _contains(container: Any, item: Any) -> Truth:
    return member(item, container, _UTC)


def _days_since(value: Any, facts: Facts) -> Any:
    instant = as_time(value, facts.zone)
    return MISSING if instant is None else (facts.now - instant) / timedelta(days=1)


def _lower(value: Any, facts: Facts) -> Any:
    return value.lower() if isinstance(value, str) else MISSING


def _local(value: Any, facts: Facts) -> datetime | None:
    instant = as_time(value, facts.zone)
    try:
        return None if instant is None else instant.astimezone(facts.zone)
    except (OverflowError, ValueError):
        return None


def _weekday(value: Any, facts: Facts) -> Any:
    local = _local(value, facts)
    return MISSING if local is None else WEEKDAYS[local.weekday()]


def _hour(value: Any, facts: Facts) -> Any:
    local = _local(value, facts)
    return MISSING if local is None else local.hour


_VALUES: Mapping[str, Callable[[Any, Facts], Any]] = {
    "days_since": _days_since,
    "lower": _lower,
    "weekday": _weekday,
    "hour": _hour,
}
_QUESTIONS: Mapping[str, Callable[..., Truth]] = {
    "exists": _exists,
    "starts_with": _starts_with,
    "contains": _contains,
}
