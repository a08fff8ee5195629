"""Which patterns a text can keep busy for ever: told from the pattern alone, and true of Python's ``re``."""

import re
import time

import pytest

from functions.journeys.language.patterns import open_ended, runs_away

RUNS_AWAY = [
    "^([a-z]+)+$",
    "(a*)*$",
    "(a|a)+$",
    "^([a-z]+-?)+$",
    r"^(\w+\s?)*$",
    "^(a|ab|b)*c",
    "^(x+x+)+y",
    r"^(\d{1,3})+$",
    "^(a+|[a-c]+)*$",
    "(?i)^([A-Z][a-z]+)*!",
    "^([^a]+|[^b]+)*$",
    "^(a{1,30}){1,30}$",
    "^(?=(a+)+$)a",
    r"^([\wЖ]+[А-я]*)+$",
    "^(?:a+?)+?$",
]
ENDS = [
    "^[a-z]+(-[a-z]+)*$",
    r"^[^@\s]+@[^@\s]+\.[a-z]+$",
    "[a-z][a-z0-9]*([-_][a-z0-9]+)*",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"^([A-Z]{2}\d{1,3})+$",
    r"^(([a-z0-9]|[a-z0-9][a-z0-9\-]{0,61}[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]{0,61}[a-z0-9])$",
    "^([A-Z][a-z]+)*!",
    r"^(\d{3})+$",
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "^(red|green|blue)(,(red|green|blue))*$",
    r"^(\w+\s)*\w+$",
    "a.*b.*c",
    "(?!none).+",
    "[0-9a-f]{1000}",
    "",
]


@pytest.mark.parametrize("pattern", RUNS_AWAY)
def test_a_loop_that_reads_one_text_in_two_ways_runs_away(pattern: str) -> None:
    assert runs_away(pattern)


@pytest.mark.parametrize("pattern", ENDS)
def test_what_repeats_in_one_way_comes_to_an_end(pattern: str) -> None:
    assert not runs_away(pattern)


def test_what_is_refused_does_double_with_each_character() -> None:
    compiled = re.compile("^([a-z]+)+$")

    def seconds(characters: int) -> float:
        started = time.process_time()
        compiled.search("a" * characters + "!")
        return time.process_time() - started

    assert seconds(20) > 16 * seconds(12)


def test_a_pattern_too_long_to_be_judged_counts_as_one_that_does() -> None:
    assert runs_away("(" * 3 + "a" + "{50})" * 3)


@pytest.mark.parametrize(
    ("pattern", "open_"), [("^[A-Z]{3}$", False), ("^a{1,250}$", False), ("a+", True), ("a*", True)]
)
def test_a_pattern_is_open_ended_that_reads_texts_of_any_length(pattern: str, open_: bool) -> None:
    assert open_ended(pattern, 250) is open_
