"""Profiles on a table: every event once, whatever is delivered again and whoever writes at the same time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from pynamodb.connection import Connection
from pynamodb.transactions import TransactGet

from functions.profiles.api import Arrival, Person, Profiles, Recorded, StoredPerson
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.rows import Write
from functions.shared.store import DynamoRows
from tests.fakes import people

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = ProfileId("ann")
HOME = "customer_id#ann"
SERIES = {"Order Completed": ["revenue"]}


@pytest.fixture
def table() -> Iterator[str]:
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="profiles",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )
        yield "profiles"


def order(message_id: str, at: datetime = NOON, **properties: object) -> Arrival:
    body = {"type": "track", "event": "Order Completed", "userId": "ann", "properties": properties}
    return Arrival(Event(message_id, "track", at, at, "test", True, body))


def record(table: str, *arrivals: Arrival) -> Recorded:
    return people.record(table, ANN, *arrivals, series=SERIES)


def test_a_new_person_is_read_back_as_recorded(table: str) -> None:
    recorded = record(table, order("m1", revenue=10))
    profiles = Profiles(table)
    assert profiles.snapshot(ANN) == recorded.snapshot
    assert list(profiles.scan()) == [recorded.snapshot]
    assert recorded.snapshot.series["Order Completed"].recent[0].properties == {"revenue": 10}
    assert profiles.snapshot(ProfileId("nobody")) is None


def test_a_profile_is_read_inside_a_callers_transaction(table: str) -> None:
    recorded = record(table, order("m1"))
    with TransactGet(connection=Connection()) as transaction:
        ann = Profiles(table).request(transaction, ANN)
        nobody = Profiles(table).request(transaction, ProfileId("nobody"))
    assert ann.snapshot() == recorded.snapshot
    assert nobody.snapshot() is None


def test_an_event_delivered_again_changes_nothing(table: str) -> None:
    first = record(table, order("m1"), order("m2"))
    again = record(table, order("m2"), order("m1"), order("m1"))
    assert (again.snapshot, again.added, again.duplicates) == (first.snapshot, [], 3)


def test_other_content_under_a_known_id_keeps_the_first_and_is_told(table: str) -> None:
    first = record(table, order("m1", revenue=1))
    other = order("m1", revenue=2)
    again = record(table, other)
    assert again.snapshot == first.snapshot
    assert again.conflicting == [other.event]


def test_a_copy_whose_corrected_time_fell_past_midnight_is_still_a_copy(table: str) -> None:
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    record(table, order("m1", midnight - timedelta(seconds=1)))
    again = record(table, order("m1", midnight + timedelta(seconds=1)), order("m2", midnight + timedelta(seconds=2)))
    assert (again.duplicates, again.snapshot.events) == (1, 2)


def test_a_long_day_is_spread_over_small_rows_and_stays_free_of_copies(table: str) -> None:
    events = [order(f"m{n:04}", NOON + timedelta(seconds=n), revenue=n * 7919 % 1000) for n in range(600)]
    for start in range(0, 600, 60):
        record(table, *events[start : start + 60])
    again = record(table, *events)
    assert (again.snapshot.events, again.duplicates) == (600, 600)
    assert [event.message_id for event in Profiles(table).timeline(HOME)] == [one.event.message_id for one in events]
    rows = boto3.client("dynamodb").scan(TableName=table)["Items"]
    assert len(rows) > 4
    assert max(len(row["content"]["B"]) for row in rows) < 8_000


def test_a_backlog_of_years_is_written_in_slices(table: str) -> None:
    events = [order(f"m{n}", NOON + timedelta(days=n)) for n in range(130)]
    recorded = record(table, *events)
    assert (len(recorded.added), recorded.snapshot.events) == (130, 130)


def test_a_day_is_forgotten_once_its_copies_can_no_longer_come(table: str) -> None:
    record(table, order("m1"))
    [day] = [
        row for row in boto3.client("dynamodb").scan(TableName=table)["Items"] if row["sk"]["S"] == "DAY#2026-03-02"
    ]
    assert int(day["ttl"]["N"]) == (datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=400 + 16)).timestamp()


def test_an_event_past_its_retention_changes_nothing_and_is_told(table: str) -> None:
    old = replace(order("m0", NOON - timedelta(days=500)), past=True)
    recorded = record(table, order("m1"), old)
    assert (recorded.snapshot.events, recorded.added, recorded.past) == (1, [order("m1").event], [old.event])
    assert record(table, old).snapshot == recorded.snapshot
    assert [event.message_id for event in Profiles(table).timeline(HOME)] == ["m1"]


def test_a_writer_that_was_overtaken_reads_again_and_loses_nothing(table: str) -> None:
    class Overtaken(DynamoRows):
        overtaken = False

        def commit(self, writes: Sequence[Write]) -> bool:
            if not self.overtaken:
                self.overtaken = True
                record(table, order("m2"))
            return super().commit(writes)

    outcome = people.record(table, ANN, order("m1"), order("m2"), series=SERIES, rows=Overtaken())
    assert (outcome.snapshot.events, outcome.duplicates) == (2, 1)


def test_a_person_is_found_by_an_id_that_was_merged_away(table: str) -> None:
    recorded = record(table, order("m1"))
    rows = DynamoRows()
    profiles = Profiles(table, rows=rows)
    for old, new in (("bo", ANN), ("cy", ProfileId("bo"))):
        assert rows.commit([profiles.write(ProfileId(old), StoredPerson(), Person(), new)])
    with TransactGet(connection=Connection()) as transaction:
        asked = profiles.request(transaction, ProfileId("cy"))
    assert asked.snapshot() == profiles.snapshot(ProfileId("bo")) == recorded.snapshot
    assert [one.profile for one in profiles.scan()] == [ANN]
