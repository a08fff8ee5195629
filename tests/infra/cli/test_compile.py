import json
from pathlib import Path

JOURNEYS = Path(__file__).parents[3] / "journeys"


def test_prints_the_state_machine_that_deploys(segue):
    answer = segue("compile", "welcome", "--journeys", str(JOURNEYS))
    assert answer.exit_code == 0
    machine = json.loads(answer.stdout)
    assert machine["StartAt"] in machine["States"]
    assert segue("compile", "welcome", "--asl", "--journeys", str(JOURNEYS)).stdout == answer.stdout


def test_a_journey_may_be_named_by_its_folder(segue):
    by_folder = segue("compile", str(JOURNEYS / "welcome"))
    assert by_folder.exit_code == 0
    assert by_folder.stdout == segue("compile", "welcome", "--journeys", str(JOURNEYS)).stdout


def test_prints_a_picture_for_a_readme(segue):
    answer = segue("compile", "welcome", "--mermaid", "--journeys", str(JOURNEYS))
    assert answer.exit_code == 0
    assert answer.stdout.startswith("flowchart TD\n")


def test_an_unknown_journey_names_those_there_are(segue):
    answer = segue("compile", "welcom", "--journeys", str(JOURNEYS))
    assert answer.exit_code == 2
    assert "there is no journey welcom" in answer.stderr
    assert "order-confirmation, replenish, welcome" in answer.stderr


def test_a_broken_journey_prints_its_faults_and_exits_1(segue, tmp_path):
    (tmp_path / "policy.yaml").write_text("brand: {name: 3}\n")
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "journey.yaml").write_text("journey: hello\nsteps: 7\n")
    answer = segue("compile", "hello", "--journeys", str(tmp_path))
    assert answer.exit_code == 1
    assert f"{tmp_path / 'hello' / 'journey.yaml'}:" in answer.stdout
    assert "Traceback" not in answer.output


def test_two_forms_at_once_are_refused(segue):
    assert segue("compile", "welcome", "--asl", "--mermaid").exit_code == 2
