"""Is the machine the journey, at the price the design promises?"""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.journeys.language.checks import check
from functions.journeys.language.compiler import compile_journey, shortened, unique
from functions.journeys.language.definition import Journey
from functions.journeys.language.publication import publish
from functions.journeys.language.reader import read_text
from functions.journeys.language.shape import fit
from tests.functions.journeys.language.machines import problems, runnable, usual_path
from tests.functions.journeys.language.writing import HEAD, write_journey

JOURNEYS = Path(__file__).parents[4] / "journeys"
MACHINES = publish(JOURNEYS)[1]


def compiled(tmp_path: Path, steps: str, head: str = HEAD) -> dict[str, Any]:
    root = write_journey(tmp_path, steps, head)
    assert [fault for fault in check(root) if fault.severity == "error"] == []
    return publish(root)[1]["test"]


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_target_exists_and_every_state_is_reached(name: str) -> None:
    assert list(problems(MACHINES[name])) == []


def test_reads_as_the_journey_in_the_console() -> None:
    assert usual_path(MACHINES["welcome"]) == [
        "Start",
        "Wait 1 day",
        "Say thanks by email",
        "Wait for Order Completed, 21 days at most",
        "Remind gently by email",
        "Completed",
    ]
    assert usual_path(MACHINES["welcome"], happened=True)[-1] == "Exit: ordered_again"
    assert usual_path(MACHINES["replenish"]) == [
        "Start",
        "Find the time: Wait until two days before the next order",
        "Wait until two days before the next order",
        "Remind by push, else email",
        "Wait 7 days",
        "Nudge by SMS",
        "Completed",
    ]
    assert usual_path(MACHINES["order-confirmation"]) == ["Start", "Confirm by email", "Completed"]


def test_five_steps_with_two_waits_a_split_and_two_messages_take_at_most_eight_transitions(tmp_path: Path) -> None:
    steps = """
    - wait: 1h
    - {send: hello, channel: email}
    - wait: 2d
    - split:
        - when: profile.traits.tier == "gold"
          steps: [{send: hello, channel: sms}]
        - otherwise: []
    """
    path = usual_path(compiled(tmp_path, steps))
    assert len(path) <= 8
    assert path[0] == "Start"
    assert path[-1] == "Completed"


def test_a_send_asks_dispatch_and_names_everything_it_needs(tmp_path: Path) -> None:
    state = compiled(tmp_path, "- {id: remind, send: hello, channel: [push, email]}")["States"][
        "Remind by push, else email"
    ]
    assert state["Resource"] == "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    assert state["TimeoutSeconds"] == 345_600
    assert state["ResultPath"] == "$.steps.remind"
    assert state["Parameters"]["QueueUrl"] == "${PushQueueUrl}"
    body = state["Parameters"]["MessageBody"]
    assert re.fullmatch(r"[0-9a-f]{8}", body.pop("version"))
    assert body == {
        "token.$": "$$.Task.Token",
        "enrolment.$": "$.enrolment",
        "profile.$": "$.profile",
        "contacts.$": "$.contacts",
        "steps.$": "$.steps",
        "planned_at.$": "$$.State.EnteredTime",
        "journey": "test",
        "step": "remind",
        "visit.$": "$.loops.visit",
        "channel": "push",
        "fallback": ["email"],
        "class": "marketing",
        "topic": "offers",
        "template": "hello",
    }


def test_a_held_message_waits_until_the_instant_in_the_cause_and_is_tried_again(tmp_path: Path) -> None:
    states = compiled(tmp_path, "- {id: remind, send: hello, channel: email}")["States"]
    catch = states["Remind by email"]["Catch"]
    assert catch[0] == {"ErrorEquals": ["Deferred"], "ResultPath": "$.held", "Next": "Held: Remind by email"}
    assert states["Held: Remind by email"] == {
        "Type": "Wait",
        "TimestampPath": "$.held.Cause",
        "Next": "Remind by email",
    }
    assert catch[1]["ErrorEquals"] == ["States.ALL"]
    failed = states["Failed: Remind by email"]
    assert failed["Type"] == "Pass"
    assert failed["Parameters"]["reason"] == "unknown_outcome"
    assert failed["ResultPath"] == "$.steps.remind"
    assert failed["Next"] == "Completed"


