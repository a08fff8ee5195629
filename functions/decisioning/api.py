"""What other capabilities may ask of decisioning: when something is due, for a person and for people in general."""

from functions.decisioning.policy import expected_next
from functions.decisioning.store import Decisions, IntervalFuture

__all__ = ["Decisions", "IntervalFuture", "expected_next"]
