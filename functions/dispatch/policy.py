"""What follows from what is on record about a message? Pure answers for the send path."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from functions.dispatch.model import SPEAKING, STATUS_ORDER, Message, Status
from functions.dispatch.provider import Accepted, Gone, Rejected, Unknown
from functions.shared.changed import changed

# Longer than any provider call may take (the clients' timeouts), shorter than the queue's visibility timeout.
LEASE = timedelta(seconds=30)

Standing = Literal["free", "held", "lost", "decided"]

# Reasons that speak of one channel or address only: another channel may still reach the person. The others (the run has
# ended, the person is erased, the outcome is unknown) speak of the whole message.
CHANNEL_REASONS = frozenset(
    {
        "breaker_open",
        "kill_switch",
        "no_consent",
        "opted_out",
        "provider_rejected",
        "render_failed",
        "soft_contact",
        "suppressed",
        "unreachable",
    }
)


def standing(message: Message | None, now: datetime) -> Standing:
    """How a message stands before this delivery of its request.

    ``free``: nothing went and nothing is decided. ``held``: another delivery has claimed it and may be sending this
    moment. ``lost``: it was claimed, and whoever did so never told how it ended. ``decided``: it has an outcome.
    """
    if message is None or message.phase == "planned":
        return "free"
    if message.phase != "claimed":
        return "decided"
    return "held" if message.lease_until is not None and now < message.lease_until else "lost"


def due_at(planned_at: datetime, line: Message | None, now: datetime) -> datetime:
    """From when on lateness counts: when the step asked, unless this very asking was held back meanwhile.

    A machine that waited for a deferral or a pause asks anew, with a time of its own. So only a queue message that was
    answered already, and comes again, is older than the line that holds it back; what it waited for is no lateness.
    """
    if line is None or line.decision != "deferred" or planned_at > line.decided_at:
        return planned_at
    return line.until or now


def spoken_for(rivals: Iterable[Message]) -> Message | None:
    """The message on another channel that went, or may have gone, in place of this one; None when none did."""
    return next((one for one in rivals if one.phase in SPEAKING), None)


def tries_next_channel(line: Message) -> bool:
    """True when a "no" of this channel leaves room for another one."""
    if line.decision not in {"withheld", "failed"} or line.facts.get("killed") == "journey":
        return False
    return line.reason in CHANNEL_REASONS or (line.reason or "").startswith("cap:")


def rank(status: Status) -> int:
    """Place of a status in the only direction it moves."""
    return STATUS_ORDER.index(status)


def with_status(message: Message) -> Message:
    """A message as read: what went has a status even before the provider spoke of it."""
    if message.status is not None:
        return message
    implied: dict[str, Status] = {"claimed": "queued", "sending": "queued", "unknown": "queued", "sent": "sent"}
    return changed(message, status=implied.get(message.phase))


def given_up(claimed: Message, now: datetime) -> Message:
    """A lost claim is never sent again by itself: the provider's own Send event may still settle it."""
    return changed(claimed, phase="unknown", decision="failed", reason="unknown_outcome", decided_at=now)


def settled(claimed: Message, answer: Accepted | Rejected | Gone | Unknown, now: datetime) -> Message:
    """How a claimed message ended, by the provider's answer."""
    match answer:
        case Accepted(provider_id):
            return changed(
                claimed, decided_at=now, phase="sent", decision="sent", provider_id=provider_id, status="sent"
            )
        case Rejected(code):
            facts = {**claimed.facts, "provider": code}
            return changed(
                claimed, decided_at=now, phase="failed", decision="failed", reason="provider_rejected", facts=facts
            )
        case Gone(code):
            facts = {**claimed.facts, "provider": code}
            return changed(
                claimed, decided_at=now, phase="withheld", decision="withheld", reason="unreachable", facts=facts
            )
        case Unknown(code):
            return changed(given_up(claimed, now), facts={**claimed.facts, "provider": code})
