"""What does a run say of its person? Traits it sets, lists it puts them on or takes them off, decisions it asks for.

Each is an event like any other, so it stands in the timeline and in the archive.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from functions.journeys.conditions import MISSING, Condition, ExpressionFault, Facts, parse
from functions.journeys.conditions.tree import Literal, Path
from functions.journeys.overlay import done_by
from functions.shared.clock import format_instant, parse_instant

# Who says it on the bus.
SOURCE = "segue.journeys"
DECISION_REQUESTED = "Decision Requested"
ACTS = frozenset({"set", "join", "leave", "decide"})


@dataclass(frozen=True, slots=True)
class Act:
    """One act: ``name`` and ``message`` as they go on the bus, ``did`` as the machine carries it on."""

    name: str
    message: Mapping[str, Any]
    did: Mapping[str, Any]


def act_of(task: Mapping[str, Any], facts: Facts) -> Act | None:
    """What a step says; the same task says the same, with the same message id. None when it has nothing to say."""
    match task["do"]:
        case "set":
            traits = dict(_traits(task["traits"], facts))
            return _act(task, "identify", {"type": "identify", "traits": traits}, {"set": traits}) if traits else None
        case "decide":
            asked = {"type": "track", "event": DECISION_REQUESTED, "properties": {"decision": task["decision"]}}
            return _act(task, DECISION_REQUESTED, asked, {"decided": task["decision"]})
    state = "joined" if task["do"] == "join" else "left"
    moved = {"type": "audience", "audience": task["audience"], "state": state}
    return _act(task, "audience", moved, {state: task["audience"]})


def expression_in(value: object) -> Condition | None:
    """The expression that a value of ``set`` is: a path, or a text in quotes of its own; None when it is itself."""
    if not isinstance(value, str):
        return None
    try:
        condition = parse(value)
    except ExpressionFault:
        return None
    tree = condition.tree
    quoted = isinstance(tree, Literal) and isinstance(tree.value, str)
    return condition if quoted or isinstance(tree, Path) else None


def _later(at: datetime, steps: Mapping[str, Any]) -> datetime:
    """The time, after all that the run did before: of two acts of one millisecond the second must count as later."""
    before = max((one for one, _ in done_by(steps)), default=None)
    return at if before is None or before < at else before + timedelta(milliseconds=1)


def _traits(said: Mapping[str, Any], facts: Facts) -> Iterator[tuple[str, Any]]:
    """Traits with values; one whose path leads nowhere is not set."""
    for name, value in said.items():
        expression = expression_in(value)
        found = value if expression is None else expression.value(facts)
        if found is not MISSING:
            yield name, format_instant(found) if isinstance(found, datetime) else found


def _act(task: Mapping[str, Any], name: str, message: Mapping[str, Any], did: Mapping[str, Any]) -> Act:
    said = str(uuid5(NAMESPACE_URL, f"segue:journeys/{task['enrolment']}/{task['step']}/{task['visit']}"))
    at = format_instant(_later(parse_instant(task["entered_at"]), task["steps"]))
    person = {"externalIds": [{"type": "segue_profile", "id": task["profile"]}]}
    return Act(
        name,
        {**message, "messageId": said, "timestamp": at, "context": person},
        {**did, "messageId": said, "at": at},
    )
