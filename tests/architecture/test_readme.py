"""The newcomer's page tells the truth: its links lead somewhere, and its journey is one."""

import re
import shutil
from pathlib import Path

import pytest

from functions.journeys.language.publication import publish

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LINKS = sorted({link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("http")})


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_to_files_of_the_project(link):
    assert (ROOT / link).exists()


def test_the_journey_it_shows_is_one(tmp_path):
    shutil.copytree(ROOT / "journeys", tmp_path / "journeys")
    folder = tmp_path / "journeys" / "second-order"
    folder.mkdir()
    (folder / "journey.yaml").write_text(re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1])
    (folder / "thanks.email.liquid").write_text(
        "---\nsubject: Thank you\n---\n{{ brand.postal_address }} {{ unsubscribe_url }}\n"
    )
    assert "second-order" in publish(tmp_path / "journeys")[1]


def test_every_target_the_page_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
