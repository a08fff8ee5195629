"""What other capabilities may ask of journeys: the standing of a run, inside their own transactions."""

from functions.journeys.model import Enrolment, EntryEvent, Goal, Wait
from functions.journeys.store import EnrolmentFuture, Enrolments

__all__ = ["Enrolment", "EnrolmentFuture", "Enrolments", "EntryEvent", "Goal", "Wait"]
