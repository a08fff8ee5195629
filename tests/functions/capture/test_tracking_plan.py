"""The plan of the authors decides what becomes of an event that is not as planned; nothing it says names a value."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.model import Item, OffPlan, Reading
from functions.capture.policy import read
from functions.capture.tracking_plan import TrackingPlan, compiled, load_tracking_plan
from functions.shared.errors import RejectedInput
from tests.functions.capture.test_doors import Doors, envelope

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "a-value-nobody-may-see"
ORDER: dict[str, Any] = {"type": "track", "event": "Order Completed", "userId": "u1", "properties": {"order_id": "7"}}
ORDER_SCHEMA = {
    "type": "object",
    "required": ["order_id"],
    "properties": {
        "order_id": {"type": "string", "maxLength": 5},
        "revenue": {"type": "number", "multipleOf": 0.01},
        "currency": {"enum": ["EUR", "GBP"]},
        "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
    },
}


def plan(mode: str = "quarantine", unplanned: str = "allow", **events: dict[str, Any]) -> TrackingPlan:
    planned = {name.replace("_", " "): {"mode": mode, "schemas": schemas} for name, schemas in events.items()}
    return TrackingPlan.from_json(
        {"unplanned": unplanned, "events": planned, "keep_ip": False, "keep_query_emails": False}
    )


def taken(raw: dict[str, Any], under: TrackingPlan, source: str = "shop") -> Reading:
    return read(Item(raw, NOON, source, True), under)


def refusal(raw: dict[str, Any], under: TrackingPlan) -> tuple[str, str]:
    with pytest.raises(RejectedInput) as refused:
        taken(raw, under)
    assert SECRET not in str(refused.value)
    return refused.value.field, refused.value.rule


@pytest.mark.parametrize(
    ("properties", "field", "rule"),
    [
        ({}, "properties", "tracking plan: required order_id"),
        (None, "properties", "tracking plan: required order_id"),
        ({"order_id": None}, "properties", "tracking plan: required order_id"),
        ({"order_id": 7}, "properties.order_id", "tracking plan: type string"),
        ({"order_id": SECRET}, "properties.order_id", "tracking plan: maxLength 5"),
        ({"order_id": "7", "currency": SECRET}, "properties.currency", "tracking plan: enum EUR, GBP"),
        (
            {"order_id": "7", "items": [{"price": 1}, {"price": SECRET}]},
            "properties.items[1].price",
            "tracking plan: type number",
        ),
        ({"order_id": "7", "revenue": 1e308 * 1.7}, "properties.revenue", "tracking plan: multipleOf 0.01"),
    ],
)
def test_what_is_wrong_is_named_by_its_way_and_rule(properties: Any, field: str, rule: str) -> None:
    raw = {**ORDER, "properties": properties}
    assert refusal(raw, plan(Order_Completed={"*": ORDER_SCHEMA})) == (field, rule)


def test_three_modes_and_what_is_as_planned_passes_each() -> None:
    wrong = {**ORDER, "properties": {}}
    for mode in ("allow", "warn", "quarantine"):
        assert taken(ORDER, plan(mode, Order_Completed={"*": ORDER_SCHEMA})).warnings == ()
    assert taken(wrong, plan("allow", Order_Completed={"*": ORDER_SCHEMA})).warnings == ()
    assert taken(wrong, plan("warn", Order_Completed={"*": ORDER_SCHEMA})).warnings == ("off_plan",)
    assert refusal(wrong, plan("quarantine", Order_Completed={"*": ORDER_SCHEMA}))[0] == "properties"


def test_what_the_plan_does_not_name_of_an_event_is_kept() -> None:
    raw = {**ORDER, "properties": {"order_id": "7", "colour": "blue"}}
    assert taken(raw, plan(Order_Completed={"*": ORDER_SCHEMA})).event.properties["colour"] == "blue"
    closed = {**ORDER_SCHEMA, "additionalProperties": False}
    assert refusal(raw, plan(Order_Completed={"*": closed})) == (
        "properties",
        "tracking plan: additionalProperties false",
    )


def test_a_default_is_no_part_of_what_happened() -> None:
    schema = {"properties": {"currency": {"type": "string", "default": "EUR"}}}
    assert taken(ORDER, plan(Order_Completed={"*": schema})).event.properties == {"order_id": "7"}


VERSIONS = {"1": {"required": ["order_id"]}, "2": {"required": ["order_id", "total"]}}


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({}, None),
        ({"context": {"protocols": {}}}, None),
        ({"context": {"protocols": "x"}}, None),
        ({"context": {"protocols": {"event_version": 1}}}, None),
        (
            {"context": {"protocols": {"event_version": "2"}}},
            ("properties", "tracking plan: required total"),
        ),
        ({"context": {"protocols": {"event_version": 2.0}}}, ("properties", "tracking plan: required total")),
        (
            {"context": {"protocols": {"event_version": 3}}},
            ("context.protocols.event_version", "tracking plan: not one of 1, 2"),
        ),
    ],
)
def test_an_event_is_checked_against_the_version_it_states_or_the_first(
    stated: dict[str, Any], told: tuple[str, str] | None
) -> None:
    under = plan(Order_Completed=VERSIONS)
    if told is None:
        assert taken({**ORDER, **stated}, under)
    else:
        assert refusal({**ORDER, **stated}, under) == told


@pytest.mark.parametrize("kind", ["identify", "group"])
def test_of_identify_and_group_the_traits_are_checked_wherever_they_stand(kind: str) -> None:
    under = plan(**{kind: {"*": {"required": ["name"], "properties": {"name": {"type": "string"}}}}})
    who = {"type": kind, "userId": "u1"}
    assert taken({**who, "traits": {"name": "Ann"}}, under)
    assert taken({**who, "context": {"traits": {"name": "Ann"}}}, under)
    assert refusal(who, under) == ("traits", "tracking plan: required name")
    assert refusal({**who, "traits": {"name": 5}}, under) == ("traits.name", "tracking plan: type string")


def test_a_trait_that_is_deleted_is_not_there() -> None:
    under = plan(identify={"*": {"properties": {"name": {"type": "string"}}}})
    assert taken({"type": "identify", "userId": "u1", "traits": {"name": None}}, under).warnings == ()


@pytest.mark.parametrize("kind", ["page", "screen"])
def test_a_page_is_planned_by_its_type(kind: str) -> None:
    under = plan(**{kind: {"*": {"required": ["path"]}}})
    assert refusal({"type": kind, "userId": "u1"}, under) == ("properties", "tracking plan: required path")


def test_a_track_nobody_planned_is_allowed_warned_of_or_kept_aside() -> None:
    assert taken(ORDER, plan()).warnings == ()
    assert taken(ORDER, plan(unplanned="warn")).warnings == ("off_plan",)
    assert refusal(ORDER, plan(unplanned="quarantine")) == ("event", "not in the tracking plan")
    assert taken(ORDER, plan(unplanned="quarantine", Order_Completed={"*": {}})).warnings == ()


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "identify", "userId": "u1"},
        {"type": "page", "userId": "u1"},
        {"type": "alias", "userId": "u1", "previousId": "c1"},
        {"type": "reset", "anonymousId": "c1"},
        {"type": "consent", "userId": "u1", "topic": "offers", "channel": "email", "state": "withdrawn"},
        {"type": "command", "command": "erase", "a": {"type": "customer_id", "id": "u1"}},
    ],
    ids=lambda raw: str(raw["type"]),
)
def test_only_tracks_can_be_unplanned(raw: dict[str, Any]) -> None:
    assert taken(raw, plan(unplanned="quarantine")).warnings == ()


def test_our_own_events_are_nobodys_to_plan() -> None:
    bounce = {**ORDER, "event": "Email Bounced"}
    assert taken(bounce, plan(unplanned="quarantine"), source="segue.feedback").warnings == ()


def test_names_stay_short_however_long_a_sender_makes_them() -> None:
    schema = {"additionalProperties": {"type": "number"}}
    field, _ = refusal({**ORDER, "properties": {"k" * 5000: "x"}}, plan(Order_Completed={"*": schema}))
    assert len(field) == 200


def test_a_schema_is_compiled_once_and_when_it_is_met() -> None:
    under = plan(Order_Completed={"*": ORDER_SCHEMA}, Other={"*": ORDER_SCHEMA})
    assert under._compiled == {}
    taken(ORDER, under)
    (made,) = under._compiled.values()
    taken(ORDER, under)
    assert list(under._compiled) == [("Order Completed", "*")]
    assert under._compiled["Order Completed", "*"] is made


def test_no_schema_reaches_for_another_document() -> None:
    for reference in ("https://x.example/s.json", "file:///etc/hosts", "other.json#/a", "//x.example/s"):
        with pytest.raises(ValueError):  # noqa: PT011 - the library's own errors are ValueErrors too
            compiled({"properties": {"a": {"$ref": reference}}})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ORDER_SCHEMA["properties"], "x.y"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ORDER_SCHEMA["properties"], "other"]), VALUES, max_size=5))
def test_whatever_properties_hold_they_are_taken_or_refused(properties: dict[str, Any]) -> None:
    raw = {**ORDER, "properties": properties}
    warned = taken(raw, plan("warn", Order_Completed={"*": ORDER_SCHEMA})).warnings
    under = plan(Order_Completed={"*": ORDER_SCHEMA})
    if warned:
        field, rule = refusal(raw, under)
        assert field.startswith("properties")
        assert rule.startswith("tracking plan: ")
    else:
        assert taken(raw, under).warnings == ()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are written, though a world may be open around this test that does without."""
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)


