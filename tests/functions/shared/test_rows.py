"""Rows in memory and rows in DynamoDB keep one contract."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.shared.errors import TransientError
from functions.shared.rows import ROWS_PER_TRANSACTION, Key, MemoryRows, Rows, Table, Write
from functions.shared.store import DynamoRows


class Words:
    """Content of these tests."""

    def encode(self, content: Any) -> bytes:
        return json.dumps(content).encode()

    def decode(self, data: bytes) -> Any:
        return json.loads(data)


TABLE = Table("one", {"ROW": Words(), "DAY": Words()})
OTHER = Table("two", {"ROW": Words(), "DAY": Words()})
FULL = {
    "version": 3,
    "epoch": 2,
    "ttl": 1_800_000_000,
    "profile": "p",
    "value": "ä🎉",
    "content": {"a": [1, None, "x"]},
}


def key(pk: str = "a", sk: str = "ROW", table: Table = TABLE) -> Key:
    return Key(table, pk, sk)


@pytest.fixture(params=["memory", "dynamodb"])
def rows(request: pytest.FixtureRequest) -> Iterator[Rows]:
    if request.param == "memory":
        yield MemoryRows()
        return
    with mock_aws():
        for table in (TABLE, OTHER):
            boto3.client("dynamodb").create_table(
                TableName=table.name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            )
        yield DynamoRows(pause=lambda _seconds: None)


def test_a_row_is_read_as_it_was_written(rows: Rows) -> None:
    assert rows.commit([Write(key(), FULL, None)])
    assert rows.read([key()]) == {key(): FULL}
    assert rows.read_together([key()]) == {key(): FULL}


def test_what_is_not_there_is_not_read(rows: Rows) -> None:
    assert rows.read([key()]) == {}
    assert rows.read([]) == {}
    assert rows.read_together([key(), key("b")]) == {}
    assert rows.read_together([]) == {}
    assert list(rows.query(TABLE, "a", "")) == []
    assert list(rows.scan(TABLE, "ROW")) == []


def test_what_is_not_named_stays_and_none_removes(rows: Rows) -> None:
    rows.commit([Write(key(), FULL, None)])
    assert rows.commit([Write(key(), {"version": 4, "profile": None}, {})])
    assert rows.read([key()])[key()] == {**{name: one for name, one in FULL.items() if name != "profile"}, "version": 4}


def test_a_row_without_expectation_is_made_where_there_was_none(rows: Rows) -> None:
    assert rows.commit([Write(key(), {"version": 1}, {})])
    assert rows.read([key()]) == {key(): {"version": 1}}


def test_without_sets_the_row_goes_and_may_be_gone_before(rows: Rows) -> None:
    rows.commit([Write(key(), FULL, None)])
    assert rows.commit([Write(key(), None, {"version": 3})])
    assert rows.read([key()]) == {}
    assert rows.commit([Write(key(), None, {})])


@pytest.mark.parametrize(
    "expects",
    [
        pytest.param(None, id="not there"),
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"version": 3, "profile": "q"}, id="one of two differs"),
        pytest.param({"profile": None}, id="no profile"),
    ],
)
@pytest.mark.parametrize(
    "sets", [pytest.param({"version": 9}, id="set"), pytest.param(None, id="delete"), pytest.param({}, id="check")]
)
def test_nothing_is_written_when_one_row_is_not_as_expected(rows: Rows, expects: Any, sets: Any) -> None:
    rows.commit([Write(key(), FULL, None)])
    assert not rows.commit([Write(key("b"), {"version": 1}, None), Write(key(), sets, expects)])
    assert rows.read([key(), key("b")]) == {key(): FULL}


@pytest.mark.parametrize("expects", [{"version": 3}, {"profile": "p", "epoch": 2}])
def test_rows_are_written_when_all_are_as_expected(rows: Rows, expects: Any) -> None:
    rows.commit([Write(key(), FULL, None)])
    assert rows.commit([Write(key("b"), {"version": 1}, None), Write(key(), {}, expects)])
    assert rows.read([key("b")]) == {key("b"): {"version": 1}}


@pytest.mark.parametrize("expects", [{"version": 1}, {"profile": "p"}])
def test_a_row_that_is_not_there_holds_nothing(rows: Rows, expects: Any) -> None:
    assert not rows.commit([Write(key(), {"version": 1}, expects)])


def test_a_missing_attribute_is_expected_as_none(rows: Rows) -> None:
    rows.commit([Write(key(), {"version": 1}, None)])
    assert rows.commit([Write(key(), {"version": 2}, {"profile": None})])


def test_rows_of_two_tables_change_together(rows: Rows) -> None:
    here, there = key(), key(table=OTHER)
    assert rows.commit([Write(here, {"version": 1}, None), Write(there, {"version": 2}, None)])
    assert rows.read_together([here, there]) == {here: {"version": 1}, there: {"version": 2}}
    assert not rows.commit([Write(here, {"version": 5}, {"version": 1}), Write(there, {"version": 5}, {"version": 1})])
    assert rows.read_together([here, there]) == {here: {"version": 1}, there: {"version": 2}}


def test_a_partition_is_read_in_order_by_what_its_keys_begin_with(rows: Rows) -> None:
    days = [key(sk=f"DAY#2026-03-{day:02}") for day in (3, 1, 2)]
    rows.commit([Write(one, {"content": one.sk}, None) for one in [*days, key(), key("b", "DAY#2026-03-01")]])
    assert list(rows.query(TABLE, "a", "DAY")) == [(one, {"content": one.sk}) for one in sorted(days)]
    assert [found.sk for found, _row in rows.query(TABLE, "a", "")] == sorted([*(one.sk for one in days), "ROW"])


def test_one_kind_of_row_is_scanned(rows: Rows) -> None:
    rows.commit([Write(one, {"version": 1}, None) for one in (key("a"), key("b"), key("a", "DAY#1"))])
    assert sorted(found.pk for found, _row in rows.scan(TABLE, "ROW")) == ["a", "b"]


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_table_is_gone_through_in_pages_that_anybody_can_go_on_from(rows: Rows, most: int) -> None:
    rows.commit([Write(one, {"version": 1}, None) for one in (key("a"), key("b"), key("c"), key("a", "DAY#1"))])
    found: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page, after = rows.page(TABLE, "ROW", after, most)
        assert len(page) <= most
        found += [one.pk for one, _row in page]
        pages += 1
    assert sorted(found) == ["a", "b", "c"]
    assert rows.page(TABLE, "ROW", key("zz"), most)[1] is None or most < 4


def test_as_many_rows_as_a_transaction_takes_are_written_and_more_than_a_request_reads_are_read(rows: Rows) -> None:
    keys = [key(f"k{number}") for number in range(ROWS_PER_TRANSACTION)]
    assert rows.commit([Write(one, {"version": 1}, None) for one in keys])
    assert rows.commit([Write(key(f"m{number}"), {"version": 1}, None) for number in range(50)])
    more = [*keys, *(key(f"m{number}") for number in range(50))]
    assert rows.read(more) == {one: {"version": 1} for one in more}


def test_a_row_deleted_and_written_again_in_the_same_words_is_there(rows: Rows) -> None:
    for _time in range(2):
        assert rows.commit([Write(key(), FULL, None)])
        assert rows.commit([Write(key(), None, {})])
    assert rows.commit([Write(key(), FULL, None)])
    assert rows.read([key()]) == {key(): FULL}


def test_a_table_that_is_not_there_is_an_outage_not_an_answer() -> None:
    with mock_aws():
        rows = DynamoRows(pause=lambda _seconds: None)
        with pytest.raises(TransientError):
            rows.read([key()])
        with pytest.raises(TransientError):
            rows.read_together([key()])
        with pytest.raises(TransientError):
            list(rows.query(TABLE, "a", ""))
        with pytest.raises(TransientError):
            rows.commit([Write(key(), {"version": 1}, None)])
