"""What does each message look like? One example a type, for the documents and the page; tests send them all."""

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "track": {
        "type": "track",
        "messageId": "a7f3c1d2-5b0e-4f7e-9d44-2f0c8f6f1b11",
        "event": "Order Completed",
        "userId": "17850",
        "properties": {"order_id": "536365", "revenue": 139.12, "currency": "GBP"},
    },
    "identify": {
        "type": "identify",
        "userId": "17850",
        "anonymousId": "b1c8e7a0",
        "traits": {"email": "ann@example.com", "phone": "+358401234567", "first_name": "Ann", "tier": None},
    },
    "page": {
        "type": "page",
        "anonymousId": "b1c8e7a0",
        "name": "Lanterns",
        "properties": {"url": "https://shop.example/lanterns"},
    },
    "screen": {
        "type": "screen",
        "userId": "17850",
        "name": "Basket",
        "context": {"device": {"id": "B5372DB0", "type": "ios", "token": "ff15bc0c20c4aa6c"}},
    },
    "group": {"type": "group", "userId": "17850", "groupId": "acme", "traits": {"name": "Acme", "seats": 12}},
    "alias": {"type": "alias", "previousId": "b1c8e7a0", "userId": "17850"},
    "consent": {"type": "consent", "userId": "17850", "topic": "offers", "channel": "email", "state": "granted"},
    "audience": {"type": "audience", "userId": "17850", "audience": "friends", "state": "joined"},
    "reset": {"type": "reset", "anonymousId": "b1c8e7a0"},
    "command": {
        "type": "command",
        "command": "link",
        "a": {"type": "customer_id", "id": "17850"},
        "b": {"type": "email", "id": "ann@example.com"},
    },
}
