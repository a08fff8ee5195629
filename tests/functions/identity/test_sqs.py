"""What listens refuses: now, and all comes again; for good, and only the record that holds it does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.identity.sqs import Listeners
from functions.shared.bus import NOTICES, Bus
from functions.shared.delivery import whole_delivery
from functions.shared.sqs import Queue


class Refusing:
    """Refuses messages that hold the word ``poison``."""

    def __init__(self, status: int, code: str) -> None:
        self.answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        self.sent: list[str] = []

    def send_message(self, **request: Any) -> None:
        if "poison" in request["MessageBody"]:
            raise ClientError(self.answer, "SendMessage")
        self.sent.append(request["MessageBody"])


def deliver(client: Refusing) -> list[str]:
    queue = Queue("queue", client)
    listeners = Listeners(queue, queue, queue, Bus("bus", NOTICES, object()))

    def work(records: Any) -> tuple[()]:
        listeners.tell(list(records.values()))
        return ()

    records = [{"messageId": f"r{n}", "body": body} for n, body in enumerate(["1", '"poison"', "3"])]
    answer = whole_delivery({"Records": records}, str, work, "test")
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_an_item_that_is_refused_for_good_holds_up_no_other_record() -> None:
    client = Refusing(400, "InvalidParameterValue")
    assert deliver(client) == ["r1"]
    assert len(client.sent) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "ThrottlingException"), (400, "RequestThrottled"), (503, "ServiceUnavailable"), (403, "AccessDenied")],
)
def test_what_passes_brings_everything_back_at_once(status: int, code: str) -> None:
    client = Refusing(status, code)
    assert deliver(client) == ["r0", "r1", "r2"]
    assert client.sent == []
