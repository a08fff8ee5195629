"""What others may ask of journeys: how a run stands, inside their own transactions, why somebody did not enter, and
switches."""

from functions.journeys.decision_lines.store import DecisionLines
from functions.journeys.model import DecisionLine, Enrolment, EntryEvent, Goal, Parking, Wait
from functions.journeys.store import EnrolmentFuture, Enrolments
from functions.journeys.switches.model import Board, Switch, Target
from functions.journeys.switches.store import Switches

__all__ = [
    "Board",
    "DecisionLine",
    "DecisionLines",
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