def test_outcome_branches_cost_a_choice_only_where_they_are_written(tmp_path: Path) -> None:
    steps = "- {id: remind, send: hello, channel: email, on: {withheld: [{exit: refused}]}}\n- wait: 1d"
    states = compiled(tmp_path, steps)["States"]
    assert states["Remind by email"]["Next"] == "Outcome: Remind by email"
    assert states["Outcome: Remind by email"] == {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.steps.remind.outcome", "StringEquals": "withheld", "Next": "Exit: refused"},
        ],
        "Default": "Wait 1 day",
    }


def test_conditions_of_a_split_travel_in_the_machine(tmp_path: Path) -> None:
    steps = """
    - id: tier
      split:
        - {when: profile.traits.tier == "gold", steps: [{exit: gold}]}
        - {when: profile.traits.tier == "silver"}
        - otherwise: [{exit: rest}]
    - wait: 1d
    """
    states = compiled(tmp_path, steps)["States"]
    task = states["Ask: Tier"]
    assert task["Parameters"]["Payload"]["branches"] == [
        'profile.traits.tier == "gold"',
        'profile.traits.tier == "silver"',
    ]
    assert task["Parameters"]["Payload"]["do"] == "split"
    assert task["ResultPath"] == "$.steps.tier"
    assert states["Tier?"]["Choices"] == [
        {"Variable": "$.steps.tier.branch", "NumericEquals": 0, "Next": "Exit: gold"},
        {"Variable": "$.steps.tier.branch", "NumericEquals": 1, "Next": "Wait 1 day"},
    ]
    assert states["Tier?"]["Default"] == "Exit: rest"


def test_an_experiment_is_a_choice_on_the_arm_drawn_at_entry(tmp_path: Path) -> None:
    steps = "- {experiment: nudge, variants: {short: 50%, long: 50%}, steps: {short: [{wait: 1h}]}}\n- wait: 1d"
    state = compiled(tmp_path, steps)["States"]["Experiment: nudge"]
    assert state["Choices"] == [
        {"Variable": "$.arms.nudge", "StringEquals": "short", "Next": "Wait 1 hour"},
        {"Variable": "$.arms.nudge", "StringEquals": "long", "Next": "Wait 1 day"},
    ]


