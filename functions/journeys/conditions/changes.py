"""When could a condition's answer change although nothing happens? When time alone moves something it reads.

Each node that time moves becomes one closure that names the instants at which its value turns; the whole condition is
then asked at these, in order, until it answers otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from functions.journeys.conditions.closures import about_audience, value_of
from functions.journeys.conditions.facts import Facts
from functions.journeys.conditions.tree import Apply, Compare, History, Join, ListOf, Named, Node, Not, Path
from functions.journeys.conditions.values import as_time, in_utc, is_number

if TYPE_CHECKING:
    from functions.journeys.conditions.condition import Condition

# How often one condition is asked at most; what turns more often is looked at again after so many turns.
LOOKS = 100
# What moves in a way nobody computes (the hour of days_since(x)) is looked at again so soon.
SOON = timedelta(minutes=15)
HALF_HOURS = 50
WEEK = 8
_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Turns:
    """Instants at which a value turns; complete up to ``until`` (None: for ever)."""

    instants: list[datetime] = field(default_factory=list)
    until: datetime | None = None

    def add(self, at: datetime | None) -> None:
        """An instant; around it, since a value may turn when it is reached or once it is passed."""
        if at is not None:
            self.instants += [at - _INSTANT, at, at + _INSTANT]

    def no_further(self, at: datetime) -> None:
        """Nothing is known of what comes after ``at``."""
        self.until = at if self.until is None else min(self.until, at)


Turning: TypeAlias = Callable[[Facts, Turns], None]
Solved: TypeAlias = Callable[[Facts, Any], datetime | None]
"""The instant at which what moves is a given value."""


def changes_at(condition: "Condition", facts: Facts, before: datetime | None = None) -> datetime | None:
    """The first instant after ``facts.now`` at which the answer may be another, if nothing new is heard of the person.

    None when it never is, or not earlier than ``before``. It may be earlier than the change, never later.
    """
    if condition.turning is None:
        return None
    turns = Turns()
    condition.turning(facts, turns)
    end = min((one for one in (turns.until, before) if one is not None), default=None)
    answer = condition.evaluate(facts)
    ahead = sorted({at for at in turns.instants if at > facts.now and (end is None or at < end)})
    for looks, at in enumerate(ahead):
        if looks == LOOKS or condition.evaluate(replace(facts, now=at)) is not answer:
            return at
    return None if turns.until is None or (before is not None and before <= turns.until) else turns.until


def turning(node: Node) -> Turning | None:  # noqa: PLR0911 - one return per kind
    """A closure that adds the instants at which the node's value turns; None when time does not move it."""
    if isinstance(node, Compare):
        return _comparison(node.left, node.right)
    if isinstance(node, Join):
        return _together(node.items)
    if isinstance(node, Not):
        return turning(node.item)
    if isinstance(node, ListOf):
        return _soon if any(_moves(item) for item in node.items) else _together(node.items)
    if isinstance(node, History):
        return None if node.within is None else _window(node.event, node.within)
    if isinstance(node, Named):
        return _audience(node.names[0]) if node.function == "in_audience" else None
    return _applied(node) if isinstance(node, Apply) else None


def _applied(node: Apply) -> Turning | None:
    first, *others = node.arguments
    if node.function == "contains":
        return _comparison(others[0], first)
    if node.function in ("hour", "weekday") and _moves(first):
        if not _is_now(first):
            return _soon
        return _hours if node.function == "hour" else _days
    if node.function == "days_since" and _moves(first) and not _is_now(first):
        return _soon
    return _together(node.arguments)


def _is_now(node: Node) -> bool:
    return isinstance(node, Path) and node.root == "now"


def _moves(node: Node) -> bool:
    """True of what time moves evenly: the time, and how long ago something was."""
    return _is_now(node) or (
        isinstance(node, Apply) and node.function == "days_since" and not _is_now(node.arguments[0])
    )


def _together(nodes: Sequence[Node]) -> Turning | None:
    parts = [part for part in map(turning, nodes) if part is not None]
    if len(parts) < 2:
        return parts[0] if parts else None

    def all_of_them(facts: Facts, turns: Turns) -> None:
        for part in parts:
            part(facts, turns)

    return all_of_them


def _comparison(left: Node, right: Node) -> Turning | None:
    moving = [node for node in (left, right) if _moves(node)]
    steps = _together((left, right))
    if len(moving) != 1:
        # Two that move keep their distance.
        return steps
    solved, other = _solved(moving[0]), value_of(right if moving[0] is left else left)

    def crossing(facts: Facts, turns: Turns) -> None:
        for value in _scalars(other(facts)):
            turns.add(solved(facts, value))
        if steps is not None:
            # Where the line is crossed is known only until the line itself moves.
            inside = Turns()
            steps(facts, inside)
            turns.instants += inside.instants
            for at in (inside.until, min((at for at in inside.instants if at > facts.now), default=None)):
                if at is not None:
                    turns.no_further(at)

    return crossing


def _solved(node: Node) -> Solved:
    if not isinstance(node, Apply):
        return lambda facts, value: as_time(value, facts.zone)
    since = value_of(node.arguments[0])

    def reached(facts: Facts, value: Any) -> datetime | None:
        start = as_time(since(facts), facts.zone)
        if start is None or not is_number(value):
            return None
        try:
            return start + timedelta(days=value)
        except OverflowError:
            return None

    return reached


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        yield from value
    else:
        yield value


def _window(event: str, within: timedelta) -> Turning:
    """What is counted leaves the window in its order."""

    def leaving(facts: Facts, turns: Turns) -> None:
        series = facts.snapshot.series.get(event)
        try:
            start = facts.now - within
        except OverflowError:
            return
        turns.instants += [edge + within for edge in series.edges(start)] if series is not None else []

    return leaving


def _audience(name: str) -> Turning:
    def of_members(facts: Facts, turns: Turns) -> None:
        audience = facts.audiences.get(name)
        if audience is not None and audience.turning is not None and name not in facts.asked:
            audience.turning(about_audience(name, facts), turns)

    return of_members


def _hours(facts: Facts, turns: Turns) -> None:
    """Half hours: some zones move their clocks by no more than that."""
    local = facts.now.astimezone(facts.zone)
    past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    first = facts.now - past
    turns.instants += [first + timedelta(minutes=30 * n) for n in range(1, HALF_HOURS)]
    turns.no_further(first + timedelta(minutes=30 * HALF_HOURS))


def _days(facts: Facts, turns: Turns) -> None:
    local = facts.now.astimezone(facts.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    midnights = [in_utc(local + timedelta(days=n), facts.zone) for n in range(1, WEEK + 1)]
    turns.instants += midnights
    turns.no_further(midnights[-1])


def _soon(facts: Facts, turns: Turns) -> None:
    turns.no_further(facts.now + SOON)
