"""What does a YAML file hold, and where?"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.journeys.language.reader import read, read_text


def test_yaml_1_2_reads_times_and_countries_as_they_look() -> None:
    value = read_text("a: 21:00\nb: NO\non: x\nd: 2026-01-01\ne: [1, 1.5, true, null, yes]\nf: '1'\n", "f").value
    assert value == {"a": "21:00", "b": "NO", "on": "x", "d": "2026-01-01", "e": [1, 1.5, True, None, "yes"], "f": "1"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2\n", 'f:2:1: error: "a" stands twice, keep one of them'),
        ("a: [1\n", "f:2:1: error: no YAML: expected"),
        ("a: !!python/object:os.system x\n", "f:1:4: error: tag"),
        ("a: !x 1\n", "f:1:4: error: tag !x"),
        ("a: 1\n---\nb: 2\n", "f:2:1: error: no YAML"),
        ("? [1]: 2\n", "f:1:3: error: a key that is no text"),
        ("", "f:1:1: error: empty file"),
        ("a: \x00\n", "f:1:1: error: no YAML"),
        ("a: &x [*x]\n", "f:1:1: error: no YAML: too many"),
        ("&a [" * 70 + "]" * 70, "f:1:1: error: no YAML: too many or too deeply"),
    ],
)
def test_a_broken_file_gives_a_fault_with_its_place(text: str, fault: str) -> None:
    assert str(read_text(text, "f").faults[0]).startswith(fault)


def test_finds_characters_again_through_quotes_and_folding() -> None:
    document = read_text("a: >\n  one and\n  two = 3\nb: \"x \\\"y\\\" = 3\"\nc: one\n  two\nd: 'it''s = 1'\n", "f")
    assert document.position_in(("a",), 13) == (3, 7)
    assert document.position_in(("b",), 7) == (4, 13)
    assert document.position_in(("c",), 5) == (6, 3)
    assert document.position_in(("d",), 6) == (7, 11)


def test_a_file_that_is_not_there_or_no_text_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be opened" in str(read(tmp_path / "no.yaml", "no.yaml").faults[0])
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4\n")
    assert "not UTF-8" in str(read(tmp_path / "latin.yaml", "latin.yaml").faults[0])


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:- \n[]{}&*!|>'\"%@`#,?0.\t~<="), max_size=40))
def test_any_text_gives_a_value_or_faults(text: str) -> None:
    document = read_text(text, "f")
    assert all(fault.line >= 1 and fault.column >= 1 for fault in document.faults)
