"""Which part of a share does a person fall in? A hash of the person decides: for ever, and exact in the long run."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from functions.shared.names import ProfileId


@lru_cache(maxsize=256)
def share_of(value: Any) -> Fraction:
    """``0.1`` or ``"10%"`` as an exact fraction; None is 0."""
    if value is None:
        return Fraction(0)
    if isinstance(value, str) and value.endswith("%"):
        return Fraction(value[:-1]) / 100
    return Fraction(str(value))


def held_out(profile: ProfileId, holdout: str, share: Any) -> bool:
    """True for ``share`` of all people; ``holdout`` names whose holdout it is (a journey, or the policy)."""
    wanted = share_of(share)
    # Most journeys hold nobody out, and a draw is dear.
    return wanted > 0 and _is_below(_draw(profile, holdout, "holdout"), wanted)


def arm_of(profile: ProfileId, journey: str, experiment: str, variants: Mapping[str, Any]) -> str:
    """The variant a person gets of an experiment, by the weights of ``variants``."""
    drawn = _draw(profile, journey, "experiment", experiment)
    # By name, since a file written with sorted keys must not move people to another arm.
    arms = sorted(variants)
    edge = Fraction(0)
    for arm in arms[:-1]:
        edge += share_of(variants[arm])
        if _is_below(drawn, edge):
            return arm
    return arms[-1]


def _draw(*parts: str) -> int:
    """A number of 256 bits."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest(), "big")


def _is_below(drawn: int, edge: Fraction) -> bool:
    """Whether a draw, as a part of all there could be, is below an edge; exact, and no fraction is made of it."""
    return drawn * edge.denominator < edge.numerator << 256
