"""Paths, templates and intrinsic functions: what is read, and what is refused before anything runs."""

import pytest

from infra.local.runner.paths import StateFault, Unsupported, expression, put, taken, template


class Task:
    token = "t1"
    entered_at = "2026-03-02T10:00:00.000Z"
    execution = "e1-1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$", {"a": {"b": 2}, "text": "x"}),
        ("$.a.b", 2),
        ("$$.Task.Token", "t1"),
        ("$$.State.EnteredTime", "2026-03-02T10:00:00.000Z"),
        ("$$.Execution.Name", "e1-1"),
        ("States.Format('E#{}', $.text)", "E#x"),
        ("States.Format('{}-{}', $.text, $.a.b)", "x-2"),
        (r"States.Format('it\'s {}', $.text)", "it's x"),
        ("States.MathAdd($.a.b, 1)", 3),
        ("States.MathAdd(-5, $.a.b)", -3),
    ],
)
def test_an_expression_reads_the_input_or_the_context(text, value):
    assert expression(text)({"a": {"b": 2}, "text": "x"}, Task()) == value


@pytest.mark.parametrize(
    "text",
    [
        "$..a",
        "$.a[*].b",
        "$.a.*",
        "$$.Execution.Input",
        "States.UUID()",
        "States.Format",
        "States.Format()",
        "States.MathAdd(1)",
        "States.MathAdd(1, {})",
        "a",
        7,
    ],
)
def test_what_is_not_known_is_refused_before_it_runs(text):
    with pytest.raises(Unsupported):
        expression(text)


@pytest.mark.parametrize("path", ["$.b", "$.a.b", "$.text.b"])
def test_a_path_that_leads_nowhere_is_a_fault_at_run_time(path):
    with pytest.raises(StateFault) as fault:
        taken(path)({"a": {}, "text": "x"}, Task())
    assert fault.value.error == "States.Runtime"


@pytest.mark.parametrize(
    "text", ["States.MathAdd($.text, 1)", "States.MathAdd($.yes, 1)", "States.Format('{}{}', $.text)"]
)
def test_an_intrinsic_that_cannot_be_reckoned_is_a_fault(text):
    with pytest.raises(StateFault) as fault:
        expression(text)({"text": "x", "yes": True}, Task())
    assert fault.value.error == "States.IntrinsicFailure"


def test_lists_are_read_by_number_and_all_at_once():
    data = [{"steps": {"a": {"message": "m1"}}}, {"steps": {}}, {"steps": {"a": {"message": "m2"}}}]
    assert expression("$[*].steps.a.message")(data, Task()) == ["m1", "m2"]
    assert expression("$.channels[1].outcome")({"channels": [{}, {"outcome": "sent"}]}, Task()) == "sent"
    with pytest.raises(StateFault):
        expression("$.channels[2]")({"channels": [{}]}, Task())


def test_a_template_keeps_its_order_and_fills_at_any_depth():
    said = {"b": 1, "a.$": "$.x", "c": {"d.$": "$.x", "e": [{"f.$": "$.x"}, 2]}, "g": {"h": "$.x"}}
    filled = template(said)({"x": 7}, Task())
    assert filled == {"b": 1, "a": 7, "c": {"d": 7, "e": [{"f": 7}, 2]}, "g": {"h": "$.x"}}
    assert list(filled) == ["b", "a", "c", "g"]


def test_a_result_is_laid_beside_what_is_there_and_never_into_it():
    data = {"steps": {"a": 1}, "held": 2}
    assert put("$.steps.b")(data, 3) == {"steps": {"a": 1, "b": 3}, "held": 2}
    assert put("$.new.b")(data, 3) == {"steps": {"a": 1}, "held": 2, "new": {"b": 3}}
    assert put("$")(data, 3) == 3
    assert put(None)(data, 3) is data
    with pytest.raises(Unsupported):
        put("$.steps[0]")
    assert data == {"steps": {"a": 1}, "held": 2}
