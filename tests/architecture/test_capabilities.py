"""A stranger lists functions/ and reads the product: every capability says what it answers."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CAPABILITIES = {
    "audiences",
    "capture",
    "decisioning",
    "dispatch",
    "feedback",
    "identity",
    "journeys",
    "measurement",
    "permissions",
    "profiles",
}


def test_the_folders_are_the_capabilities():
    folders = {path.name for path in (ROOT / "functions").iterdir() if (path / "__init__.py").exists()}
    assert folders == CAPABILITIES | {"shared"}


@pytest.mark.parametrize("capability", sorted(CAPABILITIES))
def test_each_capability_says_what_it_answers_and_what_is_thin(capability):
    readme = ROOT / "functions" / capability / "README.md"
    assert readme.exists()
    text = readme.read_text()
    assert "?" in text.split("\n\n")[1] or "?" in text.split("\n\n")[0], "the README opens with the question it answers"


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "functions").rglob("test_*.py")), ids=lambda p: p.name)
def test_tests_stand_where_the_code_stands(path):
    capability = path.relative_to(ROOT / "tests" / "functions").parts[0]
    assert capability in CAPABILITIES | {"shared"}
