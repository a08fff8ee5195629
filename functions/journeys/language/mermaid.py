"""How does a journey look in a README? Its graph as Mermaid text."""

from collections.abc import Mapping
from typing import Any

from functions.journeys.language.graph import graph_of

_SHAPES = {
    "start": ("([", "])"),
    "wait": ("[/", "/]"),
    "wait_for": ("[/", "/]"),
    "send": ("[", "]"),
    "ask": ("[", "]"),
    "act": ("[[", "]]"),
    "choice": ("{", "}"),
    "experiment": ("{", "}"),
    "end": ("([", "])"),
}


def mermaid(machine: Mapping[str, Any]) -> str:
    """A ``flowchart TD`` of the journey as its author sees it."""
    nodes, edges = graph_of(machine)
    numbers = {node.state: f"s{number}" for number, node in enumerate(nodes)}
    lines = ["flowchart TD"]
    for node in nodes:
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f'  {numbers[node.state]}{opening}"{_quoted(node.title)}"{closing}')
    for edge in edges:
        label = f'|"{_quoted(edge.label)}"|' if edge.label else ""
        lines.append(f"  {numbers[edge.source]} -->{label} {numbers[edge.target]}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
