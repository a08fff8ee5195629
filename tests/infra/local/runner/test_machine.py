"""Loading: every field, state, resource and comparison is known, or the machine is refused."""

import copy
import json
from pathlib import Path

import pytest

from infra.local.runner.choices import rule
from infra.local.runner.machine import Surroundings, load
from infra.local.runner.paths import StateFault, Unsupported

SNAPSHOTS = sorted((Path(__file__).parents[4] / "infra" / "snapshots" / "machines").glob("*.json"))
AROUND = Surroundings(
    functions=dict.fromkeys(("${EvaluateStepArn}", "${RegisterWaitArn}"), lambda payload: {}),
    queues=dict.fromkeys(("${EmailQueueUrl}", "${SmsQueueUrl}", "${PushQueueUrl}"), lambda body: None),
    tables={"${EnrolmentsTable}": lambda parameters: None},
)


def test_there_are_compiled_machines_to_load():
    assert SNAPSHOTS


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_every_committed_machine_loads(path):
    definition = json.loads(path.read_text())
    assert load(path.stem, definition, AROUND).states.keys() == definition["States"].keys()


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_one_unknown_field_anywhere_refuses_a_committed_machine(path):
    definition = json.loads(path.read_text())
    for name in definition["States"]:
        changed = copy.deepcopy(definition)
        changed["States"][name]["OutputPath"] = "$"
        with pytest.raises(Unsupported, match="OutputPath"):
            load(path.stem, changed, AROUND)


INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
ASKED = {"FunctionName": "${EvaluateStepArn}", "Payload": {}}


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Map", "End": True},
        {"Type": "Pass"},
        {"Type": "Pass", "Next": "Elsewhere"},
        {"Type": "Pass", "Result": 1, "Parameters": {}, "End": True},
        {"Type": "Pass", "Assign": {}, "End": True},
        {"Type": "Wait", "End": True},
        {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "End": True},
        {"Type": "Wait", "Seconds": 1, "TimestampPath": "$.a", "End": True},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringMatches": "*", "Next": "State"}]},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "x", "Next": "Elsewhere"}]},
        {"Type": "Choice", "Choices": [], "Default": "Elsewhere"},
        {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True},
        {**INVOKE, "Parameters": {**ASKED, "InvocationType": "Event"}},
        {**INVOKE, "Parameters": {**ASKED, "FunctionName": "${Other}"}},
        {**INVOKE, "Parameters": ASKED, "TimeoutSeconds": 3},
        {**INVOKE, "Parameters": ASKED, "HeartbeatSeconds": 3},
        {**INVOKE, "Parameters": ASKED, "Retry": [{"ErrorEquals": ["A"], "Within": 3}]},
        {**INVOKE, "Parameters": ASKED, "Catch": [{"ErrorEquals": ["A"], "Next": "State", "Assign": {}}]},
        {**INVOKE, "Parameters": ASKED, "Catch": [{"ErrorEquals": ["A"], "Next": "Elsewhere"}]},
        {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Map"}}}], "End": True},
        {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {}, "TimeoutSeconds": 3}], "End": True},
    ],
    ids=repr,
)
def test_what_is_not_understood_is_refused(state):
    with pytest.raises(Unsupported):
        load("m", {"StartAt": "State", "States": {"State": state}}, AROUND)


@pytest.mark.parametrize("field", ["TimeoutSeconds", "QueryLanguage", "Version"])
def test_a_field_of_the_machine_that_is_not_understood_is_refused(field):
    with pytest.raises(Unsupported, match=field):
        load("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}, field: 1}, AROUND)


@pytest.mark.parametrize(
    ("said", "data", "answer"),
    [
        ({"Variable": "$.a", "StringEquals": "x"}, {"a": "x"}, True),
        ({"Variable": "$.a", "StringEquals": "x"}, {"a": 1}, False),
        ({"Variable": "$.a", "NumericEquals": 1}, {"a": 1.0}, True),
        ({"Variable": "$.a", "NumericEquals": 1}, {"a": True}, False),
        ({"Variable": "$.a", "NumericLessThan": 2}, {"a": 1}, True),
        ({"Variable": "$.a", "NumericGreaterThanEquals": 2}, {"a": "3"}, False),
        ({"Variable": "$.a", "BooleanEquals": True}, {"a": True}, True),
        ({"Variable": "$.a", "BooleanEquals": True}, {"a": 1}, False),
        ({"Variable": "$.a.b", "IsPresent": True}, {"a": {"b": None}}, True),
        ({"Variable": "$.a.b", "IsPresent": False}, {"a": {}}, True),
        ({"Not": {"Variable": "$.a", "NumericEquals": 1}}, {"a": 2}, True),
        ({"And": [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.b", "IsPresent": True}]}, {"a": 1}, False),
        ({"Or": [{"Variable": "$.b", "IsPresent": True}, {"Variable": "$.a", "NumericEquals": 1}]}, {"a": 1}, True),
    ],
)
def test_a_choice_rule_compares_values_of_its_own_kind_only(said, data, answer):
    assert rule(said)(data) is answer


def test_a_choice_that_reads_what_is_not_there_is_a_fault():
    with pytest.raises(StateFault, match=r"States\.Runtime"):
        rule({"Variable": "$.a", "StringEquals": "x"})({})
