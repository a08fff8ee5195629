"""Where does somebody go on who stands here in one version of a journey, and is to be in another?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.shared.clock import format_instant, parse_instant
from infra.in_flight.machine import Machine
from infra.in_flight.step_functions import Place


@dataclass(frozen=True, slots=True)
class Move:
    """At which state of the new machine a run goes on, not before when; ``waited`` = what it waits in, since when."""

    resume_at: str
    resume_until: datetime | None = None
    waited: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return self.resume_at if self.waited is None else f"{self.resume_at}, after the rest of {self.waited['step']}"


@dataclass(frozen=True, slots=True)
class Stay:
    """Why somebody stays in the version they are in."""

    why: str


def move(place: Place, old: Machine, new: Machine, steps: Mapping[str, str]) -> Move | Stay:
    """What becomes of somebody who stands at ``place`` of the old machine.

    ``steps`` = the new id of an old step where it has another one. Who waits a fixed time waits as long as the new
    version says, from when they began to wait; any other wait begins anew and looks back.
    """
    standing = old.standing(place.state)
    if standing == "busy":
        return Stay("is in the middle of a step; ask again later")
    step, since = old.step_of(place.state), place.entered_at
    if standing == "resuming":
        # Whoever was moved before has its wait in its input.
        waited = place.carried.get("waited", {})
        step, since = waited.get("step"), parse_instant(waited["since"]) if "since" in waited else since
    if step is None:
        return Stay("stands in no step")
    there = steps.get(step, step)
    if there not in new.doors:
        return Stay(f"{step} has no counterpart")
    fixed = new.fixed_wait(there) if standing in ("fixed wait", "resuming") else None
    if fixed is None:
        return Move(new.doors[there])
    length, after = fixed
    return Move(after, since + length, {"step": there, "since": format_instant(since)})


def carried_over(carried: Mapping[str, Any], new: Machine, steps: Mapping[str, str]) -> dict[str, Any]:
    """What the new execution begins with of what the old one carried: ``contacts``, ``steps`` and ``loops``, by the
    new ids."""
    loops = {steps.get(name, name): count for name, count in carried.get("loops", {}).items()}
    counts = {name: loops.get(name, 0) for name in sorted(new.loops)}
    return {
        "contacts": dict(carried.get("contacts", {})),
        "steps": {steps.get(name, name): answer for name, answer in carried.get("steps", {}).items()},
        "loops": {"visit": loops.get("visit", 1), "passes": 0, **counts},
    }
