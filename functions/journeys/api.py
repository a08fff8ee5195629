"""What others may ask of journeys: how a run stands, inside their own transactions, and why somebody did not enter."""

from functions.journeys.decision_lines.store import DecisionLines
from functions.journeys.model import DecisionLine, Enrolment, EntryEvent, Goal, Wait
from functions.journeys.store import EnrolmentFuture, Enrolments

__all__ = ["DecisionLine", "DecisionLines", "Enrolment", "EnrolmentFuture", "Enrolments", "EntryEvent", "Goal", "Wait"]
