"""Budgets: a limit that is passed, or no longer measured, is a fault."""

from infra.local.benchmarks.budgets import Measured, over_budget, read_budgets


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
    for load in ("requests_of_10_another_person_each", "requests_of_10_one_person"):
        assert budgets["profiles"][load]["aws_requests"] <= 0.35
        assert budgets["profiles"][load]["write_units"] <= 0.9
    for records in (10, 100):
        assert budgets["profiles"][f"requests_of_1_delivered_by_{records}"]["aws_requests"] <= 2.5
        assert budgets["profiles"][f"requests_of_1_delivered_by_{records}"]["write_units"] <= 5
    ratios = {name: one["cpu_ratio"] for name, one in budgets["cpu"].items()}
    assert {ratio for name, ratio in ratios.items() if name.startswith("start_of_")} == {1.3}
    assert {ratio for name, ratio in ratios.items() if name.startswith("event_in_")} == {0.3}
    assert budgets["journeys"]["five_step_journey"] == {"aws_requests": 16, "state_transitions": 8}
