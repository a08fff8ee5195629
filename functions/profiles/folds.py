"""How do several statements of one trait become one value? One small rule per fold."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from operator import gt, lt
from typing import Any, Literal

Stamp = tuple[datetime, str]
Kind = Literal["last", "first", "max", "min", "sum", "union", "most_frequent", "source_priority"]

VALUES_UNITED = 100
VALUES_COUNTED = 32
STAIRS = 32
# Ten listed sources and the newest of all others (the policy's model refuses longer lists).
SOURCES_HEARD = 11
# JSON's whole numbers are exact up to here in every reader (RFC 8259, section 6).
LARGEST_AMOUNT = 2**53


@dataclass(frozen=True, slots=True)
class FoldPolicy:
    """How a trait's statements become its value; ``sources`` best first, for ``source_priority`` only."""

    kind: Kind = "last"
    sources: tuple[str, ...] = ()

    def rank(self, source: str) -> int:
        """0 is the best source; all that are not listed share the worst rank."""
        return self.sources.index(source) if source in self.sources else len(self.sources)


@dataclass(frozen=True, slots=True)
class Folds:
    """The deployment's fold of each trait; ``last`` where nothing is said."""

    named: Mapping[str, FoldPolicy] = field(default_factory=dict)

    def __getitem__(self, trait: str) -> FoldPolicy:
        return self.named.get(trait) or FoldPolicy()

    @staticmethod
    def of(policy: Mapping[str, Any]) -> "Folds":
        """Reads the checked policy: ``traits: {plan: {fold: first}, ...}``."""
        traits: Mapping[str, Mapping[str, Any]] = policy.get("traits") or {}
        return Folds({name: FoldPolicy(one["fold"], tuple(one.get("sources") or ())) for name, one in traits.items()})


@dataclass(frozen=True, slots=True)
class Statement:
    """That a trait has a value. ``amount`` = how often it was said, or the total of a ``sum`` (its value is None).

    ``stamp`` is when it was last said; ``source`` is kept for ``source_priority`` only.
    """

    value: Any
    stamp: Stamp
    source: str = ""
    amount: int | Fraction = 1


def _said(value: Any, stamp: Stamp, source: str) -> list[Statement]:
    return [Statement(value, stamp)]


def _said_by(value: Any, stamp: Stamp, source: str) -> list[Statement]:
    return [Statement(value, stamp, source)]


def _comparable(value: Any, stamp: Stamp, source: str) -> list[Statement]:
    return [Statement(value, stamp)] if isinstance(value, bool | int | float | str) else []


def _number(value: Any, stamp: Stamp, source: str) -> list[Statement]:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= LARGEST_AMOUNT:
        return []
    # Decimals as written, added as fractions: floats would give another total in another order.
    return [Statement(None, stamp, amount=Fraction(str(value)))]


def _each(value: Any, stamp: Stamp, source: str) -> list[Statement]:
    values = value if isinstance(value, list) else [value]
    return [Statement(one, stamp) for one in values if one is not None]


def _ends(statements: Sequence[Statement], fold: FoldPolicy) -> Iterable[Statement]:
    return {one.stamp: one for one in (statements[0], statements[-1])}.values()


def _stairs(statements: Sequence[Statement], better: Callable[[Any, Any], bool]) -> list[Statement]:
    """Each statement that is better than all newer ones: what a null of any time leaves the best of."""
    stairs: list[Statement] = []
    for one in reversed(statements):
        if not stairs or better(_rank(one.value), _rank(stairs[-1].value)):
            stairs.append(one)
    return stairs[-STAIRS:]


def _total(statements: Sequence[Statement], fold: FoldPolicy) -> list[Statement]:
    return [replace(statements[-1], amount=sum((one.amount for one in statements), Fraction(0)))]


def _total_as_json(statements: Sequence[Statement], fold: FoldPolicy) -> int | float:
    total = statements[-1].amount
    return int(total) if total.denominator == 1 else float(total)


def _newest_of_each(statements: Sequence[Statement], fold: FoldPolicy) -> list[Statement]:
    newest = {_rank(one.value): one for one in statements}
    return sorted(newest.values(), key=by_time)[-VALUES_UNITED:]


