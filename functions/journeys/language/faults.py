"""What is wrong, where, and what to do about it? Every tool of the language speaks in faults."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

LATER = "not available yet"
LEAVE_OUT = "leave it out for now"
Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault at ``line`` and ``column`` (from 1) of ``file``; faults sort by place."""

    file: str
    line: int
    column: int
    severity: Severity
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.what}, {self.fix}"


class FaultsFound(Exception):
    """The files cannot be published; ``faults`` says every reason at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The fix for a name nobody knows: the closest known one, else all of them, else ``otherwise``."""
    names = sorted(known)
    lowered = {one.lower(): one for one in names}
    close = get_close_matches(name.lower(), lowered, n=1)
    if close:
        return f'did you mean "{lowered[close[0]]}"?'
    if otherwise or not names:
        return otherwise or "define it first"
    return f"use one of {', '.join(names)}"
