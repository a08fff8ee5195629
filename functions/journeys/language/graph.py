"""How does a journey look as a picture? Nodes and edges of its compiled machine, named as the console names them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from functions.journeys.acts import ACTS
from functions.journeys.language.asl import ALREADY_ENDED
from functions.journeys.language.state_names import COMPLETED, RESUME, START, WAIT_TO_RESUME
from functions.journeys.language.titles import condition_words

Kind: TypeAlias = Literal[
    "start",
    "wait",
    "send",
    "ask",
    "act",
    "choice",
    "wait_for",
    "experiment",
    "held",
    "paused",
    "failed",
    "resume",
    "continue",
    "between",
    "end",
]
# States that a healthy run rarely sees; a picture for people may leave them out.
QUIET: frozenset[str] = frozenset({"held", "paused", "failed", "resume", "continue"})


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One state; ``title`` is what to write on it."""

    state: str
    kind: Kind
    title: str


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One way from state to state; ``label`` says when it is taken, empty where it always is."""

    source: str
    target: str
    label: str


def graph_of(machine: Mapping[str, Any], quiet: bool = True) -> tuple[list[GraphNode], list[GraphEdge]]:
    """Nodes and edges of a compiled machine in document order.

    ``quiet`` leaves out holds, failures and re-entry at ``resume_at``: what is left is the journey as written.
    """
    states: Mapping[str, Mapping[str, Any]] = machine["States"]
    kinds = {name: _kind(name, state) for name, state in states.items()}
    hidden = {name for name, kind in kinds.items() if quiet and (kind in QUIET or name == ALREADY_ENDED)}
    edges = [
        edge
        for name, state in states.items()
        for edge in _edges(name, state, states)
        if not (quiet and (edge.label == "resume" or edge.label.startswith("error")))
        and edge.source not in hidden
        and edge.target not in hidden
    ]
    if quiet:
        # A Pass that leads from a failure into the author's own branch is hidden, the way it stands for is not.
        edges += [
            GraphEdge(name, states[target]["Next"], "date unreadable")
            for name, state in states.items()
            for catch in state.get("Catch", [])
            for target in [catch["Next"]]
            if catch["ErrorEquals"] == ["UnreadableDate"] and "Next" in states[target]
        ]
        edges = _without_between(edges, {name for name, kind in kinds.items() if kind == "between"})
        # What is left of them chooses between ways that the author wrote.
        kinds = {name: "choice" if kind == "between" else kind for name, kind in kinds.items()}
    seen = {START} | {edge.target for edge in edges}
    nodes = [
        GraphNode(name, kinds[name], _title(name, state))
        for name, state in states.items()
        if name not in hidden and name in seen
    ]
    ordered = sorted(nodes, key=lambda node: node.kind != "start")
    return ordered, list(dict.fromkeys(edges))


def _without_between(edges: list[GraphEdge], between: set[str]) -> list[GraphEdge]:
    """Ways past the states that only count or note something, and past a choice all of whose ways are one."""
    after: dict[str, str] = {}
    while True:
        ways = [GraphEdge(one.source, after.get(one.target, one.target), one.label) for one in edges]
        ways = [one for one in ways if one.source not in after]
        for name in between - after.keys():
            onward = {one.target for one in ways if one.source == name}
            if len(onward) == 1:
                after[name] = onward.pop()
                break
        else:
            return ways
        edges = ways


def _kind(name: str, state: Mapping[str, Any]) -> Kind:  # noqa: PLR0911 - one return per kind
    if name == START:
        return "start"
    if name in (WAIT_TO_RESUME, RESUME):
        return "resume"
    if state["Type"] == "Wait":
        return "held" if state.get("TimestampPath") == "$.held.Cause" else "wait"
    if state["Type"] == "Choice":
        return _choice_kind(state)
    if state["Type"] == "Pass":
        return "between" if state["ResultPath"] == "$.loops" or state["ResultPath"].endswith(".outcome") else "failed"
    if state["Type"] == "Parallel":
        return "send"
    if state["Type"] == "Succeed":
        return "end"
    return _task_kind(state)


def _choice_kind(state: Mapping[str, Any]) -> Kind:
    rule = state["Choices"][0] if state["Choices"] else {}
    if "Or" in rule:
        # What came of a message on all channels; a choice of the author's only where an outcome has steps of its own.
        return "between"
    return "experiment" if rule.get("Variable", "").startswith("$.arms.") else "choice"


def _task_kind(state: Mapping[str, Any]) -> Kind:
    resource = state["Resource"]
    if ":sqs:" in resource:
        return "send"
    if resource.endswith("lambda:invoke.waitForTaskToken"):
        return "paused" if state["Parameters"]["Payload"].get("do") == "park" else "wait_for"
    if ":lambda:" in resource:
        do = state["Parameters"]["Payload"]["do"]
        return "continue" if do == "continue" else "act" if do in ACTS else "ask"
    status = state["Parameters"]["ExpressionAttributeValues"][":status"]["S"]
    return "failed" if status == "failed" else "end"


def _title(name: str, state: Mapping[str, Any]) -> str:
    if name == COMPLETED or state["Type"] != "Task":
        return name
    return name.removeprefix("Ask: ")


def _edges(name: str, state: Mapping[str, Any], states: Mapping[str, Mapping[str, Any]]) -> Iterator[GraphEdge]:
    conditions = _conditions_before(name, states)
    for rule in state.get("Choices", []):
        yield GraphEdge(name, rule["Next"], _label(name, rule, conditions))
    if "Default" in state:
        yield GraphEdge(name, state["Default"], _otherwise(name, state))
    if "Next" in state:
        happened = state["Type"] == "Task" and _kind(name, state) == "wait_for"
        yield GraphEdge(name, state["Next"], "it happened" if happened else "")
    for catch in state.get("Catch", []):
        error = catch["ErrorEquals"][0]
        words = {"States.Timeout": "time is up", "Deferred": "error: held"}
        yield GraphEdge(name, catch["Next"], words.get(error, f"error: {error}"))


def _otherwise(name: str, state: Mapping[str, Any]) -> str:
    if name in (START, RESUME):
        return ""
    if any("NumericLessThan" in rule for rule in state["Choices"]):
        return "done"
    return "failed" if _kind(name, state) == "between" else "otherwise"


def _label(name: str, rule: Mapping[str, Any], conditions: list[str]) -> str:
    if name in (START, RESUME):
        return "resume"
    if "And" in rule:
        return "history is full"
    if "Or" in rule:
        return str(rule["Or"][0]["StringEquals"])
    if "NumericLessThan" in rule:
        return f"{rule['NumericLessThan']} times"
    if "NumericEquals" in rule and rule["NumericEquals"] < len(conditions):
        return condition_words(conditions[rule["NumericEquals"]])
    return str(rule.get("StringEquals", rule.get("NumericEquals", "")))


def _conditions_before(name: str, states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The conditions a split's Choice stands for: they travel in the Task before it."""
    for state in states.values():
        if state.get("Next") == name and "Payload" in state.get("Parameters", {}):
            return list(state["Parameters"]["Payload"].get("branches", []))
    return []
