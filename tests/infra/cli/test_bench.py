"""`segue bench`: counts beside their budgets, for people and for machines."""

import json

from typer.testing import CliRunner

from infra.cli.bench import TIMED
from infra.cli.main import app
from infra.local.benchmarks.budgets import read_budgets


def test_every_load_is_counted_as_json_and_stays_within_its_committed_budget():
    """One test, since counting all of them takes a minute."""
    answer = CliRunner().invoke(app, ["bench", "--no-cpu", "--json"])
    said = json.loads(answer.stdout)
    assert said["over_budget"] == []
    assert answer.exit_code == 0
    counts = {(one.pop("capability"), one.pop("load")): one for one in said["loads"]}
    counted_once = {name: loads for name, loads in read_budgets().items() if name not in TIMED}
    assert {(capability, load) for capability, loads in counted_once.items() for load in loads} <= set(counts)
    for (_, load), counted in counts.items():
        assert next(iter(counted.values())) > 0, load
        if not load.startswith("flat_by_"):
            assert set(counted) >= {"aws_requests", "read_units", "write_units", "state_transitions"}, load


def test_a_crowd_goes_through_its_journey_in_one_command():
    answer = CliRunner().invoke(app, ["bench", "--people", "30", "--days", "10", "--json"])
    told = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert (told["completed"], told["messages"], told["states"]) == (30, 60, 240)
