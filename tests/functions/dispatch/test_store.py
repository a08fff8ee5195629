"""The messages table: who may write what, and who knows better."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws
from pynamodb.transactions import TransactWrite

from functions.dispatch.api import Message, Messages
from functions.dispatch.policy import LEASE, given_up, settled
from functions.dispatch.provider import Accepted, Rejected
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLANNED = Message(
    message="m",
    profile="p",
    enrolment="e",
    journey="j",
    version="v",
    step="s",
    visit="1",
    channel="email",
    message_class="marketing",
    topic=None,
    template="t",
    planned_at=NOON,
    decided_at=NOON,
    phase="planned",
    facts={"consent": "granted", "erased": False, "address": None},
)
CLAIMED = replace(PLANNED, phase="claimed", contact="email#1", claim="mine", lease_until=NOON + LEASE)
WITHHELD = replace(PLANNED, phase="withheld", decision="withheld", reason="no_consent")


@pytest.fixture
def messages():
    with mock_aws():
        yield Messages(create_table("messages"))


def claim(messages, claimed=CLAIMED):
    with TransactWrite(connection=messages.transactions.connection) as transaction:
        messages.add_claim(transaction, claimed)


def test_a_message_is_read_back_as_written(messages):
    assert messages.get("m") is None
    assert messages.write(WITHHELD)
    assert messages.get("m") == WITHHELD
    claim(messages, other := replace(CLAIMED, message="other"))
    assert messages.get("other") == replace(other, status="queued")


def test_a_decision_does_not_overwrite_a_claim_or_another_decision(messages):
    claim(messages)
    assert not messages.write(WITHHELD)
    assert messages.get("m").phase == "claimed"
    assert messages.write(replace(WITHHELD, message="n"))
    assert not messages.write(replace(WITHHELD, message="n", reason="exited"))
    assert messages.get("n").reason == "no_consent"


def test_a_deferred_message_may_be_claimed(messages):
    assert messages.write(replace(PLANNED, decision="deferred", until=NOON))
    claim(messages)
    assert messages.get("m") == replace(CLAIMED, status="queued")


def test_giving_up_does_not_overwrite_what_the_provider_said(messages):
    claim(messages)
    messages.advance("m", "sent", NOON, "event")
    assert not messages.settle(given_up(CLAIMED, NOON))
    assert messages.get("m").decision == "sent"


def test_that_it_was_sent_overwrites_giving_up(messages):
    claim(messages)
    assert messages.settle(given_up(CLAIMED, NOON))
    assert messages.settle(settled(CLAIMED, Accepted("ses-1"), NOON))
    line = messages.get("m")
    assert (line.phase, line.decision, line.reason, line.provider_id) == ("sent", "sent", None, "ses-1")


def test_only_the_holder_of_a_claim_settles_or_releases_it(messages):
    claim(messages)
    stranger = replace(CLAIMED, claim="theirs")
    assert not messages.settle(settled(stranger, Rejected("no"), NOON))
    messages.release(stranger)
    assert messages.get("m").phase == "claimed"
    messages.release(CLAIMED)
    assert messages.get("m") is None


def test_a_settled_claim_is_not_released(messages):
    claim(messages)
    messages.settle(settled(CLAIMED, Accepted("ses-1"), NOON))
    messages.release(CLAIMED)
    assert messages.get("m").decision == "sent"


def test_a_word_about_a_message_nobody_sent_creates_nothing(messages):
    assert messages.advance("nobody", "delivered", NOON, "event") is None
    assert list(messages.scan()) == []


def test_an_older_word_changes_neither_status_nor_time(messages):
    claim(messages)
    messages.advance("m", "clicked", NOON, "click")
    line = messages.advance("m", "delivered", NOON + timedelta(days=1), "delivery")
    assert (line.status, line.status_at) == ("clicked", NOON)
