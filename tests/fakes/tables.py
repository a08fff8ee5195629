"""The tables of the contract on moto, for tests that need one without the committed templates."""

import boto3

RANGE_KEYS = {
    "identity": "sk",
    "audiences": "sk",
    "profiles": "sk",
    "enrolments": "sk",
    "permissions": "sk",
    "messages": None,
    "decisioning": None,
}


def create_table(name: str) -> str:
    """Creates the named table as the stacks do; answers its name."""
    range_key = RANGE_KEYS[name]
    keys = ["pk"] + ([range_key] if range_key else [])
    indexes = {}
    attributes = [*keys]
    if name == "messages":
        attributes += ["profile", "planned_at"]
        schema = [{"AttributeName": "profile", "KeyType": "HASH"}, {"AttributeName": "planned_at", "KeyType": "RANGE"}]
        index = {"IndexName": "by_profile", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
        indexes = {"GlobalSecondaryIndexes": [index]}
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"], strict=False)],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        **indexes,
    )
    return name
