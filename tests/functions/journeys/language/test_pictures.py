"""What do pictures and editors get?"""

from pathlib import Path

import pytest

from functions.journeys.language.graph import graph_of
from functions.journeys.language.mermaid import mermaid
from functions.journeys.language.publication import publish
from functions.journeys.language.schemas import FILES, schema_text
from tests.functions.journeys.language.writing import write_journey

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


LOOP = """
- id: again
  repeat:
    times: 3
    steps: [{wait: 1d}, {send: hello, channel: all}]
- id: unpaid
  repeat: {while: count("Paid") == 0, steps: [{wait: 1d}]}
- {id: alert, send: hello, channel: all, on: {failed: [{exit: nobody}]}}
- {id: mark, set: {tier: gold}}
- {join: friends}
- {id: by, wait_for: {on: Paid, until: profile.traits.due}, on: {failed: [{exit: no_date}]}}
- decide: next
"""


def test_a_picture_shows_loops_acts_and_channels_and_not_how_they_are_counted(tmp_path: Path) -> None:
    machine = publish(write_journey(tmp_path, LOOP))[1]["test"]
    nodes, edges = graph_of(machine)
    assert not [node.state for node in nodes if node.kind in ("between", "continue", "resume", "held", "failed")]
    ways = {(edge.source, edge.target): edge.label for edge in edges}
    assert ways["Again: repeat 3 times", "Wait 1 day"] == "3 times"
    assert ways["Send hello by all channels", "Again: repeat 3 times"] == ""
    assert ways["Again: repeat 3 times", "Ask: Unpaid"] == "done"
    assert ways["Unpaid?", "Wait 1 day (2)"] == "count of Paid is 0" or "Paid" in ways["Unpaid?", "Wait 1 day (2)"]
    assert ways["Outcome: Alert by all channels", "Exit: nobody"] == "failed"
    assert ways["Outcome: Alert by all channels", "Mark"] in ("sent", "withheld")
    assert ("Find the time: Wait for Paid, until the person's due", "Exit: no_date") in ways
    kinds = {node.state: node.kind for node in nodes}
    assert (kinds["Mark"], kinds["Alert by all channels"], kinds["Join friends"]) == ("act", "send", "act")
    assert {name for name, node in kinds.items() if node == "end"} == {"Exit: nobody", "Exit: no_date", "Completed"}
    everything, _ = graph_of(machine, quiet=False)
    assert {node.state for node in everything} == set(machine["States"])
    assert '[["Mark"]]' in mermaid(machine)


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
