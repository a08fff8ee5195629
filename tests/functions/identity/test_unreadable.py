"""Ten records at a time, each of the 1,024 ways in which some cannot be read: only those come back."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from functions.identity.recognise import SERVICE
from functions.shared.delivery import whole_delivery
from functions.shared.events import Event
from functions.shared.rows import MemoryRows
from infra.local.replay.replay import publication_of, recogniser_on

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Each unreadable in another way.
UNREADABLE: list[Any] = [
    *("no json", "", "[", "null", "[]", '{"events": 5}', '{"events": [{}]}', '{"events": [null]}', "{}", '"x"'),
]


def record(number: int) -> str:
    body = {"type": "track", "event": "Order Completed", "userId": f"u{number}"}
    event = Event(f"m{number}", "track", NOON, NOON, "shop", True, body)
    return json.dumps({"events": [event.to_json()]})


def test_only_records_that_cannot_be_read_come_back_and_the_others_are_stored() -> None:
    publication = publication_of(None)
    for good in itertools.product([True, False], repeat=10):
        recogniser = recogniser_on(MemoryRows(), publication)
        records = [{"messageId": f"r{n}", "body": record(n) if one else UNREADABLE[n]} for n, one in enumerate(good)]
        answer = whole_delivery({"Records": records}, recogniser.read, recogniser.recognise, SERVICE, read=str)
        failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        assert failed == [f"r{n}" for n, one in enumerate(good) if not one]
        history = recogniser.history()
        stored = sorted(event.message_id for one in history.profiles.scan() for event in history.timeline(one.profile))
        assert stored == [f"m{n}" for n, one in enumerate(good) if one]
