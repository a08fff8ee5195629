"""Budgets: a limit that is passed, or no longer measured, is a fault."""

from infra.local.benchmarks.budgets import Measured, over_budget, read_budgets
from infra.local.benchmarks.loads import measure


def test_every_load_stays_within_its_committed_budget():
    measured = measure()
    assert over_budget(measured, read_budgets()) == []
    assert all(one.counts["aws_requests"] > 0 for one in measured)


def test_a_count_over_its_limit_is_named_with_both_numbers():
    measured = [Measured("journeys", "five_step_journey", {"aws_requests": 17, "state_transitions": 8})]
    budgets = {"journeys": {"five_step_journey": {"aws_requests": 16, "state_transitions": 8}}}
    assert over_budget(measured, budgets) == ["journeys: five_step_journey took 17 aws_requests, its budget is 16"]


def test_a_budget_nobody_measures_is_a_fault():
    assert over_budget([], {"journeys": {"lost": {"aws_requests": 1}}}) == [
        "journeys: lost has a budget and was not measured"
    ]


def test_the_first_budgets_are_not_loosened():
    budgets = read_budgets()
    assert budgets["identity"]["known_events"] == {"aws_requests": 1.0, "write_units": 1.5}
    assert budgets["journeys"]["five_step_journey"] == {"aws_requests": 16, "state_transitions": 8}
