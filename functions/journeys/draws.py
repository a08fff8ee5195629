"""Which part of a share does a person fall in? A hash of the person decides: for ever, and exact in the long run."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from functions.shared.names import ProfileId


def share_of(value: Any) -> Fraction:
    """``0.1`` or ``"10%"`` as an exact fraction; None is 0."""
    if value is None:
        return Fraction(0)
    if isinstance(value, str) and value.endswith("%"):
        return Fraction(value[:-1]) / 100
    return Fraction(str(value))


def held_out(profile: ProfileId, holdout: str, share: Any) -> bool:
    """True for ``share`` of all people; ``holdout`` names whose holdout it is (a journey, or the policy)."""
    return _draw(profile, holdout, "holdout") < share_of(share)


def arm_of(profile: ProfileId, journey: str, experiment: str, variants: Mapping[str, Any]) -> str:
    """The variant a person gets of an experiment, by the weights of ``variants``."""
    drawn = _draw(profile, journey, "experiment", experiment)
    # By name, since a file written with sorted keys must not move people to another arm.
    arms = sorted(variants)
    edge = Fraction(0)
    for arm in arms[:-1]:
        edge += share_of(variants[arm])
        if drawn < edge:
            return arm
    return arms[-1]


def _draw(*parts: str) -> Fraction:
    """An exact number in [0, 1)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return Fraction(int.from_bytes(digest, "big"), 1 << 256)
