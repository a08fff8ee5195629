"""What `segue check` says of the tracking plan and its schemas, and where; and what is published of them."""

import json
from pathlib import Path

import pytest

from functions.capture.tracking_plan import TrackingPlan
from functions.journeys.language.checks import check
from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.publication import publish
from functions.journeys.language.tracking_plan import publish_plan
from tests.functions.journeys.language.writing import POLICY, write_journey

STEPS = "- send: hello\n  channel: email"
LINES_BEFORE = POLICY.count("\n")
ONE = "events:\n  Order Completed: {schema: order.json}"


def project(root: Path, plan: str, schema: str | bytes = "{}", more: str = "") -> Path:
    indented = "\n".join(f"  {line}" for line in plan.splitlines())
    write_journey(root, STEPS, policy=f"{POLICY}tracking_plan:\n{indented}\n{more}")
    (root / "order.json").write_bytes(schema if isinstance(schema, bytes) else schema.encode())
    return root


def said(root: Path) -> list[str]:
    """Each fault as ``file:line:column: what, fix``; lines of the policy count from its tracking plan."""
    found = []
    for one in check(root):
        file = Path(one.file).name
        line = one.line - LINES_BEFORE - 1 if file == "policy.yaml" else one.line
        found.append(f"{file}:{line}:{one.column}: {one.what}, {one.fix}")
    return found


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        (
            "events:\n  Order Completed: {schema: orders.json}",
            'policy.yaml:2:31: no file "orders.json", add it, or correct the path from this folder',
        ),
        (
            'events:\n  Order Completed:\n    versions: {"1": order.json, "2": x.json}',
            'policy.yaml:3:40: no file "x.json", add it, or correct the path from this folder',
        ),
        (
            "events:\n  Order Completed: {schema: ../order.json}",
            'policy.yaml:2:31: "../order.json" is outside this folder, keep schemas beside policy.yaml',
        ),
        (
            "events:\n  Order Completed: {schema: /etc/hosts}",
            'policy.yaml:2:31: "/etc/hosts" is outside this folder, keep schemas beside policy.yaml',
        ),
        (
            'events:\n  Order Completed: {schema: order.json, versions: {"1": order.json}}',
            "policy.yaml:2:22: both schema and versions, keep one of them",
        ),
        (
            "events:\n  Order Completed: {mode: warn}",
            "policy.yaml:2:22: neither schema nor versions, write schema: FILE.json",
        ),
        (
            "events:\n  Order Completed: {mode: block, schema: order.json}",
            'policy.yaml:2:29: "block" is not allowed here, use one of allow, quarantine, warn',
        ),
        ("unplanned: deny", 'policy.yaml:1:14: "deny" is not allowed here, use one of allow, quarantine, warn'),
    ],
)
def test_faults_of_the_plan(tmp_path: Path, plan: str, fault: str) -> None:
    assert said(project(tmp_path, plan)) == [fault]


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (
            '{\n  "type": "object",\n}',
            "order.json:3:1: no JSON: expecting property name enclosed in double quotes, "
            "check commas, quotes and brackets",
        ),
        (b"\xff\xfe", "order.json:1:1: no JSON, save it as UTF-8 text, simply nested"),
        ("[" * 100_000, "order.json:1:1: no JSON, save it as UTF-8 text, simply nested"),
        ("{" + " " * 200_000 + "}", "order.json:1:1: larger than 200000 bytes, split it"),
        ("[]", 'order.json:1:1: no schema, write an object such as {"type": "object", "properties": {}}'),
        (
            '{\n "$schema": "https://json-schema.org/draft/2020-12/schema"\n}',
            "order.json:2:13: a draft that is not supported, "
            'write "http://json-schema.org/draft-07/schema#", or leave $schema out',
        ),
        (
            '{"properties":\n {"a": {"type": "strin"}}}',
            'order.json:2:17: "type" is no valid schema, correct it (draft-07 asks for anyOf)',
        ),
        (
            '{"properties": {"a": {"required": "x"}}}',
            'order.json:1:35: "required" is no valid schema, correct it (draft-07 asks for type)',
        ),
        (
            '{"properties": {"a": {"pattern": "("}}}',
            'order.json:1:34: "pattern" is no valid schema, correct it (draft-07 asks for format)',
        ),
        (
            '{"properties": {"a": {"$ref": "https://x.example/a.json"}}}',
            'order.json:1:31: a reference to another document, copy it into this file and write "#/definitions/NAME"',
        ),
        (
            '{"allOf": [{"$ref": "other.json#/a"}]}',
            'order.json:1:21: a reference to another document, copy it into this file and write "#/definitions/NAME"',
        ),
        (
            '{"properties": {"a": {"$ref": "#/definitions/a"}}}',
            "order.json:1:1: no valid schema: Unresolvable ref: definitions, correct it",
        ),
        (
            '{"properties": {"a": {"maxLength": 9, "pattern": "^([a-z]+)+$"}}}',
            "order.json:1:50: a repeat inside a repeat, which some texts keep busy for ever, "
            "write what repeats in one way only: ^[a-z]+(-[a-z]+)*$ and not ^([a-z]+-?)+$",
        ),
        (
            '{"anyOf": [{"patternProperties": {"(a|a)*": {}}}]}',
            "order.json:1:45: a repeat inside a repeat, which some texts keep busy for ever, "
            "write what repeats in one way only: ^[a-z]+(-[a-z]+)*$ and not ^([a-z]+-?)+$",
        ),
    ],
)
def test_faults_of_a_schema(tmp_path: Path, schema: str | bytes, fault: str) -> None:
    assert said(project(tmp_path, ONE, schema)) == [fault]
    with pytest.raises(FaultsFound):
        publish_plan(tmp_path / "policy.yaml")
    with pytest.raises(FaultsFound):
        publish(tmp_path)


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        (
            '{"properties": {"a": {"pattern": "^a+$"}}}',
            "order.json:1:34: a pattern that long texts may keep busy, add a maxLength of at most 250",
        ),
        (
            '{"properties": {"a": {"pattern": "^a+$", "maxLength": 8000}}}',
            "order.json:1:34: a pattern that long texts may keep busy, add a maxLength of at most 250",
        ),
        (
            '{"patternProperties": {"^a+$": {}}}',
            "order.json:1:32: a pattern that long texts may keep busy, write {1,50} instead of + or *",
        ),
    ],
)
def test_a_pattern_for_long_texts_is_warned_of_and_published(tmp_path: Path, schema: str, fault: str) -> None:
    root = project(tmp_path, ONE, schema)
    assert said(root) == [fault]
    assert publish_plan(root / "policy.yaml")["events"]["Order Completed"]["schemas"] == {"*": json.loads(schema)}


