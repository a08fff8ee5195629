import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.report.layout import Box, lay_out

GRAPHS = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=20).map(
        lambda pairs: ([f"n{i}" for i in range(size)], [(f"n{a}", f"n{b}") for a, b in pairs if a != b])
    )
)


def boxes(nodes):
    return {name: Box(100 + 10 * (index % 3), 30 + 7 * (index % 4)) for index, name in enumerate(nodes)}


@given(GRAPHS)
def test_no_two_boxes_touch_and_all_stand_on_the_page(graph):
    nodes, edges = graph
    size = boxes(nodes)
    layout = lay_out(nodes, edges, size)
    places = [(*layout.centres[name], size[name]) for name in nodes]
    for index, (x, y, box) in enumerate(places):
        assert box.width / 2 <= x + 0.01
        assert x + box.width / 2 <= layout.width + 0.01
        assert box.height / 2 <= y + 0.01
        assert y + box.height / 2 <= layout.height + 0.01
        for other_x, other_y, other in places[index + 1 :]:
            apart = abs(x - other_x) >= (box.width + other.width) / 2 - 0.01
            assert apart or abs(y - other_y) >= (box.height + other.height) / 2 - 0.01


@given(GRAPHS)
def test_every_edge_begins_and_ends_at_its_boxes(graph):
    nodes, edges = graph
    layout = lay_out(nodes, edges, boxes(nodes))
    for (source, target), path in zip(edges, layout.paths, strict=True):
        assert path[0][0] == layout.centres[source][0]
        assert path[-1][0] == layout.centres[target][0]


def test_a_plain_sequence_is_a_straight_line_down():
    nodes = ["a", "b", "c"]
    layout = lay_out(nodes, [("a", "b"), ("b", "c")], {name: Box(100, 40) for name in nodes})
    assert len({x for x, _ in layout.centres.values()}) == 1
    assert [layout.centres[name][1] for name in nodes] == [20, 118, 216]


def test_the_same_graph_gives_the_same_picture():
    nodes = ["a", "b", "c", "d"]
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]
    assert lay_out(nodes, edges, boxes(nodes)) == lay_out(nodes, edges, boxes(nodes))


def test_an_edge_to_nowhere_is_refused():
    with pytest.raises(KeyError):
        lay_out(["a"], [("a", "b")], {"a": Box(1, 1)})
