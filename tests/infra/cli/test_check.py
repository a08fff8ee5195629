import json
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_journeys_we_ship_have_no_faults(segue):
    answer = segue("check", str(ROOT / "journeys"))
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "No faults.\n")


def test_every_fault_is_a_line_with_place_and_fix_and_the_exit_code_is_1(segue, tmp_path):
    folder = broken(tmp_path)
    answer = segue("check", str(folder))
    assert answer.exit_code == 1
    lines = answer.stdout.splitlines()
    assert len(lines) >= 2
    for line in lines:
        file, row, column, severity, _ = line.split(":", 4)
        assert file.startswith(str(folder))
        assert int(row) >= 1
        assert int(column) >= 1
        assert severity.strip() in {"error", "warning"}
    assert "errors" in answer.stderr
    assert "Traceback" not in answer.output


def test_faults_as_json_hold_the_same_parts(segue, tmp_path):
    answer = segue("check", str(broken(tmp_path)), "--json")
    assert answer.exit_code == 1
    faults = json.loads(answer.stdout)
    assert set(faults[0]) == {"file", "line", "column", "severity", "what", "fix"}


def test_a_clean_folder_as_json_is_an_empty_list(segue):
    answer = segue("check", str(ROOT / "journeys"), "--json")
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, [])


def test_a_path_that_is_no_folder_is_unusable(segue, tmp_path):
    answer = segue("check", str(tmp_path / "nowhere"))
    assert answer.exit_code == 2
    assert "nowhere is not a folder" in answer.stderr
    assert "name the folder" in answer.stderr


def broken(folder: Path) -> Path:
    (folder / "policy.yaml").write_text("brand: {name: Acme}\ntopics: {offers: {titel: Offers}}\n")
    (folder / "hello").mkdir()
    (folder / "hello" / "journey.yaml").write_text("journey: hello\ntitle: [unclosed\n")
    return folder
