import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from infra.local.report.journey_svg import journey_svg
from infra.local.report.model import Edge, Node

SVG = "{http://www.w3.org/2000/svg}"
# What XML 1.0 cannot carry at all never reaches a title: the language refuses control characters in YAML.
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=60)


def counts(svg):
    return [one.text for one in ET.fromstring(svg).iter(f"{SVG}tspan") if one.get("class") == "count"]


def test_every_edge_shows_the_count_it_was_given(result):
    for page in result.journeys:
        svg = journey_svg(page.title, page.nodes, page.edges)
        assert sorted(counts(svg)) == sorted(f"{edge.count:,}" for edge in page.edges)


def test_every_state_shows_its_title_and_its_visits(result):
    for page in result.journeys:
        root = ET.fromstring(journey_svg(page.title, page.nodes, page.edges))
        states = [group for group in root.iter(f"{SVG}g") if (group.get("class") or "").startswith("state")]
        shown = {(group[0].text or "") for group in states}
        assert shown == {f"{node.title}: {node.entered:,}" for node in page.nodes}


def test_a_busier_edge_is_wider_and_an_unused_one_is_dashed():
    nodes = [Node("a", "A", "split", 10), Node("b", "B", "end", 9), Node("c", "C", "end", 1), Node("d", "D", "fail", 0)]
    svg = journey_svg("t", nodes, [Edge("a", "b", 9), Edge("a", "c", 1), Edge("a", "d", 0)])
    paths = {one.get("class"): [] for one in ET.fromstring(svg).iter(f"{SVG}path")}
    for one in ET.fromstring(svg).iter(f"{SVG}path"):
        paths[one.get("class")].append(float(one.get("stroke-width") or 0))
    assert len(paths["flow never"]) == 1
    assert min(paths["flow"]) < max(paths["flow"])


def test_those_who_left_early_and_those_still_there_are_told():
    node = Node("a", "Wait 30 days", "wait", 12, left_early={"Order Completed": 4}, waiting=2)
    svg = journey_svg("t", [node], [])
    assert "4 left: Order Completed" in svg
    assert "2 still here" in svg


def test_a_reader_who_cannot_see_it_gets_the_edges_in_words(result):
    page = result.journeys[0]
    root = ET.fromstring(journey_svg(page.title, page.nodes, page.edges))
    assert root.get("role") == "img"
    assert page.title in (root.get("aria-label") or "")
    assert "Wait 1 day to Hello by email: 40" in (root.find(f"{SVG}desc").text or "")


@given(title=TEXT, label=TEXT)
def test_any_title_makes_well_formed_xml(title, label):
    nodes = [Node("a", title, "send", 1, channel="email"), Node("b", label, "end", 1)]
    svg = journey_svg(title, nodes, [Edge("a", "b", 1, label)])
    ET.fromstring(svg)
    assert not re.search(r"<script", svg, re.IGNORECASE)
