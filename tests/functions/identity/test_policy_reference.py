"""The reference page on the identity part of policy.yaml says what the code does: its tables, snippets and faults."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.identity.model import NAMESPACES, OTHER, SOCIAL, SOCIAL_PREFIX, Namespace, Rules
from functions.identity.presets import PRESETS
from functions.journeys.language.checks import check
from functions.journeys.language.project import load
from tests.functions.journeys.language.writing import POLICY, write_journey

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "reference" / "policy-identity.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
FAULTS = re.findall(r"^\| `([^`]+)` \| (.+) \|$", TEXT.split("## What `segue check` says")[1], re.MULTILINE)
RETAIL = Rules()


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def fields(one: Namespace) -> tuple[object, ...]:
    return one.rank, one.kind, one.limit, one.contested, "never" if one.expires is None else f"{one.expires}d"


def defaults() -> Iterator[str]:
    for name, one in NAMESPACES.items():
        yield row(f"`{name}`", *fields(one))
    yield row(f"`{SOCIAL_PREFIX}*` nobody configured", *fields(SOCIAL))
    yield row("any other nobody configured", *fields(OTHER))


def presets() -> Iterator[str]:
    for name, preset in PRESETS.items():
        yield row(
            f"`{name}`", preset.whom, "; ".join(differences(Rules.of({"identity": {"preset": name}}))) or "nothing"
        )


def differences(rules: Rules) -> Iterator[str]:
    for name in ("shared_after", "bridge_on_device"):
        if getattr(rules, name) != getattr(RETAIL, name):
            yield f"`{name}: {getattr(rules, name)}`"
    for name, one in rules.namespaces.items():
        usual = RETAIL.namespace(name)
        changed = [
            f"{word} {value}"
            for word, value, before in zip(
                ("rank", "class", "limit", "contested", "expires"), fields(one), fields(usual), strict=True
            )
            if value != before
        ]
        if changed:
            yield f"`{name}` {', '.join(changed)}"


@pytest.mark.parametrize("expected", [*defaults(), *presets()])
def test_the_tables_hold_what_the_code_holds(expected: str) -> None:
    assert expected in TEXT.splitlines()


def test_the_tables_hold_nothing_else() -> None:
    tables = TEXT.split("## What `segue check` says")[0]
    written = [line for line in tables.splitlines() if re.match(r"\| (`|any other)", line)]
    assert written == [*defaults(), *presets()]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_is_sound(tmp_path: Path, snippet: str) -> None:
    root = write_journey(tmp_path, "- send: hello\n  channel: email", policy=f"{POLICY}{snippet}")
    assert check(root) == []
    policy = load(root).policy
    assert policy is not None
    assert Rules.of(policy.to_json()) != RETAIL


@pytest.mark.parametrize(("written", "said"), FAULTS)
def test_every_fault_is_said_as_the_page_says_it(tmp_path: Path, written: str, said: str) -> None:
    policy = f"{POLICY}identity:\n{textwrap.indent(written, '  ')}\n"
    (fault,) = check(write_journey(tmp_path, "- send: hello\n  channel: email", policy=policy))
    assert f"{fault.severity}: {fault.what}, {fault.fix}" == said.replace("`", "")


def test_the_page_shows_both() -> None:
    assert len(SNIPPETS) >= 3
    assert len(FAULTS) >= 8
