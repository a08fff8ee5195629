"""How does a journey look as a picture? Nodes and edges of its compiled machine, named as the console names them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from functions.journeys.language.compiler import ALREADY_ENDED, COMPLETED, START
from functions.journeys.language.titles import condition_words

Kind: TypeAlias = Literal["start", "wait", "send", "ask", "choice", "wait_for", "experiment", "held", "failed", "end"]
# States that a healthy run rarely sees; a picture for people may leave them out.
QUIET: frozenset[str] = frozenset({"held", "failed"})


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
    seen = {START} | {edge.target for edge in edges}
    nodes = [
        GraphNode(name, kinds[name], _title(name, state))
        for name, state in states.items()
        if name not in hidden and name in seen
    ]
    ordered = sorted(nodes, key=lambda node: node.kind != "start")
    return ordered, list(dict.fromkeys(edges))


def _kind(name: str, state: Mapping[str, Any]) -> Kind:
    if name == START:
        return "start"
    if state["Type"] == "Wait":
        return "held" if state.get("TimestampPath") == "$.held.Cause" else "wait"
    if state["Type"] == "Choice":
        return "experiment" if state["Choices"] and state["Choices"][0]["Variable"].startswith("$.arms.") else "choice"
    if state["Type"] == "Pass":
        return "failed"
    if state["Type"] == "Succeed":
        return "end"
    return _task_kind(state)


def _task_kind(state: Mapping[str, Any]) -> Kind:
    resource = state["Resource"]
    if ":sqs:" in resource:
        return "send"
    if resource.endswith("lambda:invoke.waitForTaskToken"):
        return "wait_for"
    if ":lambda:" in resource:
        return "ask"
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
        yield GraphEdge(name, state["Default"], "" if name == START else "otherwise")
    if "Next" in state:
        happened = state.get("Resource", "").endswith("lambda:invoke.waitForTaskToken")
        yield GraphEdge(name, state["Next"], "it happened" if happened else "")
    for catch in state.get("Catch", []):
        error = catch["ErrorEquals"][0]
        words = {"States.Timeout": "time is up", "Deferred": "error: held"}
        yield GraphEdge(name, catch["Next"], words.get(error, f"error: {error}"))


def _label(name: str, rule: Mapping[str, Any], conditions: list[str]) -> str:
    if name == START:
        return "resume"
    if "NumericEquals" in rule and rule["NumericEquals"] < len(conditions):
        return condition_words(conditions[rule["NumericEquals"]])
    return str(rule.get("StringEquals", rule.get("NumericEquals", "")))


def _conditions_before(name: str, states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The conditions a split's Choice stands for: they travel in the Task before it."""
    for state in states.values():
        if state.get("Next") == name and "Payload" in state.get("Parameters", {}):
            return list(state["Parameters"]["Payload"].get("branches", []))
    return []
