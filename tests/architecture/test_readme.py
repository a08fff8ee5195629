"""The newcomer's page tells the truth: its links lead somewhere, and its journey is one."""

import re
import shutil
import textwrap
from pathlib import Path

import pytest

from functions.journeys.language.publication import publish
from infra.local.scenarios.engines import opener
from infra.local.scenarios.show import as_text
from infra.local.scenarios.suite import suite_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LINKS = sorted({link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("http")})


def block(language, number=0):
    return textwrap.dedent(re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[number])


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_to_files_of_the_project(link):
    assert (ROOT / link).exists()


def test_the_journey_of_five_minutes_publishes_as_written_and_does_what_its_story_says(tmp_path):
    journeys = tmp_path / "journeys"
    shutil.copytree(ROOT / "journeys", journeys)
    folder = journeys / "second-order"
    folder.mkdir()
    (folder / "journey.yaml").write_text(block("yaml"))
    (folder / "thanks.email.liquid").write_text(block("liquid"))
    publication, machines = publish(journeys)
    assert "second-order" in machines
    assert publication.templates["second-order/thanks"]["email"]["subject"] == "Thank you for coming back"
    (folder / "scenarios.yaml").write_text(block("yaml", 1))
    with suite_of(folder) as suite:
        [result] = [suite.run(case, opener("local")) for case in suite.cases]
    assert result.passed, as_text(result)


def test_every_target_the_page_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
