"""What nobody needs of a message is taken out of it, and nothing else is touched."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.model import Item
from functions.capture.policy import NO_PLAN, read
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.events import Event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE: dict[str, Any] = {"type": "page", "userId": "u1"}


def taken(raw: dict[str, Any], plan: TrackingPlan = NO_PLAN) -> Event:
    return read(Item({**PAGE, **raw}, NOON, "web", True), plan).event


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("203.0.113.7", "203.0.113.0"),
        ("203.0.113.0", "203.0.113.0"),
        (" 203.0.113.7 ", "203.0.113.0"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::"),
        ("2001:DB8:1234:5678:9:a:b:c", "2001:db8:1234::"),
        ("2001:db8:1234::", "2001:db8:1234::"),
        ("fe80::1%eth0", "fe80::"),
        ("203.0.113.7:8080", None),
        ("203.0.113.7, 10.0.0.1", None),
        ("unknown", None),
        (3405803783, None),
        ({"v4": "203.0.113.7"}, None),
    ],
)
def test_of_an_ip_its_network_is_kept(ip: object, kept: str | None) -> None:
    assert taken({"context": {"ip": ip, "locale": "fi"}}).context == (
        {"locale": "fi"} if kept is None else {"ip": kept, "locale": "fi"}
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://x.example/p?email=ann@x.example&utm=1", "https://x.example/p?email=&utm=1"),
        ("https://x.example/p?email=ann%40x.example", "https://x.example/p?email="),
        ("https://x.example/p?next=%2Fa%3Fe%3Dann%2540x.example&a=1", "https://x.example/p?next=&a=1"),
        ("https://x.example/p#/reset?e=ann@x.example", "https://x.example/p#/reset?e="),
        ("https://x.example/p?ann@x.example", "https://x.example/p?"),
        ("https://x.example/@ann/p?a=1", "https://x.example/@ann/p?a=1"),
        ("https://x.example/p?q=@ann&b=2@", "https://x.example/p?q=@ann&b=2@"),
        ("https://x.example/p?a=1", "https://x.example/p?a=1"),
    ],
)
@pytest.mark.parametrize("name", ["url", "referrer", "path"])
def test_no_address_stays_in_a_query(name: str, text: str, kept: str) -> None:
    assert taken({"context": {"page": {name: text}}}).context["page"] == {name: kept}
    expected = text if name == "path" else kept
    assert taken({"properties": {name: text}}).properties == {name: expected}


def test_a_search_is_all_query() -> None:
    raw = {"properties": {"search": "e=ann@x.example&a=1"}, "context": {"page": {"search": "?e=ann@x.example"}}}
    event = taken(raw)
    assert event.properties["search"] == "e=&a=1"
    assert event.context["page"]["search"] == "?e="


def test_addresses_elsewhere_are_what_the_message_is_about() -> None:
    raw = {"properties": {"email": "ann@x.example", "note": "?a@b.example"}, "traits": {"email": "ann@x.example"}}
    event = taken(raw)
    assert (event.properties, event.traits) == (raw["properties"], raw["traits"])


def test_authors_may_keep_both() -> None:
    raw = {"properties": {"url": "/?e=a@x.example"}, "context": {"ip": "203.0.113.7"}}
    kept = taken(raw, TrackingPlan(keep_ip=True, keep_query_emails=True))
    assert (kept.properties, kept.context) == (raw["properties"], raw["context"])


def test_an_id_by_content_changes_only_with_what_was_taken_out() -> None:
    keeping = TrackingPlan(keep_ip=True, keep_query_emails=True)
    plain = {"properties": {"url": "https://x.example/?a=1"}, "context": {"ip": "203.0.113.0"}}
    assert taken(plain).message_id == taken(plain, keeping).message_id
    personal = {**plain, "context": {"ip": "203.0.113.7"}}
    assert taken(personal).message_id == taken(plain).message_id != taken(personal, keeping).message_id


@given(st.text(st.characters()) | st.text("a@%40?&=#/.25", max_size=60), st.sampled_from(["url", "search", "ip"]))
def test_whatever_a_browser_showed_is_read(text: str, name: str) -> None:
    raw = {"context": {"page": {name: text}, "ip": text}, "properties": {name: text}}
    again = taken({"context": dict(taken(raw).context), "properties": dict(taken(raw).properties)})
    assert again.body == taken(raw).body


def test_a_long_text_without_an_end_takes_no_time() -> None:
    for text in ("?" + "a" * 8000 + "@", "?" + "%25" * 2600, "?" + "a@" * 4000):
        assert taken({"context": {"page": {"search": text}}})