def test_wait_for_registers_and_times_out_into_otherwise() -> None:
    state = MACHINES["welcome"]["States"]["Wait for Order Completed, 21 days at most"]
    assert state["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
    assert state["TimeoutSeconds"] == 21 * 86_400
    assert state["Parameters"]["Payload"]["on"] == ["Order Completed"]
    assert state["Catch"][0] == {
        "ErrorEquals": ["States.Timeout"],
        "ResultPath": "$.steps.second_order",
        "Next": "Remind gently by email",
    }


def test_a_date_nobody_can_read_takes_the_failed_branch_or_ends_the_run(tmp_path: Path) -> None:
    branch = MACHINES["replenish"]["States"]["Unreadable date: Wait until two days before the next order"]
    assert branch["Next"] == "Exit: no_prediction"
    states = compiled(tmp_path, "- wait: {until: profile.traits.renewal_at, minus: 3d, at: '10:00'}")["States"]
    task = states["Find the time: Wait until 3 days before the person's renewal_at at 10:00"]
    assert task["Parameters"]["Payload"]["until"] == {
        "until": "profile.traits.renewal_at",
        "minus": "3d",
        "at": "10:00",
    }
    assert task["Catch"][0]["ErrorEquals"] == ["UnreadableDate"]
    ending = states[task["Catch"][0]["Next"]]["Parameters"]["ExpressionAttributeValues"]
    assert (ending[":status"], ending[":reason"]) == ({"S": "failed"}, {"S": "unreadable_date"})


def test_the_end_writes_the_outcome_once_and_leaves_a_closed_row_alone() -> None:
    end = MACHINES["welcome"]["States"]["Exit: ordered_again"]
    values = end["Parameters"]["ExpressionAttributeValues"]
    assert end["End"] is True
    assert (values[":status"], values[":reason"]) == ({"S": "exited"}, {"S": "ordered_again"})
    assert end["Parameters"]["ConditionExpression"] == "#status IN (:starting, :active)"
    assert end["Catch"][0]["Next"] == "Already ended"
    completed = MACHINES["welcome"]["States"]["Completed"]["Parameters"]
    assert completed["ExpressionAttributeValues"][":status"] == {"S": "completed"}


def test_any_step_can_be_resumed_at() -> None:
    start = MACHINES["welcome"]["States"]["Start"]
    assert start["Default"] == "Wait 1 day"
    states = MACHINES["welcome"]["States"]
    later, *rules = start["Choices"]
    assert later == {"Variable": "$.resume_until", "IsPresent": True, "Next": "Wait to resume"}
    assert states["Wait to resume"] == {"Type": "Wait", "TimestampPath": "$.resume_until", "Next": "Resume"}
    assert states["Resume"] == {"Type": "Choice", "Choices": rules, "Default": "Wait 1 day"}
    assert {rule["StringEquals"] for rule in rules} == {
        "Wait 1 day",
        "Say thanks by email",
        "Wait for Order Completed, 21 days at most",
        "Remind gently by email",
    }


def test_only_failures_that_pass_by_themselves_are_retried_and_jittered() -> None:
    retried = {
        error
        for machine in MACHINES.values()
        for state in machine["States"].values()
        for retry in state.get("Retry", [])
        for error in retry["ErrorEquals"]
        if retry["JitterStrategy"] == "FULL"
    }
    assert "TransientError" in retried
    assert all(error == "TransientError" or re.match(r"(Lambda|SQS|DynamoDB)\.", error) for error in retried)


def test_same_input_same_bytes() -> None:
    assert json.dumps(publish(JOURNEYS)[1]) == json.dumps(MACHINES)


def test_long_and_repeated_names_stay_unique_and_short(tmp_path: Path) -> None:
    long = "A title that goes on " * 5
    steps = "\n".join(f"- {{wait: 1h, title: '{long.strip()}'}}" for _ in range(3)) + "\n- wait: 1h\n- wait: 1h"
    machine = compiled(tmp_path, steps)
    assert list(problems(machine)) == []
    assert len(usual_path(machine)) == 7
    assert "Wait 1 hour (2)" in machine["States"]
    assert unique("a", {"a", "a (2)"}) == "a (3)"
    assert len(shortened("x" * 100)) == 80


def test_step_functions_takes_every_machine() -> None:
    with mock_aws():
        client = boto3.client("stepfunctions")
        for name, machine in MACHINES.items():
            client.create_state_machine(
                name=name,
                definition=json.dumps(runnable(machine)),
                roleArn="arn:aws:iam::123456789012:role/machines",
            )


LEAVES = st.sampled_from(
    [
        {"wait": "1h"},
        {"wait": {"until": "09:00"}},
        {"wait": {"until": "profile.traits.x"}, "on": {"failed": [{"wait": "1d"}]}},
        {"send": "hello", "channel": "email"},
        {"send": "hello", "channel": ["push", "sms"], "on": {"withheld": [{"exit": "a"}], "failed": []}},
        {"exit": "b"},
    ]
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    blocks = st.lists(inner, max_size=3)
    return st.one_of(
        st.tuples(blocks, blocks).map(
            lambda two: {"wait_for": {"on": "X", "within": "1d"}, "then": two[0], "otherwise": two[1]}
        ),
        st.tuples(blocks, blocks).map(
            lambda two: {"split": [{"when": "profile.identified", "steps": two[0]}, {"otherwise": two[1]}]}
        ),
        st.tuples(blocks, blocks).map(
            lambda two: {"experiment": "e", "variants": {"a": "50%", "b": "50%"}, "steps": {"a": two[0], "b": two[1]}}
        ),
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.recursive(LEAVES, _nested, max_leaves=12), min_size=1, max_size=6))
def test_every_journey_of_known_shape_compiles_to_a_sound_machine(steps: list[dict[str, Any]]) -> None:
    head = {"journey": "test", "class": "marketing", "topic": "offers", "entry": {"on": "X"}}
    journey, faults = fit(read_text(json.dumps({**head, "steps": steps}), "f"), Journey)
    assert faults == []
    assert journey is not None
    machine = compile_journey(journey, "00000000")
    assert list(problems(machine)) == []
    assert json.dumps(machine) == json.dumps(compile_journey(journey, "00000000"))
