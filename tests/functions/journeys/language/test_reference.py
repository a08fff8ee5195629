"""The reference of journeys says all there is, and every snippet in it is one that runs."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from functions.journeys.conditions import parse
from functions.journeys.conditions.parser import USAGE
from functions.journeys.durations import parse_duration
from functions.journeys.language import reference
from functions.journeys.language.checks import check
from functions.journeys.language.publication import publish
from functions.journeys.language.reference import FUNCTIONS, MODELS

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "reference" / "journeys.md").read_text(encoding="utf-8")
yaml = YAML(typ="safe")
POLICY = """
brand: {name: Acme, postal_address: 1 Main St}
topics: {offers: {title: Offers}}
channels: {email: {sender: hello@acme.example}, sms: {sender: ACME}, push: {}}
channel_order: [push, email, sms]
audiences:
  ending: {where: profile.traits.auto_renew == false}
  call_list: {list: true}
"""
WAY_OUT = "{{ brand.postal_address }} {{ unsubscribe_url }}"


def blocks(kind):
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found


@pytest.fixture
def project(tmp_path):
    """Writes a snippet into a whole journey: parts of one, steps of one, or one as it is."""

    def write(snippet):
        said = yaml.load(snippet)
        whole = {
            "journey": "snippet",
            "class": "service",
            "entry": {"on": "Order Completed"},
            "steps": [{"wait": "1h"}],
        }
        if isinstance(said, list):
            said = {"steps": said}
        whole |= said
        (tmp_path / "policy.yaml").write_text(
            POLICY + ("groups: {promotions: {max_active: 1}}\n" if "group:" in snippet else "")
        )
        folder = tmp_path / whole["journey"]
        folder.mkdir()
        with (folder / "journey.yaml").open("w") as file:
            YAML().dump(whole, file)
        if "send: reminder" in snippet:
            (folder / "reminder.email.liquid").write_text(f"---\nsubject: Hello\n---\n{WAY_OUT}\n")
            (folder / "reminder.sms.liquid").write_text("Hello. Reply STOP to opt out\n")
            (folder / "reminder.push.yaml").write_text("title: Hello\nbody: Hello\n")
        if "decide" in snippet:
            (tmp_path / "decided").mkdir()
            (tmp_path / "decided" / "journey.yaml").write_text(
                "journey: decided\nclass: service\nentry: {decision: next_best}\nsteps: [{wait: 1h}]\n"
            )
        return tmp_path, whole["journey"]

    return write


@pytest.mark.parametrize("snippet", blocks("yaml"))
def test_a_snippet_is_checked_and_compiles(project, snippet):
    root, journey = project(snippet)
    assert [str(fault) for fault in check(root)] == []
    assert journey in publish(root)[1]


@pytest.mark.parametrize("snippet", blocks("yaml later"))
def test_what_is_said_not_to_be_available_yet_is_not(project, snippet):
    faults = [str(fault) for fault in check(project(snippet)[0])]
    assert faults
    assert [fault for fault in faults if "not available yet" not in fault] == []


@pytest.mark.parametrize("snippet", blocks("condition"))
def test_a_condition_can_be_read(snippet):
    parse(snippet.strip())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_written_as_the_page_writes_it(name):
    for usage in re.split(r" or (?=\w+\()", USAGE[name]):
        assert f"`{usage}`" in PAGE
        parse(usage)


def test_every_function_of_the_language_is_explained():
    assert set(FUNCTIONS) == set(USAGE)


def test_every_field_of_every_model_is_explained():
    shown = reference.described()
    assert set(MODELS) - shown == {"Timed", "Callee", "CallStep"}
    missing = [
        f"{name}.{field}"
        for name, model in MODELS.items()
        for field, said in model.model_fields.items()
        if not said.description
    ]
    assert missing == []


def test_what_a_field_shows_for_example_is_what_it_takes():
    from pydantic import TypeAdapter

    for name, model in MODELS.items():
        for field, said in model.model_fields.items():
            for example in said.examples or ():
                one = TypeAdapter(model.__pydantic_fields__[field].rebuild_annotation())
                assert one.validate_python(example) is not None, f"{name}.{field}"


def test_every_duration_the_page_names_is_one():
    line = next(line for line in PAGE.splitlines() if line.startswith("`90s`"))
    for text in re.findall(r"`([^`]+)`", line):
        assert parse_duration(text)


def test_its_links_lead_somewhere():
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("http"):
            assert (ROOT / "docs" / "reference" / link).exists(), link
