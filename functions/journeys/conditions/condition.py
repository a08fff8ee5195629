"""Is it true of this person now? A condition, ready to be asked, printed and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any

from functions.journeys.conditions.changes import Turning, turning
from functions.journeys.conditions.closures import truth_of, value_of
from functions.journeys.conditions.facts import Facts
from functions.journeys.conditions.parser import parse_tree
from functions.journeys.conditions.tree import Apply, History, Kind, Named, Node, Path, kind_of, walk
from functions.journeys.conditions.values import MISSING, Truth
from functions.journeys.conditions.words import in_words, statement
from functions.profiles.model import Between


@dataclass(frozen=True, slots=True)
class Reference:
    """A name an expression uses: ``kind`` is event, expected, audience, topic, channel, score or step."""

    kind: str
    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Reads:
    """What must be known to evaluate: histories (event -> properties), how far back each is counted (``windows``) and
    which of its properties are added up (``sums``, paths with dots), roots and names."""

    series: Mapping[str, frozenset[str]] = field(default_factory=dict)
    windows: Mapping[str, frozenset[timedelta]] = field(default_factory=dict)
    sums: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    references: tuple[Reference, ...] = ()


class Condition:
    """One expression. Equal text, equal condition; evaluating never raises and never looks at a clock or table."""

    def __init__(self, text: str, tree: Node) -> None:
        self.text = text
        self.tree = tree
        self.kind: Kind = kind_of(tree)
        self._truth = truth_of(tree)
        self._value = value_of(tree)

    def evaluate(self, facts: Facts) -> Truth:
        """True, False, or None when something it needs is missing or of another type; only True holds."""
        return self._truth(facts)

    def holds(self, facts: Facts) -> bool:
        """True only when it is certainly true."""
        return self._truth(facts) is True

    def value(self, facts: Facts) -> Any:
        """What a value expression answers (a number, text, aware UTC time ...); ``MISSING`` when it is not known, or
        not exactly."""
        value = self._value(facts)
        return MISSING if isinstance(value, Between) else value

    def missing(self, facts: Facts) -> list[str]:
        """The parts, as written, that had no value or no exact one: why an evaluation was unknown."""
        leaves = [node for node in walk(self.tree) if isinstance(node, Path | History | Named)]
        values = [(node, value_of(node)(facts)) for node in leaves]
        unknown = [node for node, value in values if value is MISSING or isinstance(value, Between)]
        return list(dict.fromkeys(map(spelling, unknown)))

    def words(self) -> str:
        """The expression as part of a sentence: ``the person's tier is gold``, ``the person's renewal_at``."""
        return in_words(self.tree)

    def sentence(self) -> str:
        """The expression as a statement: a bare ``profile.identified`` says that the person is identified."""
        return statement(self.tree)

    @cached_property
    def turning(self) -> Turning | None:
        """What names the instants at which time moves it (``changes_at``); None when time does not."""
        return turning(self.tree)

    @cached_property
    def reads(self) -> Reads:
        """What it looks at; ``publication.series`` and the checks are made of this."""
        return _reads(self.tree)

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """The condition ``text`` says; raises ``ExpressionFault`` with a column when it says none."""
    return Condition(text, parse_tree(text))


def spelling(node: Node) -> str:
    """A leaf as its author wrote it."""
    if isinstance(node, Path):
        return ".".join((node.root, *node.keys))
    if isinstance(node, History):
        return f'{node.function}("{node.event}")'
    if isinstance(node, Named):
        return f"{node.function}({', '.join(node.names)})"
    return in_words(node)


def _reads(tree: Node) -> Reads:
    series: dict[str, frozenset[str]] = {}
    windows: dict[str, frozenset[timedelta]] = {}
    sums: dict[str, frozenset[str]] = {}
    expected: set[str] = set()
    roots: set[str] = set()
    references: list[Reference] = []
    for node in walk(tree):
        if isinstance(node, History):
            properties = frozenset(node.property[:1])
            series[node.event] = series.get(node.event, frozenset()) | properties
            references.append(Reference("event", node.event, node.column))
            if node.function == "expected":
                expected.add(node.event)
            if node.within is not None:
                windows[node.event] = windows.get(node.event, frozenset()) | {node.within}
            if node.function == "sum":
                sums[node.event] = sums.get(node.event, frozenset()) | {".".join(node.property)}
        elif isinstance(node, Path):
            roots.add(node.root)
            if node.root == "steps":
                references.append(Reference("step", node.keys[0], node.column))
        elif isinstance(node, Named):
            kinds = {"in_audience": ("audience",), "consented": ("topic", "channel"), "score": ("score",)}[
                node.function
            ]
            references += [Reference(kind, name, node.column) for kind, name in zip(kinds, node.names, strict=True)]
        elif isinstance(node, Apply) and node.function in ("days_since", "weekday", "hour"):
            roots.add("now")
    return Reads(series, windows, sums, frozenset(expected), frozenset(roots), tuple(references))
