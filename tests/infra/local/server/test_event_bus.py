"""PutEvents is answered as AWS answers it, whatever it is given."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.requests import acting
from infra.local.server.event_bus import answered
from infra.local.server.http import Request
from infra.local.world import LocalWorld

GOOD = {"EventBusName": "segue-dev", "Source": "shop", "DetailType": "Viewed", "Detail": '{"userId":"u1"}'}


@pytest.fixture(scope="module")
def world():
    with LocalWorld() as one:
        yield one


def put(world, body, target="AWSEvents.PutEvents"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = answered(world, Request("POST", "/", "", {"x-amz-target": target}, content))
    return response, json.loads(response.body)


def test_each_entry_is_answered_in_its_place(world):
    entries = [
        GOOD,
        {**GOOD, "Detail": "[1]"},
        {**GOOD, "Source": "aws.s3"},
        {**GOOD, "DetailType": None},
        {**GOOD, "Detail": "{"},
        {
            **GOOD,
            "EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/segue-dev",
            "Time": 1767222000,
            "DetailType": "Left",
        },
    ]
    response, said = put(world, {"Entries": entries})
    codes = [one.get("ErrorCode") for one in said["Entries"]]
    assert response.status == 200
    assert codes == [
        None,
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
        "MalformedDetail",
        None,
    ]
    assert said["FailedEntryCount"] == 4
    assert response.note == "PutEvents: accepted 2, rejected 4"
    world.drain()
    with acting("local"):
        people = list(world.history().profiles.scan())
    assert datetime(2025, 12, 31, 23, tzinfo=UTC) in [one.first_seen for one in people]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "SerializationException"),
        (b"[" * 100_000, "SerializationException"),
        ([], "SerializationException"),
        ({}, "SerializationException"),
        ({"Entries": {}}, "SerializationException"),
        ({"Entries": ["x"]}, "SerializationException"),
        ({"Entries": []}, "ValidationException"),
        ({"Entries": [GOOD] * 11}, "ValidationException"),
        ({"Entries": [{**GOOD, "Source": 5}]}, "ValidationException"),
        ({"Entries": [{**GOOD, "Detail": {"userId": "u1"}}]}, "ValidationException"),
        ({"Entries": [{**GOOD, "Detail": json.dumps({"x": "y" * 1024 * 1024})}]}, "ValidationException"),
        ({"Entries": [{**GOOD, "Time": "2026-03-02T10:00:00Z"}]}, "SerializationException"),
        ({"Entries": [{**GOOD, "Time": 1e300}]}, "SerializationException"),
        ({"Entries": [{**GOOD, "EventBusName": "shop"}]}, "ResourceNotFoundException"),
        ({"Entries": [{name: GOOD[name] for name in ("Source", "Detail")}]}, "ResourceNotFoundException"),
    ],
)
def test_a_request_that_cannot_be_used_names_awss_error(world, body, code):
    response, said = put(world, body)
    assert (response.status, said["__type"]) == (400, code)
    assert said["message"]


@pytest.mark.parametrize("target", ["AWSEvents.ListRules", "DynamoDB_20120810.GetItem", ""])
def test_other_operations_say_that_there_is_only_one(world, target):
    response, said = put(world, {}, target)
    assert (response.status, said["__type"]) == (400, "UnknownOperationException")
    assert "AWSEvents.PutEvents" in said["message"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
named = {"EventBusName": st.just("segue-dev")}
entry = st.fixed_dictionaries(named, optional=dict.fromkeys(["Source", "DetailType", "Detail", "Time"], anything))
likely = st.fixed_dictionaries(
    named,
    optional={"Source": st.text(), "DetailType": st.text(), "Detail": anything.map(json.dumps), "Time": anything},
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=anything | st.fixed_dictionaries({"Entries": st.lists(entry | likely | anything, max_size=11)}))
def test_whatever_is_put_is_answered(world, body):
    response, said = put(world, body)
    assert response.status in (200, 400)
    assert "Entries" in said or (said["__type"] and said["message"])
