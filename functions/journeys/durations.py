"""How long is ``1h30m``? Durations as authors write them; a day is 24 hours and a week 168, whatever the clocks do."""

import re
from datetime import timedelta
from functools import lru_cache

SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_PLAIN = re.compile("".join(rf"(?:(?P<{unit}>{_NUMBER}){unit})?" for unit in SECONDS))
_ISO = re.compile(
    rf"P(?:(?P<w>{_NUMBER})W)?(?:(?P<d>{_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:(?P<h>{_NUMBER})H)?(?:(?P<m>{_NUMBER})M)?(?:(?P<s>{_NUMBER})S)?)?"
)
HINT = "write a duration such as 90s, 15m, 1h, 2d, 1w, 1h30m or PT1H"


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> timedelta:
    """The length of ``90s 15m 1h 2d 1w 1h30m 1.5h`` or ISO 8601 (``PT1H``); raises ``ValueError`` on anything else.

    Months and years are refused: they have no fixed length.
    """
    match = (_ISO if text.startswith("P") else _PLAIN).fullmatch(text)
    parts = {unit: amount for unit, amount in match.groupdict().items() if amount} if match else {}
    if not parts:
        raise ValueError(f'"{text}" is no duration')
    try:
        return timedelta(seconds=sum(float(amount) * SECONDS[unit] for unit, amount in parts.items()))
    except OverflowError:
        raise ValueError(f'"{text}" is too long') from None


def in_words(length: timedelta) -> str:
    """``1 hour``, ``21 days``, ``1 hour 30 minutes``; never weeks, so that 7d and 1w read alike."""
    rest = length.total_seconds()
    words = []
    for unit in ("d", "h", "m"):
        whole, rest = divmod(rest, SECONDS[unit])
        if whole:
            words.append(_amount(f"{whole:.0f}", unit))
    if rest or not words:
        words.append(_amount(f"{rest:.3f}".rstrip("0").rstrip("."), "s"))
    return " ".join(words)


def _amount(number: str, unit: str) -> str:
    return f"{number} {_WORDS[unit]}{'' if number == '1' else 's'}"
