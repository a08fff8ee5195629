"""What other capabilities may ask of journeys: the standing of a run, inside their own transactions, and switches."""

from functions.journeys.model import Enrolment, EntryEvent, Goal, Parking, Wait
from functions.journeys.store import EnrolmentFuture, Enrolments
from functions.journeys.switches.model import Board, Switch, Target
from functions.journeys.switches.store import Switches

__all__ = [
    "Board",
    "Enrolment",
    "EnrolmentFuture",
    "Enrolments",
    "EntryEvent",
    "Goal",
    "Parking",
    "Switch",
    "Switches",
    "Target",
    "Wait",
]
