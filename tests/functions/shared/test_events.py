"""Events: what travels between capabilities reads back equal, and names follow the Segment spec."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.clock import format_instant, parse_instant
from functions.shared.events import Event, packed_events

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANTS = st.integers(0, 7 * 10**12).map(
    lambda ms: datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)
)


def event(**changes):
    fields = {
        "message_id": "m-1",
        "type": "track",
        "timestamp": datetime(2026, 3, 2, tzinfo=UTC),
        "received_at": datetime(2026, 3, 2, tzinfo=UTC),
        "source": "shop",
        "trusted": True,
        "body": {"event": "Order Completed", "properties": {"revenue": 40}},
    }
    return Event(**{**fields, **changes})


@given(INSTANTS, INSTANTS, st.text(max_size=40))
def test_an_event_reads_back_as_it_was_sent(timestamp, received_at, message_id):
    sent = event(timestamp=timestamp, received_at=received_at, message_id=message_id)
    assert Event.from_json(sent.to_json()) == sent


@given(INSTANTS)
def test_an_instant_has_one_spelling(instant):
    assert parse_instant(format_instant(instant)) == instant
    assert format_instant(instant).endswith("Z")


def test_a_track_is_called_by_its_event_and_others_by_their_type():
    assert event().name == "Order Completed"
    assert event(type="identify", body={"traits": {"email": "a@example.com"}}).name == "identify"


def test_traits_may_stand_in_the_context_alone():
    assert event(type="identify", body={"context": {"traits": {"plan": "gold"}}}).traits == {"plan": "gold"}


def test_what_is_not_an_object_reads_as_empty():
    assert event(body={"event": "x", "properties": None, "context": [1]}).properties == {}
    assert event(body={"event": "x", "properties": None, "context": [1]}).context == {}


def test_events_are_ordered_by_time_then_message_id():
    early = event(message_id="b")
    late = event(message_id="a", timestamp=early.timestamp + timedelta(milliseconds=1))
    twin = event(message_id="a")
    assert sorted([late, early, twin], key=lambda one: one.order) == [twin, early, late]


def test_packed_events_keep_the_text_they_travelled_in() -> None:
    events = [
        Event(f"m{n}", "track", NOON, NOON, "shop", True, {"type": "track", "event": "é", "n": n}) for n in range(3)
    ]
    text = f'{{"events":[{",".join(one.to_text() for one in events)}]}}'
    read = packed_events(text)
    assert read == events
    assert [one.to_text() for one in read] == [one.to_text() for one in events]
    assert packed_events('{"events":[]}') == []


def test_packed_events_may_be_spaced_as_anybody_likes() -> None:
    event = Event("m", "page", NOON, NOON, "shop", True, {"type": "page", "name": "Gifts"})
    for indent in (None, 2):
        [read] = packed_events(json.dumps({"events": [event.to_json()]}, indent=indent))
        assert (read, read.to_text()) == (event, event.to_text())
    [read] = packed_events('{"events":[' + json.dumps(event.to_json(), indent=1) + "]}")
    assert (read, read.to_text()) == (event, event.to_text())


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"events":[', '{"events":[{}]}', '{"events":[1]}', '{"events":[]} x']
)
def test_what_holds_no_packed_events_is_refused(text: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        packed_events(text)
