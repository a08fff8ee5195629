import shutil
from pathlib import Path

import pytest

from functions.journeys.language.publication import publish
from infra.local.demo.picture import Run, picture

SHIPPED = Path(__file__).parents[4] / "journeys"
WELCOME = """
journey: welcome
class: marketing
topic: offers
entry: {on: Order Completed}
steps:
  - wait: 1d
  - {id: thanks, title: Say thanks, send: thanks, channel: email}
  - id: second_order
    wait_for: {on: Order Completed, within: 21d}
    then: [{exit: ordered_again}]
  - {id: remind, title: Remind gently, send: reminder, channel: email}
"""
CONFIRMATION = """
journey: order-confirmation
class: transactional
topic: orders
entry: {on: Order Completed}
steps:
  - {id: confirm, title: Confirm, send: confirmation, channel: email}
"""
REPLENISH = """
journey: replenish
class: marketing
topic: offers
entry: {on: Order Completed}
steps:
  - id: due
    title: Two days before the next order is due
    wait: {until: expected("Order Completed"), minus: 2d}
    on: {failed: [{exit: no_prediction}]}
  - {id: remind, title: Remind, send: reminder, channel: [push, email]}
"""


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Journeys of this test's own on the shipped templates, so that authors may rename what they ship."""
    folder = tmp_path_factory.mktemp("project") / "journeys"
    shutil.copytree(SHIPPED, folder)
    for name, text in {"welcome": WELCOME, "order-confirmation": CONFIRMATION, "replenish": REPLENISH}.items():
        (folder / name / "journey.yaml").write_text(text)
    return publish(folder)[1]


def edge(edges, source, target):
    return next(one for one in edges if (one.source, one.target) == (source, target))


def test_counts_who_went_which_way(machines):
    wait, thanks, second, remind = (
        "Wait 1 day",
        "Say thanks by email",
        "Wait for Order Completed, 21 days at most",
        "Remind gently by email",
    )
    runs = [
        Run(["Start", wait, thanks, second, remind, "Completed"]),
        Run(["Start", wait, thanks, second, "Exit: ordered_again"]),
        Run(["Start", wait, thanks, second], running=True),
        Run(["Start", wait], stopped="Order Refunded"),
    ]
    nodes, edges = picture(machines["welcome"], "Order Completed", runs)
    by_id = {node.id: node for node in nodes}
    assert by_id["Start"].title == "Order Completed"
    assert by_id["Start"].kind == "entry"
    assert by_id[wait].entered == 4
    assert by_id[wait].left_early == {"Order Refunded": 1}
    assert by_id[second].waiting == 1
    assert by_id[thanks].channel == "email"
    assert edge(edges, thanks, second).count == 3
    assert edge(edges, second, remind).count == 1
    assert edge(edges, second, "Exit: ordered_again").count == 1


def test_a_hold_is_no_second_visit(machines):
    send = "Confirm by email"
    runs = [Run(["Start", send, f"Held: {send}", send, "Completed"])]
    nodes, edges = picture(machines["order-confirmation"], "Order Completed", runs)
    assert {node.id: node.entered for node in nodes} == {"Start": 1, send: 1, "Completed": 1}
    assert [one.count for one in edges] == [1, 1]


def test_a_failure_goes_on_with_its_step(machines):
    send = "Confirm by email"
    runs = [Run(["Start", send, f"Failed: {send}", "Completed"])]
    _, edges = picture(machines["order-confirmation"], "Order Completed", runs)
    assert edge(edges, send, "Completed").count == 1


def test_the_two_states_of_a_computed_wait_are_one_node(machines):
    wait = "Two days before the next order is due"
    ask = machines["replenish"]["States"]["Start"]["Default"]
    runs = [
        Run(["Start", ask, wait, "Remind by push, else email"], running=True),
        Run(["Start", ask, f"Unreadable date: {ask}", "Exit: no_prediction"]),
        Run(["Start", ask, wait], stopped="Order Completed"),
    ]
    nodes, edges = picture(machines["replenish"], "Order Completed", runs)
    titles = [node.title for node in nodes]
    assert wait in titles
    assert ask not in titles
    node = next(node for node in nodes if node.title == wait)
    assert (node.kind, node.entered, node.left_early) == ("wait", 3, {"Order Completed": 1})
    assert edge(edges, node.id, "Remind by push, else email").count == 1
    assert edge(edges, node.id, "Exit: no_prediction").count == 1


def test_every_visit_but_the_first_came_by_an_edge(machines):
    for name, machine in machines.items():
        nodes, edges = picture(machine, "x", [])
        assert all(one.count == 0 for one in edges), name
        known = {node.id for node in nodes}
        assert {one.source for one in edges} | {one.target for one in edges} <= known
