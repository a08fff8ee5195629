"""May we send to this contact point? The facts that the gate reads and the claim holds still."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import Channel, ContactKey, ProfileId

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


@dataclass(frozen=True, slots=True)
class Consent:
    """One line for the ledger: somebody granted or withdrew something.

    With a ``topic`` it speaks of one contact point. Without a topic it speaks of the person: ``withdrawn`` is an
    opt-out of ``channel`` (of every channel when None), ``granted`` takes that back. ``effective_at`` is aware UTC in
    whole milliseconds, the precision in which it is stored and compared.
    """

    profile: ProfileId
    contact: ContactKey | None
    channel: Channel | None
    topic: str | None
    state: ConsentState
    source: str
    effective_at: datetime
    message_id: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Consent":
        """Reads one item of the permissions queue; raises ``KeyError`` or ``ValueError`` on anything else."""
        if data["state"] not in {"granted", "withdrawn"}:
            raise ValueError("state")
        return Consent(
            profile=ProfileId(data["profile"]),
            contact=data.get("contact"),
            channel=data.get("channel"),
            topic=data.get("topic"),
            state=data["state"],
            source=data["source"],
            effective_at=whole_milliseconds(parse_instant(data["effectiveAt"])),
            message_id=data["messageId"],
            evidence=data.get("evidence") or {},
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """The newest thing said about one topic (or one channel): a last-writer register of the fold."""

    state: ConsentState
    effective_at: datetime
    source: str
    message_id: str

    def to_json(self) -> dict[str, Any]:
        """The shape inside a STATE row."""
        return {
            "state": self.state,
            "effective_at": format_instant(self.effective_at),
            "source": self.source,
            "message_id": self.message_id,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Statement":
        """Reads ``to_json``'s shape."""
        return Statement(data["state"], parse_instant(data["effective_at"]), data["source"], data["message_id"])


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why nothing may go to a contact point any more, and since when."""

    reason: str
    at: datetime
    message_id: str

    def to_json(self) -> dict[str, Any]:
        """The shape inside a STATE row."""
        return {"reason": self.reason, "at": format_instant(self.at), "message_id": self.message_id}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Suppression":
        """Reads ``to_json``'s shape."""
        return Suppression(data["reason"], parse_instant(data["at"]), data["message_id"])


@dataclass(frozen=True, slots=True)
class State:
    """The fold of all that was said about one contact point, or about one person.

    A contact point has ``consents`` (by topic) and ``suppressed``; a person ``opt_outs`` (by channel), ``erased_at``.
    """

    consents: Mapping[str, Statement] = field(default_factory=dict)
    suppressed: Suppression | None = None
    opt_outs: Mapping[str, Statement] = field(default_factory=dict)
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the append-only ledger, as it proves a consent. ``what`` = consent | suppression | erasure."""

    about: str
    what: str
    said: Mapping[str, Any]


def whole_milliseconds(instant: datetime) -> datetime:
    """The instant as a table keeps it: finer time would make the fold depend on whether it was stored in between."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
