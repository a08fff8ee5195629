"""How is a condition said? The same tree, printed for state names, reports and ``segue explain``."""

import json

from functions.journeys import durations
from functions.journeys.conditions.tree import Apply, Compare, History, Join, ListOf, Literal, Named, Node, Not, Path

_OPERATORS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
    "not_in": "is none of",
}


_IDENTIFIED = Path("profile", ("identified",))


def in_words(node: Node) -> str:  # noqa: PLR0911 - one return per kind
    """The node in plain words, parentheses only where they change the meaning."""
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, ListOf):
        return ", ".join(in_words(item) for item in node.items) or "nothing"
    if isinstance(node, Path):
        return _path(node)
    if isinstance(node, Compare):
        return _comparison(node)
    if isinstance(node, Join):
        return f" {node.operator} ".join(_bracketed(item) for item in node.items)
    if isinstance(node, Not):
        return _absent(node) or f"not {_bracketed(node.item)}"
    if isinstance(node, History):
        return _history(node)
    return _apply(node) if isinstance(node, Apply) else _named(node)


def statement(node: Node) -> str:
    """A node that stands as a condition: a bare path says that it is true."""
    if not isinstance(node, Path):
        return in_words(node)
    return "the person is identified" if node == _IDENTIFIED else f"{_path(node)} is true"


def _absent(node: Not) -> str:
    if isinstance(node.item, Path):
        return "the person is not identified" if node.item == _IDENTIFIED else f"{_path(node.item)} is not true"
    exists = isinstance(node.item, Apply) and node.item.function == "exists"
    return f"{in_words(node.item.arguments[0])} is unknown" if exists and isinstance(node.item, Apply) else ""


def _bracketed(node: Node) -> str:
    text = statement(node)
    return f"({text})" if isinstance(node, Join) else text


def _literal(node: Literal) -> str:
    if isinstance(node.value, str):
        return node.value if node.value.replace(" ", "").isalnum() else json.dumps(node.value, ensure_ascii=False)
    if isinstance(node.value, bool) or node.value is None:
        return {True: "true", False: "false", None: "unknown"}[node.value]
    return f"{node.value:,}" if isinstance(node.value, int) else repr(node.value)


def _path(node: Path) -> str:
    if node.root == "now":
        return "the time"
    if node.root == "steps":
        what = ".".join(node.keys[3:]) if node.keys[1:3] == ("event", "properties") else " ".join(node.keys[1:])
        return f"{node.keys[0]}'s {what}"
    owner = {"event": "the event's", "entry": "the entry event's", "profile": "the person's"}[node.root]
    if node.keys[0] in ("properties", "traits"):
        return f"{owner} {'.'.join(node.keys[1:])}"
    return f"{owner} {({'event': 'name', 'first_seen': 'first sight'}).get(node.keys[0], node.keys[0])}"


def _comparison(node: Compare) -> str:
    left, operator = in_words(node.left), _OPERATORS[node.operator]
    if isinstance(node.right, Literal) and node.right.value is None and node.operator in ("==", "!="):
        return f"{left} is {'unknown' if node.operator == '==' else 'known'}"
    if isinstance(node.right, Literal) and isinstance(node.right.value, bool) and node.left == _IDENTIFIED:
        agree = node.right.value is (node.operator == "==")
        return "the person is identified" if agree else "the person is not identified"
    return f"{left} {operator} {in_words(node.right)}"


def _history(node: History) -> str:
    window = f" within {durations.in_words(node.within)}" if node.within is not None else ""
    if node.function == "count":
        return f"the number of {node.event}{window}"
    if node.function == "sum":
        return f"the sum of {'.'.join(node.property)} over {node.event}{window}"
    return f"the {'last' if node.function == 'last' else 'expected next'} {node.event}"


def _apply(node: Apply) -> str:
    first, *others = (in_words(argument) for argument in node.arguments)
    patterns = {
        "exists": "{0} is known",
        "days_since": "days since {0}",
        "lower": "{0} in lower case",
        "starts_with": "{0} starts with {1}",
        "contains": "{0} contains {1}",
        "weekday": "the weekday of {0}",
        "hour": "the hour of {0}",
    }
    return patterns[node.function].format(first, *others)


def _named(node: Named) -> str:
    if node.function == "in_audience":
        return f"the person is in {node.names[0]}"
    if node.function == "consented":
        return f"the person consented to {node.names[0]} by {node.names[1]}"
    return f"the score of {node.names[0]}"
