"""A line of the archive opens with its key and with no other, and tells nothing without it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.archived_line import Kept, clear_of, events_of, line_of
from functions.profiles.api import DataKey, random_key
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.sqs import encode

KEY = DataKey(b"k" * 32)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CANARY = "canary@example.com"


def event(number: int, **body: Any) -> Event:
    said = {"type": "track", "event": "Order Completed", "userId": CANARY, **body}
    return Event(f"order-of-{CANARY}-{number}", "track", NOON, NOON, "shop", True, said)


def written(*events: Event, key: DataKey | None = KEY, conflict: bool = False) -> bytes:
    kept = [Kept("r", one, "email#ab", key, ProfileId("p-1"), conflict) for one in events]
    return line_of(kept[0], [clear_of(one, "pepper") for one in kept], [encode(one.event.to_json()) for one in kept])


def test_events_come_back_as_they_were() -> None:
    line = json.loads(written(event(1), event(2, properties={"note": "a\nb \U0001f600 \udc00"})))
    opened = [one for _, one in events_of(line, KEY)]
    assert opened == [event(1), event(2, properties={"note": "a\nb \U0001f600 \udc00"})]


def test_what_is_clear_partitions_and_names_nobody() -> None:
    text = written(event(1), conflict=True).decode()
    assert CANARY not in text
    assert "canary" not in text
    said = json.loads(text)
    assert {name: said[name] for name in ("v", "home", "profile", "key")} == {
        "v": 1,
        "home": "email#ab",
        "profile": "p-1",
        "key": KEY.id,
    }
    [clear] = said["events"]
    assert len(clear.pop("message")) == 32
    assert clear == {
        "type": "track",
        "timestamp": "2026-03-02T12:00:00.000Z",
        "receivedAt": "2026-03-02T12:00:00.000Z",
        "source": "shop",
        "trusted": True,
        "conflict": True,
    }


@pytest.mark.parametrize("key", [None, random_key()])
def test_without_its_key_a_line_tells_nothing(key: DataKey | None) -> None:
    assert list(events_of(json.loads(written(event(1))), key)) == []


@pytest.mark.parametrize(
    "change",
    [{"profile": "p-2"}, {"home": "email#cd"}, {"events": []}, {"sealed": "AAAA" * 20}, {"v": 2}, {"sealed": "%"}],
)
def test_a_line_that_was_changed_is_no_line(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        list(events_of({**json.loads(written(event(1))), **change}, KEY))


def test_what_is_kept_in_the_open_needs_no_key() -> None:
    erased = replace(event(1), message_id="0f", body={"type": "command", "command": "erase", "a": {"key": "email#ab"}})
    line = json.loads(written(erased, key=None))
    assert "sealed" not in line
    assert [one for _, one in events_of(line, None)] == [erased]


def test_the_same_events_are_never_sealed_alike() -> None:
    assert written(event(1)) != written(event(1))


def test_events_that_are_alike_are_small_together() -> None:
    one, ten = written(event(1)), written(*(event(n) for n in range(10)))
    assert len(ten) < 4.5 * len(one)


@given(st.lists(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none()), min_size=1, max_size=5))
def test_whatever_an_event_says_comes_back(bodies: list[dict[str, Any]]) -> None:
    events = [event(n, properties=body) for n, body in enumerate(bodies)]
    assert [one for _, one in events_of(json.loads(written(*events)), KEY)] == events
