"""Which run goes on when two people turn out to be one? Of each journey the one that was entered first.

A journey that takes a person several times side by side, once per key, goes on with one run per key: what one person
may have, two who became one may keep.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.journeys.model import Enrolment

# What the row, the decision line and the console's cause say of a run that gave way.
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Collision:
    """Two runs that no one person would have at once: ``lost`` ends, ``kept`` goes on."""

    lost: Enrolment
    kept: Enrolment


def collisions(enrolments: Iterable[Enrolment]) -> list[Collision]:
    """The runs that have to end among those of one person, the earliest entered first.

    Runs under one and the same id were let in by the re-entry rule and never collide.
    """
    kept: list[Enrolment] = []
    found: list[Collision] = []
    for one in sorted((each for each in enrolments if each.running), key=_seniority):
        elder = next((other for other in kept if _collide(other, one)), None)
        if elder is None:
            kept.append(one)
        else:
            found.append(Collision(one, elder))
    return found


def _seniority(run: Enrolment) -> tuple[object, ...]:
    return (run.entered_at, run.enrolment)


def _collide(one: Enrolment, other: Enrolment) -> bool:
    if one.journey != other.journey or one.profile == other.profile:
        return False
    return one.key is None or other.key is None or one.key == other.key
