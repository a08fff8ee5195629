"""Can a marketer copy any example as it stands? Each is checked, compiled, told its scenarios and drawn as it is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.dispatch.render import Templates
from functions.journeys.language.publication import publish
from functions.shared.clock import format_instant
from infra.pytest_plugin import segue_scenarios

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
VERTICALS = sorted(path.parent for path in EXAMPLES.glob("*/policy.yaml"))
JOURNEYS = sorted(path.parent for path in EXAMPLES.glob("*/*/journey.yaml"))
YAML = sorted(EXAMPLES.rglob("*.yaml"))

test_scenarios = segue_scenarios("docs/examples/")


def name(path):
    return str(path.relative_to(EXAMPLES))


@pytest.mark.parametrize("vertical", VERTICALS, ids=name)
def test_an_example_has_nothing_to_be_said_against_it(vertical, segue):
    answer = segue("check", str(vertical))
    assert (answer.exit_code, answer.stdout) == (0, "")


@pytest.mark.parametrize("journey", JOURNEYS, ids=name)
def test_the_picture_of_a_journey_is_the_one_that_is_compiled(journey, segue):
    graph = segue("compile", str(journey), "--mermaid").stdout
    assert f"```mermaid\n{graph}```" in (journey.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("journey", JOURNEYS, ids=name)
def test_every_journey_has_scenarios(journey):
    assert (journey / "scenarios.yaml").is_file()


@pytest.mark.parametrize("file", YAML, ids=name)
def test_the_first_line_tells_an_editor_the_schema(file):
    said = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text(encoding="utf-8"))
    assert said, file
    kind = file.name.removesuffix(".yaml").rpartition(".")[2]
    assert (file.parent / said[1]).resolve() == ROOT / "docs" / "schemas" / f"{kind}.json"


@pytest.mark.parametrize("vertical", VERTICALS, ids=name)
def test_every_message_renders_when_nothing_is_known_of_the_person(vertical):
    publication = publish(vertical)[0]
    templates = Templates(publication.templates)
    nothing = {
        "event": "",
        "timestamp": format_instant(datetime(2026, 3, 2, tzinfo=UTC)),
        "properties": {},
        "traits": {},
    }
    context = {
        "profile": {"traits": {}, "identified": True},
        "entry": nothing,
        "event": nothing,
        "steps": {},
        "brand": publication.policy["brand"],
        "unsubscribe_url": "https://example.com/u",
        "preferences_url": "https://example.com/p",
    }
    for template, parts in publication.templates.items():
        for channel in parts:
            rendered = templates.render(template, channel, context)
            assert isinstance(rendered, dict), (template, channel, rendered)
            assert all(
                str(part).strip() for key, part in rendered.items() if key in ("subject", "body", "title", "text")
            )


@pytest.mark.parametrize("vertical", VERTICALS, ids=name)
def test_the_page_of_an_example_links_only_to_what_is_there(vertical):
    page = (vertical / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (vertical / link).exists()] == []
