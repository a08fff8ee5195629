"""What must change about a person before they can enter or leave an audience? What its condition mentions.

What can change has a name: ``event:Order Completed`` (its series), ``trait:tier``, ``list:friends``, ``score:promo``,
``identified``, ``first_seen``. That time passes is no change; ``functions.journeys.conditions.changes_at`` knows when.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Condition, iso_time
from functions.journeys.conditions.tree import Apply, Compare, History, ListOf, Literal, Named, Node, Path, walk
from functions.profiles.model import Snapshot
from functions.shared.names import ProfileId

FIRST_SEEN = "first_seen"
_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
_NOBODY = Snapshot.of_nobody(ProfileId(""), _NEW_YEAR)


def mentions(common: CommonFacts) -> dict[str, list[str]]:
    """For all that can change, the audiences that mention it, themselves or through an audience they name."""
    index: dict[str, list[str]] = {}
    for name, condition in common.audiences.items():
        for what in mentioned(condition, common, frozenset({name})):
            index.setdefault(what, []).append(name)
    for name in common.lists:
        index.setdefault(f"list:{name}", []).append(name)
    return {what: sorted(names) for what, names in sorted(index.items())}


def mentioned(condition: Condition, common: CommonFacts, seen: frozenset[str] = frozenset()) -> set[str]:
    """What one condition mentions; ``seen`` = audiences that lead here."""
    found: set[str] = set()
    for node in walk(condition.tree):
        found.update(_mentioned(node, common, seen))
    if condition.evaluate(common.about(_NOBODY, _NEW_YEAR)) is True:
        # It holds of somebody of whom nothing is known, so that a first sight of whatever kind is an entry.
        found.add(FIRST_SEEN)
    return found


def _mentioned(node: Node, common: CommonFacts, seen: frozenset[str]) -> Iterator[str]:
    if isinstance(node, History):
        yield f"event:{node.event}"
    elif isinstance(node, Path):
        if node.root == "profile":
            yield f"trait:{node.keys[1]}" if node.keys[0] == "traits" else node.keys[0]
        elif node.root == "now":
            # A date may make members of people of whom nothing else is ever heard.
            yield FIRST_SEEN
    elif isinstance(node, Named) and node.function == "score":
        yield f"score:{node.names[0]}"
    elif isinstance(node, Named) and node.function == "in_audience":
        name = node.names[0]
        if name in common.lists:
            yield f"list:{name}"
        elif name in common.audiences and name not in seen:
            yield from mentioned(common.audiences[name], common, seen | {name})
    if _is_local(node):
        yield "trait:timezone"


def _is_local(node: Node) -> bool:
    """True of what depends on where the person is: days, hours, and dates written without a zone."""
    if isinstance(node, Apply):
        return node.function in ("weekday", "hour") or (
            node.function == "days_since" and not isinstance(node.arguments[0], History)
        )
    return isinstance(node, Compare) and not (_is_plain(node.left) or _is_plain(node.right))


def _is_plain(node: Node) -> bool:
    if isinstance(node, ListOf):
        return all(_is_plain(item) for item in node.items)
    return isinstance(node, Literal) and not (isinstance(node.value, str) and iso_time(node.value, UTC) is not None)
