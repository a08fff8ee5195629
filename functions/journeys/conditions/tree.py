"""What is a condition made of? A small tree of our own, so that evaluating, printing and checking agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal as Values
from typing import TypeAlias

Root: TypeAlias = Values["event", "entry", "steps", "profile", "now"]
Kind: TypeAlias = Values["truth", "number", "text", "time", "list", "none", "any"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, ``true``, ``false`` or ``none``."""

    value: float | str | bool | None
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[...]``."""

    items: tuple["Node", ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Path:
    """``event.properties.total``: a root and the keys below it; ``now`` has none."""

    root: Root
    keys: tuple[str, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """``== != < <= > >= in not_in``."""

    operator: str
    left: "Node"
    right: "Node"
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Join:
    """``and`` or ``or`` of two items or more."""

    operator: Values["and", "or"]
    items: tuple["Node", ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """``not``."""

    item: "Node"
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class History:
    """``count``, ``sum``, ``last`` and ``expected``: what the person's events of one name say."""

    function: Values["count", "sum", "last", "expected"]
    event: str
    property: tuple[str, ...] = ()
    within: timedelta | None = None
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of values: ``exists days_since lower starts_with contains weekday hour``."""

    function: str
    arguments: tuple["Node", ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A function of names: ``in_audience(NAME)``, ``consented(TOPIC, CHANNEL)``, ``score(NAME)``."""

    function: str
    names: tuple[str, ...]
    column: int = field(default=1, compare=False)


Node: TypeAlias = Literal | ListOf | Path | Compare | Join | Not | History | Apply | Named

_APPLY_KINDS: dict[str, Kind] = {
    "exists": "truth",
    "days_since": "number",
    "lower": "text",
    "starts_with": "truth",
    "contains": "truth",
    "weekday": "text",
    "hour": "number",
}


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    if isinstance(node, Compare):
        return (node.left, node.right)
    if isinstance(node, Join | ListOf):
        return node.items
    if isinstance(node, Not):
        return (node.item,)
    return node.arguments if isinstance(node, Apply) else ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, as read."""
    yield node
    for child in children(node):
        yield from walk(child)


def kind_of(node: Node) -> Kind:  # noqa: PLR0911 - one return per kind
    """What a node answers, as far as its text alone tells."""
    if isinstance(node, Literal):
        if isinstance(node.value, bool):
            return "truth"
        return "none" if node.value is None else "text" if isinstance(node.value, str) else "number"
    if isinstance(node, Compare | Join | Not):
        return "truth"
    if isinstance(node, ListOf):
        return "list"
    if isinstance(node, History):
        return "number" if node.function in ("count", "sum") else "time"
    if isinstance(node, Apply):
        return _APPLY_KINDS[node.function]
    if isinstance(node, Named):
        return "number" if node.function == "score" else "truth"
    return _path_kind(node)


def _path_kind(path: Path) -> Kind:
    if path.root == "now" or path.keys[-1:] == ("first_seen",) or path.keys == ("timestamp",):
        return "time"
    if path.keys == ("identified",):
        return "truth"
    return "text" if path.keys == ("event",) else "any"
