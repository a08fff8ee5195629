"""Packing: as few messages as sizes allow, nothing lost, order kept."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.sqs import MESSAGE_BYTES, MESSAGE_ITEMS, Queue, encode, pack


class RecordingClient:
    def __init__(self):
        self.requests = []

    def send_message(self, **request):
        self.requests.append(request["MessageBody"])


@given(st.lists(st.text(max_size=200), max_size=40), st.integers(min_value=300, max_value=2000))
def test_packing_keeps_every_item_in_order_and_every_group_under_the_limit(items, limit):
    texts = [encode(item) for item in items]
    groups = pack(texts, limit)
    assert [text for group in groups for text in group] == texts
    assert all(len(",".join(group)) + 64 <= limit or len(group) == 1 for group in groups)
    assert all(len(group) <= MESSAGE_ITEMS for group in groups)
    assert all(groups)


def test_ten_small_events_travel_in_one_request():
    client = RecordingClient()
    Queue("https://queue", client).send_packed("events", [{"n": n} for n in range(10)])
    assert [json.loads(body) for body in client.requests] == [{"events": [{"n": n} for n in range(10)]}]


def test_nothing_to_send_makes_no_request():
    client = RecordingClient()
    Queue("https://queue", client).send_packed("events", [])
    assert client.requests == []


def test_large_loads_are_split_under_the_limit_of_a_message():
    client = RecordingClient()
    items = ["x" * 300_000 for _ in range(9)]
    Queue("https://queue", client).send_packed("events", items)
    assert [len(json.loads(body)["events"]) for body in client.requests] == [3, 3, 3]
    assert all(len(body) <= MESSAGE_BYTES for body in client.requests)


def test_a_message_holds_no_more_than_a_consumer_works_through_in_seconds():
    client = RecordingClient()
    Queue("https://queue", client).send_packed("events", list(range(2 * MESSAGE_ITEMS + 1)))
    assert [len(json.loads(body)["events"]) for body in client.requests] == [MESSAGE_ITEMS, MESSAGE_ITEMS, 1]


def test_lone_surrogates_travel_escaped():
    assert json.loads(encode({"name": "\ud800"})) == {"name": "\ud800"}
    assert "\\ud800" in encode({"name": "\ud800"})
