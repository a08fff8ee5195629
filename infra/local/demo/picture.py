"""How many went which way through a journey? Its graph with the counts of execution histories on nodes and edges."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.journeys.language.graph import GraphEdge, GraphNode, graph_of
from functions.shared.names import CHANNELS, Channel
from infra.local.report.model import Edge, Node

_DOUBLE = frozenset({"wait", "choice"})
"""A computed wait and a split are two states each: one asks our function, the next acts on the answer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: the names of the states it entered, in order, and how it stands."""

    states: Sequence[str]
    running: bool = False
    stopped: str | None = None
    """Why it was stopped from outside, None when it was not."""


def picture(machine: Mapping[str, Any], entry: str, runs: Iterable[Run]) -> tuple[list[Node], list[Edge]]:
    """The journey as its author sees it, ``entry`` on its first node; a hold or failure counts with its step."""
    drawn, ways = graph_of(machine)
    shown = _merged(drawn, ways)
    visits: Counter[str] = Counter()
    moves: Counter[tuple[str, str]] = Counter()
    left: dict[str, Counter[str]] = defaultdict(Counter)
    waiting: Counter[str] = Counter()
    for run in runs:
        path = _path(run.states, shown)
        visits.update(path)
        moves.update(itertools.pairwise(path))
        if path and run.stopped:
            left[path[-1]][run.stopped] += 1
        if path and run.running:
            waiting[path[-1]] += 1

    nodes = []
    for node in drawn:
        name = shown[node.state]
        if name != node.state:
            continue
        acting = [other for other in drawn if shown[other.state] == name][-1]
        nodes.append(
            Node(
                id=name,
                title=entry if node.kind == "start" else acting.title,
                kind="entry" if node.kind == "start" else _kind(acting),
                entered=visits[name],
                channel=_channel(machine["States"][name]),
                left_early=dict(left[name]),
                waiting=waiting[name],
            )
        )
    return nodes, _edges(ways, shown, moves)


def _merged(drawn: Sequence[GraphNode], ways: Sequence[GraphEdge]) -> dict[str, str]:
    """For each state drawn, the node it counts for: itself, or the asking state before it."""
    kinds = {node.state: node.kind for node in drawn}
    shown = {node.state: node.state for node in drawn}
    for way in ways:
        follows = kinds.get(way.source) == "ask" and kinds.get(way.target) in _DOUBLE and not way.label
        if follows and sum(other.target == way.target for other in ways) == 1:
            shown[way.target] = way.source
    return shown


def _path(states: Sequence[str], shown: Mapping[str, str]) -> list[str]:
    path: list[str] = []
    for state in states:
        name = shown.get(state)
        # A hold leads back to its own step, so a step met again with nothing else between is one visit.
        if name is not None and (not path or path[-1] != name):
            path.append(name)
    return path


def _edges(ways: Sequence[GraphEdge], shown: Mapping[str, str], moves: Mapping[tuple[str, str], int]) -> list[Edge]:
    labels: dict[tuple[str, str], list[str]] = {}
    for way in ways:
        ends = (shown[way.source], shown[way.target])
        if ends[0] != ends[1]:
            labels.setdefault(ends, []).extend([way.label] if way.label else [])
    for ends in moves:
        labels.setdefault(ends, [])
    return [
        Edge(source, target, moves.get((source, target), 0), " or ".join(dict.fromkeys(words)))
        for (source, target), words in labels.items()
    ]


def _kind(node: GraphNode) -> str:
    kinds = {"choice": "split", "ask": "split", "act": "split", "held": "wait", "failed": "fail"}
    if node.kind == "end":
        return "exit" if node.title.startswith("Exit") else "end"
    return kinds.get(node.kind, node.kind)


def _channel(state: Mapping[str, Any]) -> Channel | None:
    body = state.get("Parameters", {}).get("MessageBody", {})
    return next((channel for channel in CHANNELS if body.get("channel") == channel), None)
