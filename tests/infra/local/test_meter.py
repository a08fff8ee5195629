"""The meter: sizes as DynamoDB bills them, requests by who made them."""

import boto3
import pytest
from moto import mock_aws

from infra.local.item_size import item_bytes
from infra.local.meter import Meter, StringTooLong
from infra.local.requests import acting

TABLE = {
    "TableName": "t",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def table():
    with mock_aws():
        boto3.DEFAULT_SESSION = None
        client = boto3.client("dynamodb")
        client.create_table(**TABLE)
        yield client
        boto3.DEFAULT_SESSION = None


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "abc"}}, 2 + 3),
        ({"n": {"S": "é"}}, 1 + 2),
        ({"n": {"N": "27"}}, 1 + 2),
        ({"n": {"N": "-27"}}, 1 + 3),
        ({"b": {"B": "AAEC"}}, 1 + 3),
        ({"t": {"BOOL": True}}, 1 + 1),
        ({"l": {"L": [{"S": "a"}, {"S": "b"}]}}, 1 + 3 + 2 * (1 + 1)),
        ({"m": {"M": {"k": {"S": "v"}}}}, 1 + 3 + 1 + 1 + 1),
        ({"s": {"SS": ["ab", "c"]}}, 1 + 3),
    ],
)
def test_items_are_sized_by_names_and_values(item, size):
    assert item_bytes(item) == size


def put(client, size, key="a"):
    client.put_item(TableName="t", Item={"pk": {"S": key}, "x": {"S": "y" * size}})


def test_a_write_costs_a_unit_per_started_kilobyte_of_the_larger_item(table):
    with Meter() as meter, acting("writer"):
        put(table, 100)
        assert meter.reading.units["writer"].write == 1
        put(table, 1500)
        assert meter.reading.units["writer"].write == 1 + 2
        put(table, 10)
        assert meter.reading.units["writer"].write == 1 + 2 + 2


def test_a_transaction_costs_double_and_a_condition_check_like_a_write(table):
    put(table, 10)
    with Meter() as meter, acting("writer"):
        table.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "t", "Item": {"pk": {"S": "b"}}}},
                {
                    "ConditionCheck": {
                        "TableName": "t",
                        "Key": {"pk": {"S": "a"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        )
    assert meter.reading.units["writer"].write == 4


def test_reads_cost_half_one_or_two_units_per_started_four_kilobytes(table):
    put(table, 5000)
    key = {"pk": {"S": "a"}}
    with Meter() as meter:
        with acting("eventual"):
            table.get_item(TableName="t", Key=key)
        with acting("strong"):
            table.get_item(TableName="t", Key=key, ConsistentRead=True)
        with acting("transaction"):
            table.transact_get_items(TransactItems=[{"Get": {"TableName": "t", "Key": key}}])
        with acting("missing"):
            table.get_item(TableName="t", Key={"pk": {"S": "nobody"}}, ConsistentRead=True)
    read = {who: units.read for who, units in meter.reading.units.items()}
    assert read == {"eventual": 1.0, "strong": 2.0, "transaction": 4.0, "missing": 1.0}


def test_requests_are_counted_by_actor_and_operation(table):
    with Meter() as meter:
        with acting("one"):
            put(table, 1)
            put(table, 1)
        with acting("other"):
            table.get_item(TableName="t", Key={"pk": {"S": "a"}})
    assert dict(meter.reading.requests) == {("one", "dynamodb.PutItem"): 2, ("other", "dynamodb.GetItem"): 1}
    assert meter.reading.requests_of("one") == 2
    put(table, 1)
    assert sum(meter.reading.requests.values()) == 3


def test_what_lies_between_two_moments_can_be_measured(table):
    with Meter() as meter, acting("writer"):
        put(table, 1)
        with meter.measured() as inside:
            put(table, 1)
    assert inside.requests_of("writer") == 1
    assert inside.units_of("writer").write == 1


def test_a_string_longer_than_aws_takes_fails_the_test_that_sends_it(table):
    items = [{"Put": {"TableName": "t", "Item": {"pk": {"S": "b"}}}}]
    with Meter(), pytest.raises(StringTooLong, match="36"):
        table.transact_write_items(TransactItems=items, ClientRequestToken="x" * 37)
