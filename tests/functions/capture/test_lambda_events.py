"""Both doors on the shapes Lambda really hands to them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.functions.capture.test_doors import GOOD, Doors

EVENTS = json.loads((Path(__file__).parents[2] / "data" / "lambda_events.json").read_text())
BATCH = json.dumps({"batch": [GOOD], "writeKey": "server-key"})


@pytest.mark.parametrize("shape", ["function_url", "function_url_iam"])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_function_url_event_is_read_with_all_that_stands_beside(shape: str, encoded: bool) -> None:
    given: dict[str, Any] = json.loads(json.dumps(EVENTS[shape]))
    given["requestContext"]["http"]["method"] = "POST"
    given["rawPath"] += "v1/batch"
    given["isBase64Encoded"] = encoded
    given["body"] = base64.b64encode(BATCH.encode()).decode() if encoded else BATCH
    doors = Doors()
    assert doors.http.answer(given)["statusCode"] == 200
    assert len(doors.identity.items) == 1


@pytest.mark.parametrize(("shape", "status"), [("function_url", 404), ("function_url_iam", 404)])
def test_what_is_not_for_this_door_is_answered_in_words(shape: str, status: int) -> None:
    answer = Doors().http.answer(EVENTS[shape])
    assert answer["statusCode"] == status
    assert json.loads(answer["body"])["field"] == "path"


def test_a_delivery_of_the_queue_is_read_with_all_that_stands_beside() -> None:
    delivery = json.loads(json.dumps(EVENTS["sqs"]))
    envelope = {**EVENTS["eventbridge"], "detail-type": "Order Completed", "source": "shop", "detail": {"userId": "u1"}}
    delivery["Records"][0]["body"] = json.dumps(envelope)
    doors = Doors()
    assert doors.bus.take(delivery) == {"batchItemFailures": []}
    (taken,) = doors.identity.items
    assert (taken["type"], taken["source"]) == ("track", "shop")
    # The other record of AWS's example is no event: kept, and never delivered again.
    (kept,) = doors.quarantine.items
    assert kept["field"] == "message"


def test_an_event_of_aws_itself_is_an_event_about_nobody() -> None:
    delivery = {"Records": [{**EVENTS["sqs"]["Records"][0], "body": json.dumps(EVENTS["eventbridge"])}]}
    doors = Doors()
    assert doors.bus.take(delivery) == {"batchItemFailures": []}
    assert [(one["field"], one["rule"]) for one in doors.quarantine.items] == [("userId", "no identifier")]
