import json

import boto3
import pytest
from moto import mock_aws

from infra.local.economies import economies


@pytest.fixture(params=["as moto has it", "with economies"])
def dynamodb(request):
    with mock_aws():
        client = boto3.client("dynamodb")
        for name, ranged in (("flat", False), ("deep", True)):
            schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
            kinds = [{"AttributeName": "pk", "AttributeType": "S"}]
            if ranged:
                schema.append({"AttributeName": "sk", "KeyType": "RANGE"})
                kinds.append({"AttributeName": "sk", "AttributeType": "S"})
            client.create_table(
                TableName=name, KeySchema=schema, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST"
            )
        client.put_item(TableName="flat", Item={"pk": {"S": "a"}, "n": {"N": "1"}, "tags": {"L": [{"S": "x"}]}})
        client.put_item(TableName="deep", Item={"pk": {"S": "a"}, "sk": {"S": "1"}, "n": {"N": "1"}})
        if request.param == "as moto has it":
            yield client
        else:
            with economies():
                yield client


def everything(client):
    rows = [row for table in ("flat", "deep") for row in client.scan(TableName=table)["Items"]]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def add(table, *keys):
    return {
        "Update": {
            "TableName": table,
            "Key": dict(zip(("pk", "sk"), ({"S": key} for key in keys), strict=False)),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def put(table, **item):
    return {"Put": {"TableName": table, "Item": {name: {"S": value} for name, value in item.items()}}}


def delete(table, *keys):
    return {"Delete": {"TableName": table, "Key": dict(zip(("pk", "sk"), ({"S": key} for key in keys), strict=False))}}


IMPOSSIBLE = {
    "ConditionCheck": {
        "TableName": "flat",
        "Key": {"pk": {"S": "nobody"}},
        "ConditionExpression": "attribute_exists(pk)",
    }
}


def test_a_transaction_that_fails_changes_nothing(dynamodb):
    before = everything(dynamodb)
    actions = [
        add("flat", "a"),
        add("deep", "a", "1"),
        put("flat", pk="b"),
        put("deep", pk="a", sk="2"),
        add("deep", "new", "1"),
        delete("deep", "gone", "1"),
    ]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[*actions, IMPOSSIBLE])
    assert everything(dynamodb) == before


def test_a_row_deleted_by_a_transaction_that_fails_is_back(dynamodb):
    before = everything(dynamodb)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[delete("flat", "a"), delete("deep", "a", "1"), IMPOSSIBLE])
    assert everything(dynamodb) == before


def test_a_transaction_that_holds_is_written(dynamodb):
    dynamodb.transact_write_items(
        TransactItems=[add("flat", "a"), put("deep", pk="a", sk="2"), delete("deep", "a", "1")]
    )
    assert dynamodb.get_item(TableName="flat", Key={"pk": {"S": "a"}})["Item"]["n"] == {"N": "2"}
    assert [row["sk"]["S"] for row in dynamodb.scan(TableName="deep")["Items"]] == ["2"]


def test_values_of_every_type_come_back_as_they_were(dynamodb):
    item = {
        "pk": {"S": "types"},
        "N": {"N": "1"},
        "S": {"S": ""},
        "flag": {"BOOL": False},
        "nothing": {"NULL": True},
        "bytes": {"B": b"\x00\x01"},
        "set": {"SS": ["a", "b"]},
        "map": {"M": {"S": {"S": "inner"}, "L": {"L": [{"N": "2"}, {"M": {}}]}}},
    }
    dynamodb.put_item(TableName="flat", Item=item)
    found = dynamodb.get_item(TableName="flat", Key={"pk": {"S": "types"}})["Item"]
    assert {**found, "set": {"SS": sorted(found["set"]["SS"])}} == item
