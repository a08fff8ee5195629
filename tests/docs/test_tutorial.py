"""The tutorial works as written: its files are made in the order of the page, its commands print what it shows."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"`(journeys/[^`]+)`")
SECONDS = re.compile(r"\d+\.\d s\b")


def parts():
    """The page from top to bottom: files by the path that was named last, and commands with what they print."""
    told = 0
    for block in BLOCK.finditer(PAGE):
        language, body = block.groups()
        if language == "console":
            for command in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
                if command:
                    first, _, printed = command.partition("\n")
                    yield "command", first.removeprefix("$ "), printed
        else:
            named = FILE.findall(PAGE[told : block.start()])
            assert named, f"which file is this?\n{body}"
            yield "file", named[-1], body
        told = block.end()


PARTS = list(parts())


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """What of the repository a reader's commands read."""
    shutil.copytree(ROOT / "journeys", tmp_path / "journeys")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_whole_page_from_top_to_bottom(clone, segue):
    for kind, what, text in PARTS:
        if kind == "file":
            (clone / what).parent.mkdir(exist_ok=True)
            (clone / what).write_text(text, encoding="utf-8")
        elif what.startswith("segue "):
            answer = segue(*what.split()[1:])
            assert SECONDS.sub("0.1 s", answer.output) == SECONDS.sub("0.1 s", text), what


def test_what_installs_is_a_target_and_makes_what_is_activated(clone):
    others = [what for kind, what, _ in PARTS if kind == "command" and not what.startswith("segue ")]
    assert others == ["make demo", "source .venv/bin/activate"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert "VENV := .venv\n" in makefile


def test_the_change_it_suggests_shows_both_sides(clone, segue):
    for kind, what, text in PARTS:
        if kind == "file":
            (clone / what).parent.mkdir(exist_ok=True)
            (clone / what).write_text(text.replace("wait: 2d", "wait: 3d"), encoding="utf-8")
    answer = segue("test", "journeys/second-order")
    assert answer.exit_code == 1
    assert re.search(r"expected +got\n +! +ann +thanks +email +7d .*ann +thanks +email +8d", answer.output)


def test_marketing_without_a_way_out_is_a_fault(clone, segue):
    for kind, what, text in PARTS:
        if kind == "file":
            (clone / what).parent.mkdir(exist_ok=True)
            (clone / what).write_text(text.replace("{{ unsubscribe_url }}", "#"), encoding="utf-8")
    answer = segue("check")
    assert answer.exit_code == 1
    assert "marketing e-mail without unsubscribe_url" in answer.output


def test_its_links_lead_to_pages():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE) if not link.startswith("http")]
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