def logged_events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the one line of the log says."""
    [record] = caplog.records
    return list(record.__dict__["events"])


@pytest.mark.usefixtures("counted")
def test_at_a_door_what_is_off_the_plan_is_one_rejected_message_or_a_metric(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    doors = Doors(plan(Order_Completed={"*": ORDER_SCHEMA}))
    _, body, _ = doors.post(body={"batch": [ORDER, {**ORDER, "properties": {"order_id": 7}}]})
    assert [(one["index"], one["field"]) for one in body["rejected"]] == [(1, "properties.order_id")]
    doors = Doors(plan("warn", Order_Completed={"*": ORDER_SCHEMA}))
    capsys.readouterr()
    assert doors.deliver(envelope({**ORDER, "properties": {}}, "Order Completed")) == []
    assert len(doors.identity.items) == 1
    [metrics] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert metrics["off_plan"] == [1.0]
    told = {"event": "Order Completed", "rule": "tracking plan: required order_id", "count": 1}
    assert logged_events(caplog) == [told]


def test_of_what_is_required_the_missing_alone_are_named() -> None:
    schema = {"required": ["order_id", "revenue", "currency"]}
    under = plan(Order_Completed={"*": schema})
    assert refusal({**ORDER, "properties": {"order_id": 5, "revenue": "x"}}, under) == (
        "properties",
        "tracking plan: required currency",
    )


def test_a_warning_says_what_is_wrong_and_its_log_line_nothing_that_a_sender_chose(
    caplog: pytest.LogCaptureFixture,
) -> None:
    under = plan("warn", Order_Completed={"*": {"additionalProperties": {"type": "string"}}})
    wrong = {**ORDER, "properties": {"ann@example.com": 7}}
    assert taken(wrong, under).off_plan == OffPlan(
        "Order Completed", "properties.ann@example.com", "tracking plan: type string"
    )
    doors = Doors(under)
    doors.post(body={"batch": [wrong, wrong, {**wrong, "event": "ann@example.com"}]})
    assert [(one["event"], one["count"]) for one in logged_events(caplog)] == [("Order Completed", 2)]
    assert "ann@" not in str([record.__dict__ for record in caplog.records])
    assert taken(ORDER, plan(unplanned="warn")).off_plan == OffPlan(None, "event", "not in the tracking plan")


def test_the_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "tracking_plan.json"
    said = {"unplanned": "warn", "events": {}, "keep_ip": True, "keep_query_emails": False}
    path.write_text(json.dumps(said), encoding="utf-8")
    assert load_tracking_plan(path) == TrackingPlan("warn", {}, keep_ip=True)
