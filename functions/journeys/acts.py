"""What does a run say of its person? Traits it sets, lists it puts them on or takes them off, decisions it asks for.

Each is an event like any other, so it stands in the timeline and in the archive. Before it has gone round, the run that
said it sees it already: what it did travels with the machine and is laid over what is known of the person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from functions.journeys.conditions import MISSING, Condition, ExpressionFault, Facts, parse
from functions.journeys.conditions.tree import Literal, Path
from functions.profiles.model import Snapshot
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


def laid_over(snapshot: Snapshot, steps: Mapping[str, Any]) -> Snapshot:
    """The person with what the run itself has done, where nothing later is known of it."""
    traits, lists = dict(snapshot.traits), set(snapshot.lists)
    for at, did in sorted(_did(steps), key=lambda one: one[0]):
        stamp = (at, did["messageId"])

        def newest(what: str, stamp: tuple[datetime, str] = stamp) -> bool:
            known = snapshot.stated.get(what)
            return known is None or known < stamp

        traits.update({name: value for name, value in did.get("set", {}).items() if newest(f"trait:{name}")})
        if "joined" in did and newest(f"list:{did['joined']}"):
            lists.add(did["joined"])
        if "left" in did and newest(f"list:{did['left']}"):
            lists.discard(did["left"])
    return replace(snapshot, traits=traits, lists=tuple(sorted(lists)))


def _later(at: datetime, steps: Mapping[str, Any]) -> datetime:
    """The time, after all that the run did before: of two acts of one millisecond the second must count as later."""
    before = max((one for one, _ in _did(steps)), default=None)
    return at if before is None or before < at else before + timedelta(milliseconds=1)


def _did(steps: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    for answer in steps.values():
        did = answer.get("did") if isinstance(answer, Mapping) else None
        if did:
            yield parse_instant(did["at"]), did


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
