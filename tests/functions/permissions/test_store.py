"""The store: state and proof change together, once per message, in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynamodb.connection import Connection
from pynamodb.transactions import TransactGet

from functions.permissions.api import Consent
from functions.shared.errors import TransientError
from infra.local.runner.stores.permissions import MemoryPermissions
from infra.local.runner.stores.together import NO_READING, MemoryTransactions

START = datetime(2026, 3, 2, tzinfo=UTC)


def consent(state="granted", contact="email#1", topic="offers", message_id="m-1", at=START, **changes):
    return Consent("p-1", contact, changes.get("channel", "email"), topic, state, "crm", at, message_id)


def facts(permissions, contact="email#1", profile="p-1"):
    if isinstance(permissions, MemoryPermissions):
        return permissions.request(NO_READING.enter_result, contact, profile).permission()
    with TransactGet(connection=Connection()) as transaction:
        future = permissions.request(transaction, contact, profile)
    return future.permission()


def unchanged(permissions, seen):
    memory = isinstance(permissions, MemoryPermissions)
    transactions = MemoryTransactions() if memory else permissions._transactions
    return transactions.commit(
        str(seen), lambda together: permissions.claim_conditions(together, "email#1", "p-1", seen)
    )


def test_a_consent_changes_the_state_and_leaves_its_proof(either):
    assert either.record(consent())
    assert facts(either).consents == {"offers": "granted"}
    [line] = either.ledger("email#1")
    assert line.what == "consent"
    assert line.said["source"] == "crm"
    assert line.said["message_id"] == "m-1"


def test_the_same_message_counts_once(either):
    assert either.record(consent())
    version = facts(either).contact_version
    assert not either.record(consent())
    assert facts(either).contact_version == version
    assert len(list(either.ledger("email#1"))) == 1


def test_an_older_line_is_kept_as_proof_and_changes_nothing(either):
    either.record(consent("withdrawn", at=START + timedelta(hours=1), message_id="late"))
    before = facts(either)
    assert either.record(consent("granted", message_id="early"))
    assert facts(either) == before
    assert [line.said["message_id"] for line in either.ledger("email#1")] == ["early", "late"]


def test_consent_belongs_to_the_address_and_an_opt_out_to_the_person(either):
    either.record(consent())
    either.record(consent("withdrawn", contact=None, topic=None, channel="sms", message_id="m-2"))
    other = facts(either, contact="email#2")
    assert other.consents == {}
    assert other.opted_out == {"sms"}


def test_a_contact_nobody_named_costs_no_read(either):
    assert facts(either, contact=None).contact_version == 0


def test_another_address_of_the_person_is_one_more_read(either):
    either.record(consent("withdrawn", contact=None, topic=None, channel="sms", message_id="m-2"))
    either.record(consent(contact="email#2", message_id="m-3"))
    known = facts(either)
    assert either.of_contact("email#2", known) == facts(either, "email#2")
    assert either.read("email#2", "p-1") == facts(either, "email#2")


def test_a_suppression_and_a_tombstone_stop_and_stay(either):
    assert either.suppress("email#1", "bounced_hard", START, "e-1")
    assert not either.suppress("email#1", "bounced_hard", START, "e-1")
    either.record(consent())
    assert facts(either).suppressed == "bounced_hard"
    assert either.entomb("p-1", START, "erase-1")
    assert facts(either).erased


def test_a_consent_without_an_address_is_kept_and_permits_nothing(either):
    assert either.keep_pending(consent(contact=None))
    assert not either.keep_pending(consent(contact=None))
    assert facts(either).consents == {}
    assert [line.what for line in either.ledger("p#p-1")] == ["pending"]
    with pytest.raises(ValueError, match="contact point"):
        either.record(consent(contact=None))


CHANGES = {
    "withdrawal": lambda permissions: permissions.record(
        consent("withdrawn", at=START + timedelta(hours=1), message_id="w")
    ),
    "opt-out": lambda permissions: permissions.record(consent("withdrawn", contact=None, topic=None, message_id="o")),
    "suppression": lambda permissions: permissions.suppress("email#1", "complained", START, "c"),
    "erasure": lambda permissions: permissions.entomb("p-1", START, "e"),
}


@pytest.mark.parametrize("first", [False, True], ids=["nothing on record", "a grant on record"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_claim_fails_when_anything_changed_since_it_was_read(either, first, change):
    if first:
        either.record(consent())
    read = facts(either)
    assert unchanged(either, read)
    CHANGES[change](either)
    assert not unchanged(either, read)


class Crowded:
    """Transactions before each of which somebody else writes first."""

    def __init__(self, permissions, times):
        self.permissions = permissions
        self.rivals = times
        self.real = permissions._transactions

    def commit(self, plan, add):
        if self.rivals:
            self.rivals -= 1
            state = "withdrawn" if self.rivals % 2 else "granted"
            at = START + timedelta(hours=100 - self.rivals)
            self.permissions._transactions = self.real
            self.permissions.record(consent(state, at=at, message_id=f"rival-{self.rivals}"))
            self.permissions._transactions = self
        return self.real.commit(plan, add)


def test_a_rival_writer_costs_a_second_look_and_loses_nothing(permissions):
    permissions._transactions = Crowded(permissions, 2)
    assert permissions.record(consent("withdrawn", topic="news", message_id="mine"))
    assert facts(permissions).consents["news"] == "withdrawn"
    assert len(list(permissions.ledger("email#1"))) == 3


def test_an_endless_rival_is_a_transient_error(permissions):
    permissions._transactions = Crowded(permissions, 50)
    with pytest.raises(TransientError):
        permissions.record(consent("withdrawn", topic="news", message_id="mine"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)), again=st.integers(0, 3), contact=st.uuids())
def test_any_order_of_the_same_messages_ends_in_the_same_permission(permissions, order, again, contact):
    lines = [
        consent("granted", contact=str(contact), message_id="a"),
        consent("withdrawn", contact=str(contact), message_id="b"),
        consent("granted", contact=str(contact), message_id="c", at=START + timedelta(hours=1)),
        consent("granted", contact=str(contact), topic="news", message_id="d"),
    ]
    for index in [*order, again]:
        permissions.record(lines[index])
    assert facts(permissions, contact=str(contact)).consents == {"offers": "granted", "news": "granted"}
