"""Whom does a pause hold no longer, and who goes on first?"""

from collections.abc import Iterable

from functions.journeys.model import Enrolment, Parking
from functions.journeys.switches.model import Board


def due_first(parked: Iterable[Enrolment], board: Board) -> list[tuple[Parking, Enrolment]]:
    """Every place where somebody stands still whom no switch holds any more, by when they came there."""
    free = [
        (parking, run)
        for run in parked
        for parking in run.parked
        if board.paused(run.journey, parking.channel or None) is None
    ]
    return sorted(free, key=lambda one: (one[0], one[1].enrolment))
