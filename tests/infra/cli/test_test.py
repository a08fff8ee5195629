import json

import pytest

from tests.fakes.two_scenarios import STORY
from tests.functions.journeys.language.writing import write_journey


@pytest.fixture
def journeys(tmp_path):
    write_journey(tmp_path, "- {id: hello, send: hello, channel: email}")
    (tmp_path / "test" / "scenarios.yaml").write_text(STORY)
    return tmp_path


def test_a_failed_scenario_shows_both_sides_and_why_and_the_exit_code_is_1(segue, journeys):
    answer = segue("test", str(journeys))
    assert (answer.exit_code, answer.stderr) == (1, "")
    passed, failed, *rest = answer.stdout.splitlines()
    assert passed.startswith(f"passed {journeys}/test/scenarios.yaml:3: says hello (")
    assert failed.startswith(f"failed {journeys}/test/scenarios.yaml:7: says hello without consent (")
    assert rest[-1].startswith("1 scenario passed, 1 failed, in ")
    text = " ".join(" ".join(rest).split())
    assert "messages expected got ! u1 hello 1h -" in text
    assert "hello by email to u1 was withheld (no_consent): did the person say yes to this topic" in text


def test_as_json_each_scenario_has_its_name_and_its_differences(segue, journeys):
    answer = segue("test", str(journeys), "--json")
    assert answer.exit_code == 1
    passed, failed = json.loads(answer.stdout)
    assert passed == {"name": "says hello", "passed": True, "differences": []}
    assert (failed["name"], failed["passed"]) == ("says hello without consent", False)
    [difference] = failed["differences"]
    assert difference["expected"] == {"userId": "u1", "step": "hello", "at": "2026-01-01T01:00:00.000Z"}
    assert difference["got"] is None


def test_only_those_whose_name_holds_a_text(segue, journeys):
    answer = segue("test", str(journeys / "test" / "scenarios.yaml"), "-k", "WITHOUT", "--json")
    assert [one["name"] for one in json.loads(answer.stdout)] == ["says hello without consent"]
    answer = segue("test", str(journeys), "-k", "nothing")
    assert answer.exit_code == 2
    assert 'has "nothing" in its name' in answer.stderr


def test_a_file_at_fault_is_not_run_and_the_exit_code_is_2(segue, journeys):
    (journeys / "test" / "scenarios.yaml").write_text(STORY.replace("type: track", "type: trak"))
    answer = segue("test", str(journeys))
    assert answer.exit_code == 2
    assert f'{journeys}/test/scenarios.yaml:5:12: error: unknown type "trak", did you mean "track"?' in answer.stderr
    assert answer.stdout == ""


def test_a_folder_without_scenarios_is_unusable(segue, tmp_path):
    answer = segue("test", str(tmp_path))
    assert answer.exit_code == 2
    assert "holds no scenario" in answer.stderr
    assert segue("test", str(tmp_path / "nowhere")).exit_code == 2


def test_the_help_teaches_with_a_whole_scenario(segue):
    answer = segue("test", "--help")
    assert "buys before the reminder" in answer.stdout
    assert "segue test journeys --json" in answer.stdout
