"""What operators put back is the message it was, and never more: whatever stands in the queue, nobody gains trust."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.accept import accept
from functions.capture.delivery import PUT_BACK, item_put_back, items_of
from functions.capture.model import Item
from functions.capture.policy import read
from functions.shared.errors import RejectedInput
from functions.shared.sqs import encode

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=20)
TEXT = st.text(st.characters(codec=None), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ITEMS = st.builds(
    Item,
    raw=JSON,
    received_at=st.just(NOON),
    source=TEXT,
    trusted=st.booleans(),
    sent_at=st.none() | st.just("2026-03-02T11:59:00Z"),
    happened_at=st.none() | st.just(NOON - timedelta(hours=1)),
    browser=st.booleans(),
    allowed=st.none() | st.frozensets(TEXT, max_size=3),
)
SAID = ("trusted", "browser", "unread", "sentAt", "happenedAt", "zipped", "allowed", "refused", "field", "rule")
LINES = st.fixed_dictionaries(
    {"receivedAt": JSON | st.just("2026-03-02T12:00:00Z"), "source": TEXT | JSON, "body": JSON},
    optional=dict.fromkeys(SAID, JSON),
)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")


class Shelf:
    """An intake that keeps what it is given."""

    def __init__(self):
        self.events, self.lines = [], []

    def keep(self, wholes):
        self.wholes = wholes

    def take(self, events, rejections):
        self.events += events
        self.lines += [json.loads(encode(one.to_json())) for one in rejections]


def kept(*items):
    """The lines that the quarantine holds of items, each of which must be refused."""
    shelf = Shelf()
    accept(items, shelf, "test")
    assert len(shelf.lines) == len(items)
    return shelf.lines


def put_back(*lines):
    return encode({PUT_BACK: lines})


@given(st.lists(ITEMS.map(lambda item: replace(item, refused=RejectedInput("userId", "no"))), min_size=1, max_size=4))
def test_a_message_comes_back_as_the_item_it_was(items):
    again = items_of([put_back(*kept(*items))], LATER)
    comparable = [replace(one, refused=None) for one in items if one.source != "segue.notice"]
    assert [replace(one, refused=None) for one in again] == comparable
    assert all(one.refused is not None for one in again)


def test_after_a_fix_it_is_the_event_it_would_have_been():
    stamps = {"originalTimestamp": "2026-03-02T08:00:00Z"}
    message = {"type": "track", "event": "Viewed", "userId": "u1", "properties": {"n": 1}, **stamps}
    item = Item(message, NOON, "web", trusted=False, sent_at="2026-03-02T09:00:00Z", browser=True)
    (line,) = kept(replace(item, refused=RejectedInput("properties.n", "not a text")))
    (again,) = items_of([put_back({**line, "refused": False})], LATER)
    assert read(again) == read(item)
    assert read(again).event.timestamp == datetime(2026, 3, 2, 11, tzinfo=UTC)


def test_an_event_of_the_bus_keeps_the_time_of_its_envelope():
    envelope = {"source": "shop", "detail-type": "Viewed", "time": "2026-03-02T11:00:00Z", "detail": {"type": "track"}}
    (item,) = items_of([json.dumps(envelope)], NOON)
    (line,) = kept(item)
    (again,) = items_of([put_back(line)], LATER)
    assert (again.happened_at, again.received_at, again.source) == (NOON - timedelta(hours=1), NOON, "shop")


def test_an_event_of_the_bus_without_an_id_is_put_back_with_that_of_its_envelope():
    envelope = {"id": "e-1", "source": "shop", "detail-type": "Viewed", "detail": {"userId": "u1"}}
    (item,) = items_of([json.dumps(envelope)], NOON)
    (line,) = kept(replace(item, refused=RejectedInput("event", "not in the tracking plan")))
    (again,) = items_of([put_back({**line, "refused": False})], LATER)
    assert line["messageId"] == read(again).event.message_id == "e-1"


def test_what_a_door_held_against_a_message_is_held_against_it_again():
    browser = Item({"type": "track", "event": "Refunded", "userId": "u1"}, NOON, "web", trusted=False, browser=True)
    for item in (
        replace(browser, allowed=frozenset({"Viewed"})),
        replace(browser, refused=RejectedInput("context.signature", "not the signature of this userId")),
    ):
        (line,) = kept(item)
        (again,) = items_of([put_back(line)], LATER)
        with pytest.raises(RejectedInput) as error:
            read(again)
        assert (error.value.field, error.value.rule) == (line["field"], line["rule"])


@given(st.lists(JSON | LINES, max_size=4))
def test_lines_that_nobody_wrote_are_items_without_trust_and_harm_nothing(lines):
    items = items_of([put_back(*lines)], LATER)
    assert len(items) == len(lines)
    for line, item in zip(lines, items, strict=True):
        said = line if isinstance(line, dict) else {}
        assert not item.trusted or said.get("trusted") is True
        assert item.browser or said.get("browser") is False
    shelf = Shelf()
    accept(items, shelf, "test")
    assert len(shelf.events) + len(shelf.lines) == len(lines)


@pytest.mark.parametrize("text", ['{"segue.replay":[', '{"segue.replay":[1', '{"segue.replay":[' + "[" * 100_000])
def test_a_put_back_that_cannot_be_read_is_one_item_without_trust(text):
    (item,) = items_of([text], LATER)
    assert (item.raw, item.trusted, item.browser) == (None, False, True)


@pytest.mark.parametrize("indent", [None, 4])
def test_what_is_put_back_by_hand_is_read_however_it_is_spaced(indent):
    lines = kept(Item({"type": "x"}, NOON, "shop", trusted=True), Item(1, NOON, "shop", trusted=True))
    assert [item.raw for item in items_of([json.dumps({PUT_BACK: lines}, indent=indent)], LATER)] == [{"type": "x"}, 1]
    (one,) = items_of([json.dumps({PUT_BACK: lines[0]}, indent=indent)], LATER)
    assert one.raw == {"type": "x"}


@pytest.mark.parametrize(
    "text", ['["segue.replay"]', '"segue.replay"', '{"detail-type":"segue.replay","detail":{"a":1}}']
)
def test_what_only_mentions_it_is_not_put_back(text):
    (item,) = items_of([text], NOON)
    assert (item.source, item.received_at) == ("bus", NOON)


def test_an_event_that_says_it_is_put_back_is_only_an_event():
    line = {"receivedAt": "2020-01-01T00:00:00Z", "source": "x", "trusted": True, "browser": False, "body": "{}"}
    detail = {"type": "track", "event": "Viewed", "userId": "u1", PUT_BACK: [line]}
    (item,) = items_of([json.dumps({"source": "shop", "detail-type": "Viewed", "detail": detail})], NOON)
    assert (item.source, item.received_at) == ("shop", NOON)
    assert item.raw["userId"] == "u1"


def test_a_delivery_that_once_could_not_be_read_is_read_as_one_of_the_bus():
    (line,) = kept(*items_of(["no JSON"], NOON))
    assert line["unread"]
    (same,) = items_of([put_back(line)], LATER)
    assert (same.text, same.trusted) == ("no JSON", True)
    said = json.dumps({"source": "shop", "detail-type": "Viewed", "detail": {"userId": "u1"}})
    (mended,) = items_of([put_back({**line, "body": said})], LATER)
    assert (mended.source, mended.received_at, mended.trusted) == ("shop", NOON, True)
    assert read(mended).event.name == "Viewed"
    (browsers,) = items_of([put_back({**line, "body": said, "browser": True, "trusted": False})], LATER)
    assert (browsers.raw, browsers.trusted, browsers.browser) == (None, False, True)


def test_a_message_nested_without_end_is_refused_alone():
    good = {"type": "identify", "userId": "u1"}
    lines = kept(*[replace(Item(good, NOON, "shop", trusted=True), refused=RejectedInput("a", "b")) for _ in range(2)])
    deep = {**lines[0], "body": "[" * 50_000 + "]" * 50_000}
    first, middle, last = items_of([put_back(lines[0], deep, lines[1])], LATER)
    assert (first.raw, last.raw) == (good, good)
    assert (middle.raw, middle.text) == (None, deep["body"])


def test_our_own_notices_are_no_events():
    assert items_of([json.dumps({"source": "segue.notice", "detail-type": "event.rejected", "detail": {}})], NOON) == []


def test_a_line_of_before_browsers_were_told_is_a_browsers():
    line = {"receivedAt": "2026-03-02T12:00:00.000Z", "source": "web", "body": "{}"}
    item = item_put_back(line)
    assert (item.trusted, item.browser) == (False, True)
