import json
import shutil
from pathlib import Path

import pytest

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.fixture
def folder(tmp_path):
    """A copy in which one file was changed, one is missing and one is too many."""
    copy = shutil.copytree(SCHEMAS, tmp_path / "schemas")
    shutil.copytree(SCHEMAS.parent / "reference", tmp_path / "reference")
    (copy / "push.json").write_text("{}\n")
    (copy / "events" / "track.json").unlink()
    (copy / "events" / "old.json").write_text("{}\n")
    return copy


def test_what_is_committed_is_up_to_date(segue):
    answer = segue("schemas", "--folder", str(SCHEMAS))
    assert (answer.exit_code, answer.stdout) == (0, "")


def test_files_that_differ_are_named_and_nothing_is_written(segue, folder):
    answer = segue("schemas", "--folder", str(folder))
    assert answer.exit_code == 1
    assert [Path(line).name for line in answer.stdout.splitlines()] == ["old.json", "track.json", "push.json"]
    assert json.loads(segue("schemas", "--json", "--folder", str(folder)).stdout) == [
        "events/old.json",
        "events/track.json",
        "push.json",
    ]
    assert (folder / "push.json").read_text() == "{}\n"


def test_write_brings_the_folder_up_to_date(segue, folder):
    assert segue("schemas", "--write", "--folder", str(folder)).exit_code == 0
    assert not (folder / "events" / "old.json").exists()
    assert segue("schemas", "--folder", str(folder)).exit_code == 0


def test_the_reference_of_journeys_follows_the_models_too(segue, folder):
    page = folder.parent / "reference" / "journeys.md"
    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    assert str(page) in segue("schemas", "--folder", str(folder)).stdout
    assert segue("schemas", "--write", "--folder", str(folder)).exit_code == 0
    assert page.read_text(encoding="utf-8") == (SCHEMAS.parent / "reference" / "journeys.md").read_text(
        encoding="utf-8"
    )


def test_a_folder_that_is_none_is_named(segue, tmp_path):
    answer = segue("schemas", "--folder", str(tmp_path / "nowhere"))
    assert answer.exit_code == 2
    assert "is not a folder" in answer.stderr
