from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.demo.purchases import arrivals
from infra.local.demo.run_demo import run_demo
from infra.local.report.write_report import render_report

ROOT = Path(__file__).parents[4]
CUSTOMERS = 3


@pytest.fixture(scope="module")
def result():
    return run_demo(ROOT / "journeys", CUSTOMERS, Console(file=StringIO()))


def test_every_customer_is_one_person(result):
    assert result.profiles == CUSTOMERS


def test_every_order_is_confirmed_or_withheld_with_a_reason(result):
    orders = sum(event.name == "Order Completed" and not event.broken for event in arrivals(CUSTOMERS))
    funnel = next(page.funnel for page in result.journeys if page.name == "order-confirmation")
    assert funnel.entered == orders
    assert funnel.sent + sum(funnel.withheld.values()) + sum(funnel.failed.values()) == orders


def test_every_broken_event_is_quarantined_with_field_and_rule_and_nothing_else_is(result):
    broken = {event.detail["messageId"] for event in arrivals(CUSTOMERS) if event.broken}
    assert {one.message_id for one in result.quarantined} == broken
    assert all(one.field and one.rule for one in result.quarantined)


def test_every_message_in_the_outbox_is_a_decision_to_send(result):
    assert len(result.outbox) == result.sent
    assert result.sent > 0


def test_the_graphs_count_every_execution(result):
    for page in result.journeys:
        entry = next(node for node in page.nodes if node.kind == "entry")
        assert entry.entered == page.funnel.entered
        for node in page.nodes:
            out = sum(edge.count for edge in page.edges if edge.source == node.id)
            rest = sum(node.left_early.values()) + node.waiting
            assert node.kind in {"end", "exit", "fail"} or node.entered == out + rest, (page.name, node)


def test_the_meter_counted_functions_and_machines_but_not_the_laptop(result):
    functions = {call.function for call in result.calls}
    assert {"recognise-people", "advance-people", "send-email"} <= functions
    assert not functions & {"app", "local"}
    assert result.state_transitions > result.executions > 0
    assert result.write_units > 0


def test_somebody_has_a_story_with_decisions(result):
    assert result.timeline is not None
    assert {"event", "enrolment", "decision"} <= {line.kind for line in result.timeline.lines}


def test_it_makes_a_report(result):
    assert "Three years" not in render_report(result)
    assert f"{CUSTOMERS} customers" in render_report(result)
