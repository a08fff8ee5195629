"""`segue bench`: counts beside their budgets, for people and for machines."""

import json

import pytest
from typer.testing import CliRunner

from infra.cli.main import app


@pytest.fixture(scope="module")
def answer():
    return CliRunner().invoke(app, ["bench", "--no-cpu", "--json"])


def test_counts_are_json_and_nothing_else(answer):
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.stdout)
    assert said["over_budget"] == []
    for load in said["loads"]:
        if not load["load"].startswith("flat_by_"):
            assert set(load) >= {
                "capability",
                "load",
                "aws_requests",
                "read_units",
                "write_units",
                "state_transitions",
            }


def test_every_capability_with_a_budget_is_measured(answer):
    loads = {(one["capability"], one["load"]) for one in json.loads(answer.stdout)["loads"]}
    assert {("identity", "known_events"), ("journeys", "five_step_journey"), ("dispatch", "one_message")} <= loads