@pytest.mark.parametrize(
    "schema",
    [
        "{}",
        '{"properties": {"a": {"pattern": "^a+$", "maxLength": 250}, "pattern": {"pattern": "^[A-Z]{3}$"}}}',
        '{"patternProperties": {"^[a-z]{1,50}$": {"type": "string"}}}',
        '{"$schema": "http://json-schema.org/draft-07/schema", "$id": "https://x.example/order.json", '
        '"properties": {"a": {"$ref": "#/definitions/a"}}, "definitions": {"a": {"type": "string"}}}',
        '{"properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}',
        '{"properties": {"$ref": {"type": "string"}, "id": {"type": "string"}}}',
        '\ufeff{"if": {"required": ["a"]}, "then": {"required": ["b"]}}',
        '{\t"type":\t"object"}',
    ],
)
def test_what_can_be_meant_is_no_fault(tmp_path: Path, schema: str) -> None:
    assert said(project(tmp_path, ONE, schema)) == []


def test_the_plan_is_published_by_itself_with_its_schemas_inside(tmp_path: Path) -> None:
    schema = {"required": ["order_id"]}
    plan = 'unplanned: warn\nevents:\n  A: {schema: order.json}\n  B: {mode: quarantine, versions: {"2": order.json}}'
    root = project(tmp_path, plan, json.dumps(schema), "capture: {keep_ip: true}\n")
    published = publish_plan(root / "policy.yaml")
    assert published == {
        "unplanned": "warn",
        "events": {
            "A": {"mode": "warn", "schemas": {"*": schema}},
            "B": {"mode": "quarantine", "schemas": {"2": schema}},
        },
        "keep_ip": True,
        "keep_query_emails": False,
    }
    assert TrackingPlan.from_json(published).keep_ip
    publication, _ = publish(root)
    assert not {"tracking_plan", "capture"} & publication.policy.keys()


def test_without_a_plan_everything_is_allowed(tmp_path: Path) -> None:
    root = write_journey(tmp_path, STEPS)
    assert TrackingPlan.from_json(publish_plan(root / "policy.yaml")) == TrackingPlan()
