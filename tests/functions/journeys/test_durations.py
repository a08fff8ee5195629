"""How long is a duration, and what is one?"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.durations import in_words, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h", 3600),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("0s", 0),
        ("PT1H", 3600),
        ("P1D", 86_400),
        ("P1W", 604_800),
        ("P1DT2H30M", 95_400),
        ("PT0.5H", 1800),
    ],
)
def test_reads_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1 h", "-1h", "30m1h", "1h1h", "P", "PT", "P1M", "P1Y", "1y", "1H", "١h", "99999999999d"]
)
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"no duration|too long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1h", "1 hour"),
        ("21d", "21 days"),
        ("1w", "7 days"),
        ("1h30m", "1 hour 30 minutes"),
        ("0s", "0 seconds"),
        ("1.5s", "1.5 seconds"),
    ],
)
def test_says_durations_in_words(text: str, words: str) -> None:
    assert in_words(parse_duration(text)) == words


@given(st.text(max_size=20))
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError:
        return
