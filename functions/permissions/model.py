"""May we send to this contact point? The facts that the gate reads and the claim holds still."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from functions.shared.names import Channel

ConsentState = Literal["granted", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Permission:
    """What is on record for one contact point and its person at one instant.

    ``consents`` maps a topic to its state; an absent topic is unknown. ``suppressed`` is the reason (``bounced_hard``,
    ``complained``) or None. The versions count changes (0 = no row), so that a claim can demand that nothing changed.
    """

    consents: Mapping[str, ConsentState] = field(default_factory=dict)
    suppressed: str | None = None
    opted_out: frozenset[Channel] = frozenset()
    erased: bool = False
    contact_version: int = 0
    person_version: int = 0
