"""Why was something not sent, or a run not continued? The closed list that reports and scripts rely on."""

from typing import Literal

Reason = Literal[
    "exited",
    "superseded",
    "merged",
    "kill_switch",
    "breaker_open",
    "erased",
    "suppressed",
    "soft_contact",
    "expired",
    "no_consent",
    "opted_out",
    "offer_declined",
    "held_out",
    "quiet_hours",
    "duplicate",
    "unreachable",
    "render_failed",
    "provider_rejected",
    "unknown_outcome",
    "reentry",
    "group_full",
    "outranked",
    "not_eligible",
    "late",
    "unreadable_date",
    "paused",
    "stopped",
]
"""``cap:<name>`` joins them when frequency caps come; names are stable, additions only."""