def _counts(statements: Sequence[Statement], fold: FoldPolicy) -> list[Statement]:
    counted: dict[tuple[int, Any], Statement] = {}
    for one in statements:
        before = counted.get(_rank(one.value))
        counted[_rank(one.value)] = replace(one, amount=one.amount + before.amount) if before else one
    most = sorted(counted.values(), key=_by_amount, reverse=True)
    # Misra and Gries (1982): what does not fit takes as much from all. A count is short by at most a 33rd of all
    # statements, so a value that leads by more is found whatever the order.
    short = most[VALUES_COUNTED].amount if len(most) > VALUES_COUNTED else 0
    return [replace(one, amount=one.amount - short) for one in most[:VALUES_COUNTED]]


def _by_amount(one: Statement) -> tuple[int | Fraction, Stamp, tuple[int, Any]]:
    return (one.amount, *by_time(one))


def _newest_of_each_source(statements: Sequence[Statement], fold: FoldPolicy) -> Iterable[Statement]:
    return {fold.rank(one.source): one for one in statements}.values()


def _best_source(statements: Sequence[Statement], fold: FoldPolicy) -> Any:
    newest_last = [one for one in statements if one.value is not None]
    return min(reversed(newest_last), key=lambda one: fold.rank(one.source)).value if newest_last else None


def _oldest(statements: Sequence[Statement], fold: FoldPolicy) -> Any:
    return statements[0].value


def json_text(value: Any) -> str:
    """One text for equal JSON values."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _rank(value: Any) -> tuple[int, Any]:
    """One order of all JSON values: booleans, numbers, texts, then the rest by its JSON. Equal means the same value."""
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float):
        return (1, value)
    return (2, value) if isinstance(value, str) else (3, json_text(value))


def by_time(one: Statement) -> tuple[Stamp, tuple[int, Any]]:
    """Sorts oldest first; one list of a ``union`` says many values at one stamp."""
    return (one.stamp, _rank(one.value))


@dataclass(frozen=True, slots=True)
class Rule:
    """One fold. Which statements a value makes; which of many (never none, oldest first) are kept; what they show.

    ``most`` are kept. ``null_is_said``: a null is a statement like others. ``forgets``: what a null deletes is dropped
    for good; the other folds need it to be right about statements that arrive late, and only hide it.
    """

    kept: Callable[[Sequence[Statement], FoldPolicy], Iterable[Statement]]
    seen: Callable[[Sequence[Statement], FoldPolicy], Any]
    most: int
    stated: Callable[[Any, Stamp, str], list[Statement]] = _said
    null_is_said: bool = False
    forgets: bool = False


RULES: Mapping[Kind, Rule] = {
    # The newest statement; a null deletes when it is the newest.
    "last": Rule(lambda many, fold: many[-1:], _oldest, 1, null_is_said=True),
    # The oldest value ever. A null newer than that deletes it, and from then on the newest value stands: which came
    # first after the null is not kept.
    "first": Rule(_ends, _oldest, 2),
    # The best since the newest null: booleans < numbers < texts; lists and mappings are no statements. Horizon: of a
    # run of more than 32 ever worse values a late null may meet only the best 32.
    "max": Rule(lambda many, fold: _stairs(many, gt), _oldest, STAIRS, _comparable, forgets=True),
    "min": Rule(lambda many, fold: _stairs(many, lt), _oldest, STAIRS, _comparable, forgets=True),
    # All amounts ever, exactly. A null hides the total until the next amount; anything but a number is no statement.
    "sum": Rule(_total, _total_as_json, 1, _number),
    # The newest 100 values said since the newest null (a list says each of its values), sorted.
    "union": Rule(
        _newest_of_each,
        lambda many, fold: [one.value for one in sorted(many, key=lambda one: _rank(one.value))],
        VALUES_UNITED,
        _each,
        forgets=True,
    ),
    # The value said most often, then most lately; a null hides each value until it is said again, its count goes on.
    # Horizon: with more than 32 values counts are short, see ``_counts``.
    "most_frequent": Rule(_counts, lambda many, fold: max(many, key=_by_amount).value, VALUES_COUNTED),
    # The newest statement of the best source that has a value; a null takes back what its own source said. Sources
    # that are not listed count as one, after all others.
    "source_priority": Rule(_newest_of_each_source, _best_source, SOURCES_HEARD, _said_by, null_is_said=True),
}
