"""What a user's own suite shows: pytest in a process of its own, as they run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.two_scenarios import STORY
from tests.functions.journeys.language.writing import write_journey

ROOT = Path(__file__).parents[2]


@pytest.fixture
def suite(tmp_path):
    """Somebody's repository: their journeys, their own settings of pytest."""
    write_journey(tmp_path / "journeys", "- {id: hello, send: hello, channel: email}")
    (tmp_path / "journeys" / "test" / "scenarios.yaml").write_text(STORY)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    return tmp_path


def run(folder, *arguments):
    """pytest finds the plugin by the entry point of the installed package."""
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-v", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_each_scenario_of_a_file_is_a_test_and_one_that_fails_shows_both_sides(suite):
    done = run(suite, "journeys")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "journeys/test/scenarios.yaml::says hello PASSED" in done.stdout
    assert "journeys/test/scenarios.yaml::says hello without consent FAILED" in done.stdout
    assert "! u1 hello 1h -" in " ".join(done.stdout.split())
    assert "was withheld (no_consent): did the person say yes to this topic at this address?" in done.stdout
    assert "Traceback" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout.partition("FAILURES")[2]


def test_one_line_of_a_test_file_does_the_same_on_either_engine(suite):
    (suite / "tests").mkdir()
    line = 'from infra.pytest_plugin import segue_scenarios\n\ntest_journeys = segue_scenarios("journeys/")\n'
    (suite / "tests" / "test_journeys.py").write_text(line)
    done = run(suite, "tests", "--segue-engine", "moto")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "test_journeys.py::test_journeys[test: says hello] PASSED" in done.stdout
    assert "test_journeys.py::test_journeys[test: says hello without consent] FAILED" in done.stdout
    assert "was withheld (no_consent)" in done.stdout
    assert "pytest_plugin.py" not in done.stdout.partition("FAILURES")[2]


def test_a_file_at_fault_is_an_error_that_says_every_fault(suite):
    file = suite / "journeys" / "test" / "scenarios.yaml"
    file.write_text(STORY.replace("type: track", "type: trak").replace("step: hello", "step: helo"))
    done = run(suite, "journeys")
    assert done.returncode == 2, done.stdout + done.stderr
    assert f'{file}:5:12: error: unknown type "trak", did you mean "track"?' in done.stdout
    assert "Traceback" not in done.stdout
