"""A replay holds events to the tracking plan as the doors do, in memory and on moto."""

import json

import pytest

POLICY = """
brand: {name: Acme, postal_address: 1 Main St}
topics: {}
channels: {}
tracking_plan:
  events:
    Order Completed: {mode: quarantine, schema: tracking/order.json}
    Product Viewed: {schema: tracking/order.json}
"""
LINES = [
    {"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1", "properties": {"order_id": "7"}},
    {"type": "track", "event": "Order Completed", "messageId": "m2", "userId": "u1", "properties": {}},
    {"type": "track", "event": "Product Viewed", "messageId": "m3", "userId": "u1"},
    {
        "type": "track",
        "event": "Cart Viewed",
        "messageId": "m4",
        "userId": "u1",
        "properties": {"items": [{"sku": "x" * 1000}] * 40},
    },
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "tracking").mkdir()
    (tmp_path / "tracking" / "order.json").write_text('{"required": ["order_id"]}', encoding="utf-8")
    (tmp_path / "my-policy.yaml").write_text(POLICY, encoding="utf-8")
    lines = [json.dumps({**line, "timestamp": "2026-03-02T10:00:00Z"}) for line in LINES]
    (tmp_path / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("store", ["memory", "moto"])
def test_off_the_plan_is_quarantined_or_warned_of(segue, files, store):
    policy = str(files / "my-policy.yaml")
    answer = segue("replay", str(files / "events.jsonl"), "--policy", policy, "--store", store, "--json")
    assert answer.exit_code == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert said["quarantined"] == [
        {"line": 2, "messageId": "m2", "field": "properties", "reason": "tracking plan: required order_id"}
    ]
    assert said["warnings"] == [
        {"messageId": "m3", "code": "off_plan", "detail": "properties: tracking plan: required order_id"}
    ]
    assert [one["messageId"] for one in said["events"]] == ["m1", "m3", "m4"]


def test_a_plan_with_a_fault_is_told_and_nothing_is_replayed(segue, files):
    (files / "tracking" / "order.json").write_text('{"required": "order_id"}', encoding="utf-8")
    answer = segue("replay", str(files / "events.jsonl"), "--policy", str(files / "my-policy.yaml"))
    assert answer.exit_code == 2
    assert 'order.json:1:14: error: "required" is no valid schema' in answer.stderr.replace("\n", "")
