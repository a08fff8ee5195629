"""The expression language of journeys: read, evaluated on facts, three-valued, printed in words.

``parse("count(\\"Order Completed\\") == 1").evaluate(facts)`` answers True, False or None (unknown); only True holds.
"""

from functions.journeys.conditions.changes import changes_at
from functions.journeys.conditions.condition import Condition, Reads, Reference, parse
from functions.journeys.conditions.facts import Facts
from functions.journeys.conditions.parser import ExpressionFault
from functions.journeys.conditions.values import MISSING, Missing, Truth, as_time, in_utc, iso_time

__all__ = [
    "MISSING",
    "Condition",
    "ExpressionFault",
    "Facts",
    "Missing",
    "Reads",
    "Reference",
    "Truth",
    "as_time",
    "changes_at",
    "in_utc",
    "iso_time",
    "parse",
]
