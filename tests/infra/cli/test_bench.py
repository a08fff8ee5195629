import json
from pathlib import Path

import pytest

JOURNEYS = Path(__file__).parents[3] / "journeys"


@pytest.fixture(scope="module")
def answer():
    from typer.testing import CliRunner

    from infra.cli.main import app

    return CliRunner().invoke(app, ["bench", "--json", "--journeys", str(JOURNEYS)])


def test_counts_are_json_and_nothing_else(answer):
    assert answer.exit_code == 0, answer.output
    loads = json.loads(answer.stdout)
    assert [load["load"] for load in loads] == ["an event", "a first order"]
    for load in loads:
        assert set(load) == {"load", "aws_requests", "read_units", "write_units", "state_transitions"}


def test_an_event_stays_within_its_first_budget(answer):
    event = json.loads(answer.stdout)[0]
    assert 0 < sum(event["aws_requests"].values()) <= 1.0
    assert 0 < event["write_units"] <= 1.5


def test_an_order_starts_machines_and_sends_messages(answer):
    order = json.loads(answer.stdout)[1]
    assert order["state_transitions"] > 3
    assert order["aws_requests"]["sesv2.SendEmail"] >= 1


def test_a_folder_that_is_not_there_is_unusable(segue, tmp_path):
    assert segue("bench", "--journeys", str(tmp_path / "nowhere")).exit_code == 2
