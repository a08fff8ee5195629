"""Whom events name, and which values name nobody."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.blocked import is_blocked
from functions.identity.canonical import canonical, canonical_email, canonical_phone
from functions.identity.keys import contact_key
from functions.identity.model import Rules
from functions.identity.naming import Named, named
from functions.shared.events import Event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def names(kind: str = "identify", source: str = "shop", trusted: bool = True, **body: Any) -> Named:
    return named(Event("m", kind, NOON, NOON, source, trusted, {"type": kind, **body}), Rules(), "pepper")


def linking(**body: Any) -> list[tuple[str, str]]:
    return [(one.namespace, one.canonical) for one in names(**body).linking]


def test_every_place_that_can_name_a_person_is_read_best_first() -> None:
    assert linking(
        userId="U1",
        anonymousId="A1",
        traits={"email": "Ann@Example.com", "phone": "+358 40 123 4567"},
        context={
            "device": {"id": "D1", "token": "T1", "advertisingId": "AD1"},
            "externalIds": [{"type": "loyalty", "id": 7}],
        },
    ) == [
        ("customer_id", "U1"),
        ("loyalty", "7"),
        ("email", "ann@example.com"),
        ("phone", "+358401234567"),
        *sorted([("device_id", "D1"), ("ad_id", "AD1")], key=lambda one: contact_key(*one, "pepper")),
        ("push_token", "T1"),
        ("anonymous_id", "A1"),
    ]


def test_an_alias_names_its_previous_id_and_nobody_guesses_its_namespace() -> None:
    assert linking(kind="alias", userId="u", previousId="p") == [("customer_id", "u"), ("anonymous_id", "p")]
    context = {"previousIdType": "email"}
    assert ("email", "p@x.example") in linking(kind="alias", userId="u", previousId="P@x.example", context=context)


def test_a_groups_address_is_not_a_persons() -> None:
    assert linking(kind="group", userId="u", traits={"email": "office@acme.example"}) == [("customer_id", "u")]


def test_phones_are_read_with_the_country_of_the_event() -> None:
    assert ("phone", "+358401234567") in linking(traits={"phone": "040 123 4567", "country": "FI"})
    assert names(traits={"phone": "040 123 4567"}).warnings == ("unparseable",)


def test_switched_off_ad_tracking_is_respected() -> None:
    device = {"advertisingId": "AD1", "adTrackingEnabled": False}
    assert linking(userId="u", context={"device": device}) == [("customer_id", "u")]


@pytest.mark.parametrize(
    "nobody",
    [
        "",
        " ",
        "0",
        "000-000",
        "-1",
        "NULL",
        "None",
        '"null"',
        "[object Object]",
        "{{user.id}}",
        "${id}",
        "Guest",
        "n/a",
    ],
)
def test_values_that_name_nobody_never_link(nobody: str) -> None:
    assert is_blocked(nobody)
    assert names(userId=nobody).linking == ()
    assert names(userId=nobody).warnings == ("blocked_value",)


@pytest.mark.parametrize("strange", ["\ud800", "x" * 10_000])
def test_unreadable_ids_are_dropped_and_told(strange: str) -> None:
    assert names(userId=strange, anonymousId="a").warnings == ("unparseable",)
    assert [one.namespace for one in names(userId=strange, anonymousId="a").linking] == ["anonymous_id"]


def test_a_role_mailbox_receives_but_does_not_link() -> None:
    found = names(userId="u", traits={"email": "info@shop.example"})
    assert [one.namespace for one in found.linking] == ["customer_id"]
    assert [one.canonical for one in found.receiving] == ["info@shop.example"]


def test_an_event_that_names_two_customers_links_neither() -> None:
    found = names(userId="u1", anonymousId="a", context={"externalIds": [{"type": "user_id", "id": "u2"}]})
    assert [one.namespace for one in found.linking] == ["anonymous_id"]
    assert found.warnings == ("self_contradiction",)


def test_what_cannot_be_an_identifier_is_told_with_its_namespace() -> None:
    external = [{"type": "CRM Contact!", "id": "7"}, {"type": "shop", "id": "null"}]
    found = names(userId="u1", traits={"email": "not an address", "phone": "12"}, context={"externalIds": external})
    assert found.warnings == ("unparseable", "unparseable", "unparseable", "blocked_value")
    unread = ["email", "phone", "context.externalIds.type"]
    assert found.about == {"unparseable": unread, "blocked_value": ["shop"]}


@pytest.mark.parametrize(
    ("policy", "body", "told"),
    [
        ({"topics": {"offers": {}}}, {"type": "consent", "topic": "ofers"}, ("unknown_topic", "ofers")),
        ({"topics": {"offers": {}}}, {"type": "consent", "topic": "offers"}, None),
        ({"topics": {}}, {"type": "consent", "topic": "offers"}, None),
        ({"topics": {"offers": {}}}, {"type": "audience", "audience": "friends"}, ("unknown_audience", "friends")),
        ({"audiences": {"friends": {"list": True}}}, {"type": "audience", "audience": "friends"}, None),
        ({"audiences": {"vip": {"who": "x"}}}, {"type": "audience", "audience": "vip"}, ("unknown_audience", "vip")),
        ({}, {"type": "audience", "audience": "friends"}, None),
    ],
)
def test_a_topic_or_a_list_that_the_policy_does_not_name_is_warned_of(policy: Any, body: Any, told: Any) -> None:
    event = Event("m", body["type"], NOON, NOON, "shop", True, {"userId": "u1", **body})
    for known in ({}, None):
        found = named(event, Rules.of(policy), "pepper", known)
        assert [one.canonical for one in found.linking] == ["u1"]
        assert found.warnings == (() if told is None else told[:1])
        assert found.about == ({} if told is None else {told[0]: (told[1],)})


def test_no_more_than_eight_identifiers_link() -> None:
    ids = [{"type": f"shop{n}", "id": "1"} for n in range(12)]
    found = names(userId="u", context={"externalIds": ids})
    assert (len(found.linking), found.warnings) == (8, ("too_many_identifiers",))


def test_only_our_own_events_name_a_profile() -> None:
    context = {"externalIds": [{"type": "segue_profile", "id": "p1"}]}
    assert names(source="segue.feedback", context=context).profile == "p1"
    assert names(source="shop", context=context) == Named(())
    assert names(source="segue.feedback", trusted=False, context=context) == Named(())


@given(
    st.sampled_from(["email", "phone", "customer_id", "device_id", "email.sha256"]),
    st.text(st.characters(), max_size=40) | st.emails() | st.from_regex(r"\+?[0-9 ()-]{5,16}"),
)
def test_a_canonical_text_is_its_own_canonical_text(namespace: str, text: str) -> None:
    once = canonical(namespace, text, "FI")
    assert once is None or canonical(namespace, once, "FI") == once


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (" Ann.B+x@Example.COM. ", "ann.b+x@example.com"),
        ("\u200bann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ａｎｎ@example.com", "ann@example.com"),
        ("ann@shop.test", "ann@shop.test"),
        ("ann", None),
        ("a b@example.com", None),
    ],
)
def test_canonical_addresses(sent: str, expected: str | None) -> None:
    assert canonical_email(sent) == expected


@pytest.mark.parametrize(
    ("sent", "country", "expected"),
    [
        ("040 123 4567", "FI", "+358401234567"),
        ("+1 (212) 555-2368 ext 7", None, "+12125552368;ext=7"),
        ("0401234567", None, None),
        ("12", "FI", None),
    ],
)
def test_canonical_phone_numbers(sent: str, country: str | None, expected: str | None) -> None:
    assert canonical_phone(sent, country) == expected


def test_keys_hide_the_value_and_differ_by_namespace_and_deployment() -> None:
    key = contact_key("email", "ann@example.com", "pepper")
    assert key.startswith("email#")
    assert len(key) == len("email#") + 32
    assert "ann" not in key
    others = {contact_key("email", "ann@example.com", "other"), contact_key("crm", "ann@example.com", "pepper")}
    assert key.partition("#")[2] not in {one.partition("#")[2] for one in others}
