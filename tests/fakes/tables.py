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


INDEXES = {
    "messages": ("by_profile", ["profile", "planned_at"], "ALL"),
    "enrolments": ("by_start", ["starting", "entered_at"], "KEYS_ONLY"),
}


def create_table(name: str) -> str:
    """Creates the named table as the stacks do; answers its name."""
    range_key = RANGE_KEYS[name]
    keys = ["pk"] + ([range_key] if range_key else [])
    indexes = {}
    attributes = [*keys]
    if name in INDEXES:
        index, keys_of_index, projection = INDEXES[name]
        attributes += keys_of_index
        kinds = zip(keys_of_index, ["HASH", "RANGE"], strict=True)
        schema = [{"AttributeName": key, "KeyType": kind} for key, kind in kinds]
        said = {"IndexName": index, "KeySchema": schema, "Projection": {"ProjectionType": projection}}
        indexes = {"GlobalSecondaryIndexes": [said]}
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"], strict=False)],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        **indexes,
    )
    return name
