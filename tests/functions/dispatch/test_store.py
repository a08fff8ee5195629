"""The messages table: who may write what, and who knows better."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from functions.dispatch.api import Message, Messages
from functions.dispatch.policy import LEASE, given_up, settled
from functions.dispatch.provider import Accepted, Rejected
from infra.local.runner.stores.messages import MemoryMessages
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


@pytest.fixture(params=["dynamodb", "memory"])
def messages(request):
    if request.param == "memory":
        yield MemoryMessages()
        return
    with mock_aws():
        yield Messages(create_table("messages"))


def claim(messages, claimed=CLAIMED):
    assert messages.transactions.commit(claimed.message, lambda together: messages.add_claim(together, claimed))


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


def test_a_claim_fails_on_what_is_claimed_or_decided(messages):
    claim(messages)
    rival = replace(CLAIMED, claim="theirs")
    assert not messages.transactions.commit("rival", lambda together: messages.add_claim(together, rival))
    assert messages.get("m").claim == "mine"


def test_others_read_a_message_inside_one_transaction(messages):
    claim(messages)
    with messages.reading() as transaction:
        found, nothing = messages.request(transaction, "m"), messages.request(transaction, "n")
    assert (found.message(), nothing.message()) == (replace(CLAIMED, status="queued"), None)


def test_a_word_of_failure_after_the_send_stands(messages):
    claim(messages)
    messages.settle(settled(CLAIMED, Accepted("ses-1"), NOON))
    line = messages.advance("m", "failed", NOON, "event")
    assert (line.status, line.phase, line.decision, line.reason) == ("failed", "failed", "failed", "provider_rejected")


def test_a_persons_messages_come_in_the_order_they_were_planned(messages):
    later = replace(WITHHELD, message="n", planned_at=NOON + timedelta(hours=1))
    other = replace(WITHHELD, message="o", profile="q", planned_at=NOON + timedelta(minutes=1))
    for line in (later, other, WITHHELD, replace(WITHHELD, message="z", profile="stranger")):
        assert messages.write(line)
    assert [one.message for one in messages.of_person(["p", "q"])] == ["m", "o", "n"]


def test_a_table_keeps_whole_milliseconds(messages):
    finer = NOON + timedelta(microseconds=1_234)
    claim(messages, claimed := replace(CLAIMED, planned_at=finer, lease_until=finer))
    messages.settle(replace(settled(claimed, Accepted("ses-1"), finer)))
    line, kept = messages.get("m"), NOON + timedelta(milliseconds=1)
    assert (line.planned_at, line.lease_until, line.decided_at) == (kept, kept, kept)
