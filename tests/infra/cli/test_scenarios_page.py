"""The page on testing journeys works as written: its scenarios, and what the command prints of them."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "how-to" / "test-journeys.md").read_text(encoding="utf-8")
TIMES = re.compile(r"\d+\.\d s")
# What the guards before it saw: a new guard is no reason to write the page anew.
SEEN = re.compile(r"(?<=address\?\n).*?(?=^\d)", re.DOTALL | re.MULTILINE)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)


def told(segue, folder, scenarios):
    shutil.copytree(ROOT / "journeys", folder / "journeys")
    (folder / "journeys" / "welcome" / "scenarios.yaml").write_text(scenarios)
    answer = segue("test", str(folder / "journeys" / "welcome"))
    return answer, TIMES.sub("0.1 s", answer.stdout.replace(f"{folder}/", ""))


def test_the_first_scenario_passes_and_the_shipped_one_of_its_name_too(segue, tmp_path):
    answer, _ = told(segue, tmp_path, blocks("yaml")[0])
    assert answer.exit_code == 0, answer.stdout
    command, *shown = blocks("console")[0].splitlines()
    assert command == '$ segue test journeys/welcome -k "while waiting"'
    again = segue("test", str(ROOT / "journeys" / "welcome"), "-k", "while waiting")
    assert TIMES.sub("0.1 s", again.stdout.replace(f"{ROOT}/", "")) == TIMES.sub("0.1 s", "\n".join([*shown, ""]))


def test_the_one_that_fails_prints_what_the_page_shows(segue, tmp_path):
    answer, printed = told(segue, tmp_path, blocks("yaml")[1])
    assert answer.exit_code == 1
    shown = TIMES.sub("0.1 s", blocks("console")[1])
    assert SEEN.sub("", printed) == SEEN.sub("", shown) != shown


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_links_lead_somewhere(link):
    assert (ROOT / "docs" / "how-to" / link).exists()
