"""What follows from a message's row: its standing, its next channel, its status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.dispatch.model import STATUS_ORDER, Message
from functions.dispatch.policy import LEASE, rank, standing, tries_next_channel, with_status
from functions.dispatch.send_key import message_id, send_key

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = Message(
    "m",
    "p",
    "e",
    "j",
    "v",
    "s",
    "1",
    "email",
    "marketing",
    "offers",
    "t",
    NOON,
    NOON,
    "claimed",
    lease_until=NOON + LEASE,
)


def test_a_claim_holds_for_its_lease_and_is_lost_after():
    assert standing(None, NOON) == "free"
    assert standing(replace(LINE, phase="planned"), NOON) == "free"
    assert standing(LINE, NOON + LEASE - timedelta(milliseconds=1)) == "held"
    assert standing(LINE, NOON + LEASE) == "lost"
    assert {standing(replace(LINE, phase=p), NOON) for p in ("sent", "unknown", "failed", "withheld")} == {"decided"}


@pytest.mark.parametrize(
    ("decision", "reason", "next_"),
    [
        ("withheld", "no_consent", True),
        ("withheld", "unreachable", True),
        ("withheld", "cap:daily", True),
        ("failed", "provider_rejected", True),
        ("failed", "render_failed", True),
        ("failed", "unknown_outcome", False),
        ("withheld", "exited", False),
        ("withheld", "erased", False),
        ("deferred", "quiet_hours", False),
        ("sent", None, False),
    ],
)
def test_only_a_no_about_the_channel_tries_the_next_one(decision, reason, next_):
    assert tries_next_channel(replace(LINE, decision=decision, reason=reason)) is next_


def test_statuses_have_one_direction_and_the_grave_ones_are_last():
    assert [rank(status) for status in STATUS_ORDER] == list(range(len(STATUS_ORDER)))
    assert rank("queued") < rank("sent") < rank("delivered") < rank("opened") < rank("clicked") < rank("complained")


def test_a_row_without_a_status_says_what_its_phase_implies():
    assert with_status(LINE).status == "queued"
    assert with_status(replace(LINE, phase="sent")).status == "sent"
    assert with_status(replace(LINE, phase="withheld")).status is None
    assert with_status(replace(LINE, phase="sent", status="opened")).status == "opened"


def test_a_message_is_named_by_its_run_step_visit_and_channel():
    assert send_key("e", "s", "1", "email") == "e/s/1/email"
    assert message_id("e", "s", "1", "email") == message_id("e", "s", "1", "email")
    assert len(message_id("e", "s", "1", "email")) == 32
    others = {message_id(*key) for key in [("e", "s", "2", "email"), ("e", "s", "1", "sms"), ("f", "s", "1", "email")]}
    assert len(others) == 3
