"""What DynamoDB refuses for now is asked again under one token; what it refuses for good is an outage."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.shared.errors import TransientError
from functions.shared.rows import Key, Table, Write
from functions.shared.store import ATTEMPTS, LONGEST_PAUSE_SECONDS, DynamoRows

TABLE = Table("one")
KEY = Key(TABLE, "a", "ROW")
WRITES = [Write(KEY, {"version": 1}, None)]


class Dynamo:
    """Rows of which every request is seen, and answered by ``faults`` as long as there are any."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[Any] = []
        self.pauses: list[float] = []
        self.rows = DynamoRows(pause=self.pauses.append)
        client = self.rows.connection.client
        client.meta.events.register("before-parameter-build.dynamodb", self._asked)
        client.meta.events.register("after-call.dynamodb", self._answered)

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name != "DescribeTable":
            self.requests.append((model.name, params))
            if self.faults and isinstance(self.faults[0], ClientError):
                raise self.faults.pop(0)

    def _answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if self.faults and callable(self.faults[0]):
            self.faults.pop(0)(parsed)


def refused(code: str, operation: str, reasons: tuple[str, ...] = ()) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": f"no [{', '.join(reasons)}]"}, "ResponseMetadata": {}}
    if reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(answer, operation)


@pytest.fixture
def dynamo() -> Iterator[Dynamo]:
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName=TABLE.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )
        yield Dynamo()


@pytest.mark.parametrize(
    "fault",
    [
        refused("TransactionCanceledException", "TransactWriteItems", ("TransactionConflict",)),
        refused("TransactionCanceledException", "TransactWriteItems", ("ThrottlingError",)),
        refused("TransactionInProgressException", "TransactWriteItems"),
        refused("ThrottlingException", "TransactWriteItems"),
        refused("InternalServerError", "TransactWriteItems"),
    ],
    ids=lambda fault: str(fault.response["Error"]),
)
def test_a_conflict_or_throttle_is_waited_out_under_the_same_token(dynamo: Dynamo, fault: ClientError) -> None:
    dynamo.faults = [fault, fault]
    assert dynamo.rows.commit(WRITES)
    tokens = [params["ClientRequestToken"] for _name, params in dynamo.requests]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1
    assert len(tokens[0]) <= 36
    assert len(dynamo.pauses) == 2
    assert all(0 <= pause <= LONGEST_PAUSE_SECONDS for pause in dynamo.pauses)


def test_two_commits_never_share_a_token(dynamo: Dynamo) -> None:
    dynamo.rows.commit(WRITES)
    dynamo.rows.commit(WRITES)
    one, other = (params["ClientRequestToken"] for _name, params in dynamo.requests)
    assert one != other


def test_a_condition_that_failed_is_an_answer_even_beside_a_conflict(dynamo: Dynamo) -> None:
    reasons = ("TransactionConflict", "ConditionalCheckFailed")
    dynamo.faults = [refused("TransactionCanceledException", "TransactWriteItems", reasons)]
    assert not dynamo.rows.commit(WRITES)
    assert len(dynamo.requests) == 1


def test_what_stays_contended_goes_back_to_the_queue(dynamo: Dynamo) -> None:
    dynamo.faults = [refused("ThrottlingException", "TransactWriteItems")] * ATTEMPTS
    with pytest.raises(TransientError):
        dynamo.rows.commit(WRITES)
    assert len(dynamo.requests) == ATTEMPTS
    assert dynamo.rows.read([KEY]) == {}


def test_what_is_refused_for_good_is_not_asked_again(dynamo: Dynamo) -> None:
    dynamo.faults = [refused("ValidationException", "TransactWriteItems")]
    with pytest.raises(TransientError):
        dynamo.rows.commit(WRITES)
    assert len(dynamo.requests) == 1


def test_a_read_that_meets_a_write_is_asked_again(dynamo: Dynamo) -> None:
    dynamo.rows.commit(WRITES)
    dynamo.faults = [refused("TransactionCanceledException", "TransactGetItems", ("TransactionConflict",))]
    assert dynamo.rows.read_together([KEY]) == {KEY: {"version": 1}}
    assert len(dynamo.pauses) == 1


def test_every_read_that_decides_is_strongly_consistent(dynamo: Dynamo) -> None:
    dynamo.rows.commit(WRITES)
    dynamo.requests.clear()
    dynamo.rows.read([KEY])
    list(dynamo.rows.query(TABLE, "a", "ROW"))
    (batch, asked), (query, queried) = dynamo.requests
    assert (batch, query) == ("BatchGetItem", "Query")
    assert asked["RequestItems"][TABLE.name]["ConsistentRead"] is True
    assert queried["ConsistentRead"] is True


def test_keys_that_a_batch_left_unread_are_read_after_all(dynamo: Dynamo) -> None:
    dynamo.rows.commit(WRITES)
    dynamo.requests.clear()

    def unread(parsed: dict[str, Any]) -> None:
        parsed["Responses"] = {TABLE.name: []}
        keys = [{"pk": {"S": KEY.pk}, "sk": {"S": KEY.sk}}]
        parsed["UnprocessedKeys"] = {TABLE.name: {"Keys": keys, "ConsistentRead": True}}

    dynamo.faults = [unread]
    assert dynamo.rows.read([KEY]) == {KEY: {"version": 1}}
    assert len(dynamo.requests) == 2
    assert dynamo.requests[1][1]["RequestItems"][TABLE.name]["ConsistentRead"] is True
