"""What do pictures and editors get?"""

from pathlib import Path

import pytest

from functions.journeys.language.graph import graph_of
from functions.journeys.language.mermaid import mermaid
from functions.journeys.language.publication import publish
from functions.journeys.language.schemas import FILES, schema_text

ROOT = Path(__file__).parents[4]
MACHINES = publish(ROOT / "journeys")[1]


def test_the_graph_shows_the_journey_and_leaves_machinery_out() -> None:
    nodes, edges = graph_of(MACHINES["welcome"])
    assert [(node.state, node.kind) for node in nodes] == [
        ("Start", "start"),
        ("Wait 1 day", "wait"),
        ("Say thanks by email", "send"),
        ("Wait for Order Completed, 21 days at most", "wait_for"),
        ("Remind gently by email", "send"),
        ("Completed", "end"),
        ("Exit: ordered_again", "end"),
    ]
    assert ("Wait for Order Completed, 21 days at most", "Exit: ordered_again", "it happened") in [
        (edge.source, edge.target, edge.label) for edge in edges
    ]
    names = {node.state for node in nodes}
    assert all(edge.source in names and edge.target in names for edge in edges)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_whole_graph_has_every_state(name: str) -> None:
    nodes, edges = graph_of(MACHINES[name], quiet=False)
    assert {node.state for node in nodes} == set(MACHINES[name]["States"])
    assert {edge.target for edge in edges} <= {node.state for node in nodes}


def test_mermaid_draws_the_same_graph() -> None:
    text = mermaid(MACHINES["replenish"])
    assert text.startswith("flowchart TD\n")
    assert '["Remind by push, else email"]' in text
    assert '-->|"date unreadable"|' in text


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_committed_schema_is_what_the_models_say(name: str) -> None:
    committed = (ROOT / "docs" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), f"write functions.journeys.language.schemas.schema_text({name!r}) there"


def test_every_shipped_file_names_its_schema() -> None:
    for path in (ROOT / "journeys").rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        prefix, _, schema = first.partition("$schema=")
        assert prefix == "# yaml-language-server: "
        assert (path.parent / schema).resolve().is_file(), path
