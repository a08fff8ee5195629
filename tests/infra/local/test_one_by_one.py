"""On the laptop a function that would use threads makes the same requests, in an order that is always the same."""

import json
from threading import current_thread

from infra.local.requests import Observer, observed
from infra.local.world import LocalWorld


class Order(Observer):
    """Who puts which objects, in which thread."""

    def __init__(self):
        self.seen = []

    def before(self, request):
        if request.name == "s3.PutObject":
            self.seen.append((request.actor, request.params["url_path"].rpartition("/")[2], current_thread()))


def test_the_large_messages_of_a_request_are_kept_one_by_one():
    batch = [
        {"type": "track", "event": "Read", "userId": "u", "messageId": f"m{n}", "properties": {"of": ["x" * 8000] * 5}}
        for n in range(4)
    ]
    event = {
        "rawPath": "/v1/batch",
        "requestContext": {"http": {"method": "POST"}},
        "body": json.dumps({"batch": batch, "writeKey": "dev"}),
    }
    secrets = {"segue-dev/write-keys": json.dumps({"dev": {"source": "shop"}})}
    with LocalWorld(secrets=secrets) as world:
        orders = []
        for _ in range(2):
            with observed(order := Order()):
                assert world.functions["segue-dev-accept-http"](event)["statusCode"] == 200
            orders.append(order.seen)
        assert world.meter.reading.requests["accept-http", "s3.PutObject"] == 8
    assert orders[0] == orders[1]
    assert {(who, thread) for who, _, thread in orders[0]} == {("accept-http", current_thread())}
    assert len({key for _, key, _ in orders[0]}) == 4
