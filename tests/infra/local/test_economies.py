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
            indexes = []
            if not ranged:
                kinds += [
                    {"AttributeName": "owner", "AttributeType": "S"},
                    {"AttributeName": "at", "AttributeType": "S"},
                ]
                keys = [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
                indexes.append({"IndexName": "owned", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}})
            client.create_table(
                TableName=name,
                KeySchema=schema,
                AttributeDefinitions=kinds,
                BillingMode="PAY_PER_REQUEST",
                **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
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


def put_rows(client, table, rows):
    for row in rows:
        client.put_item(TableName=table, Item={name: {"S": value} for name, value in row.items()})


def asked(client, condition, values, **said):
    values = {f":{n}": {"S": value} for n, value in enumerate(values)}
    return client.query(KeyConditionExpression=condition, ExpressionAttributeValues=values, **said)


def test_a_query_answers_the_rows_under_its_key_in_their_order(dynamodb):
    put_rows(dynamodb, "deep", [{"pk": pk, "sk": sk} for sk in ("3", "2", "4") for pk in ("b", "c")])
    found = asked(dynamodb, "pk = :0 AND sk >= :1", ["b", "3"], TableName="deep")
    assert [(row["pk"]["S"], row["sk"]["S"]) for row in found["Items"]] == [("b", "3"), ("b", "4")]
    assert asked(dynamodb, "pk = :0", ["nobody"], TableName="deep")["Items"] == []
    assert asked(dynamodb, "pk = :0", ["a"], TableName="flat")["Items"][0]["n"] == {"N": "1"}


def test_a_query_goes_on_where_it_left_off_and_backwards(dynamodb):
    put_rows(dynamodb, "deep", [{"pk": pk, "sk": str(n)} for n in range(5) for pk in ("b", "c")])
    said = {"TableName": "deep", "Limit": 2, "ScanIndexForward": False}
    first = asked(dynamodb, "pk = :0", ["b"], **said)
    second = asked(dynamodb, "pk = :0", ["b"], **said, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [row["sk"]["S"] for page in (first, second) for row in page["Items"]] == ["4", "3", "2", "1"]


def test_an_index_answers_the_rows_of_any_key_that_have_its_own(dynamodb):
    rows = [{"pk": "1", "owner": "ann", "at": "b"}, {"pk": "2", "owner": "ann", "at": "a"}]
    put_rows(dynamodb, "flat", [*rows, {"pk": "3", "owner": "bea", "at": "a"}, {"pk": "4", "owner": "ann"}])
    found = asked(
        dynamodb, "#0 = :0", ["ann"], TableName="flat", IndexName="owned", ExpressionAttributeNames={"#0": "owner"}
    )
    assert [row["pk"]["S"] for row in found["Items"]] == ["2", "1"]


def test_a_queue_hands_out_what_was_sent_to_it(dynamodb):
    queues = boto3.client("sqs")
    url = queues.create_queue(QueueName="orders")["QueueUrl"]
    for n in range(3):
        queues.send_message(QueueUrl=url, MessageBody=str(n))
    received = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in received) == ["0", "1", "2"]
