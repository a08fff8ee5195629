"""What does a reason code mean, in a sentence a marketer would say? The closed list of functions/shared/reasons.py."""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "exited": "the person had already left the journey",
    "superseded": "the run ended when two profiles became one",
    "merged": "the person had become one with somebody who entered the journey earlier",
    "kill_switch": "sending was switched off",
    "breaker_open": "too many bounces or complaints, so sending was halted",
    "erased": "the person asked to be erased",
    "suppressed": "the address is suppressed after a hard bounce or a complaint",
    "soft_contact": "the address is not certain to be theirs",
    "expired": "the message was past its time",
    "no_consent": "no consent on record for this topic and channel",
    "opted_out": "the person opted out of this channel altogether",
    "offer_declined": "the offer was declined on some channel",
    "held_out": "kept out for comparison",
    "quiet_hours": "it was night where the person lives",
    "duplicate": "the message had been sent before",
    "unreachable": "there is no address for this channel",
    "render_failed": "the template could not be filled in",
    "provider_rejected": "the provider refused it",
    "unknown_outcome": "the provider's answer was lost, and marketing is never sent twice",
    "reentry": "the journey does not take the person again yet",
    "group_full": "the person is in enough journeys of this group",
    "outranked": "another journey was worth more",
    "not_eligible": "the person is not eligible",
    "late": "the event was too old to act on",
    "unreadable_date": "the date to wait for could not be read",
    "paused": "the journey was paused",
    "stopped": "the journey was stopped",
}
CHANNEL_NAMES: Mapping[str, str] = {"email": "e-mail", "sms": "SMS", "push": "push"}
STATUS_NAMES: Mapping[str, str] = {
    "starting": "starting",
    "active": "under way",
    "completed": "completed",
    "exited": "left early",
    "failed": "failed",
    "held_out": "held out",
    "outranked": "outranked",
    "superseded": "superseded",
}


def reason_in_words(reason: str) -> str:
    """A sentence's worth for a reason code; an unknown code reads as itself."""
    kind, _, name = reason.partition(":")
    if kind == "cap":
        return f"the frequency cap {name.strip()} was reached"
    return REASONS.get(reason, reason.replace("_", " "))
