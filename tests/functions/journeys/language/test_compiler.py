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

from functions.journeys.language.asl import targets
from functions.journeys.language.checks import check
from functions.journeys.language.compiler import compile_journey
from functions.journeys.language.definition import Journey
from functions.journeys.language.loops import HOLDS
from functions.journeys.language.publication import publish
from functions.journeys.language.reader import read_text
from functions.journeys.language.shape import fit
from functions.journeys.language.state_names import shortened, unique
from tests.functions.journeys.language.machines import problems, runnable, usual_path
from tests.functions.journeys.language.writing import HEAD, POLICY, write_journey

JOURNEYS = Path(__file__).parents[4] / "journeys"
MACHINES = publish(JOURNEYS)[1]


def compiled(tmp_path: Path, steps: str, head: str = HEAD) -> dict[str, Any]:
    root = write_journey(tmp_path, steps, head)
    assert [fault for fault in check(root) if fault.severity == "error"] == []
    machine = publish(root)[1]["test"]
    # Which step a state is of, on all of them alike.
    for state in machine["States"].values():
        state.pop("Comment", None)
    return machine


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
    assert [one["ErrorEquals"] for one in catch[1:]] == [["Paused"], ["States.ALL"]]
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
    assert state["Catch"][1] == {
        "ErrorEquals": ["States.Timeout"],
        "ResultPath": "$.steps.second_order",
        "Next": "Remind gently by email",
    }


@pytest.mark.parametrize(
    ("steps", "asks", "again"),
    [
        ("- {send: hello, channel: email}", "Send hello by email", None),
        ("- {wait_for: {on: Paid, within: 1d}}", "Wait for Paid, 1 day at most", None),
        (
            "- {wait_for: {on: Paid, until: '09:00'}}",
            "Wait for Paid, until 09:00",
            "Find the time: Wait for Paid, until 09:00",
        ),
    ],
)
def test_a_paused_step_stands_still_with_a_token_of_its_own_and_asks_anew(
    tmp_path: Path, steps: str, asks: str, again: str | None
) -> None:
    states = compiled(tmp_path, steps)["States"]
    [paused] = [one for one in states[asks]["Catch"] if one["ErrorEquals"] == ["Paused"]]
    still = states[f"Paused: {asks}"]
    assert paused == {"ErrorEquals": ["Paused"], "ResultPath": "$.paused", "Next": f"Paused: {asks}"}
    assert still["Resource"].endswith("lambda:invoke.waitForTaskToken")
    assert still["Parameters"]["Payload"]["do"] == "park"
    assert still["TimeoutSeconds"] == 365 * 86_400
    assert (still["ResultPath"], still["Next"]) == (None, again or asks)


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


def test_a_loop_is_a_head_that_counts_and_a_pass_that_writes_the_counts_anew(tmp_path: Path) -> None:
    steps = """
    - id: outer
      repeat:
        times: 3
        steps:
          - wait: 1d
          - {id: inner, repeat: {times: 2, steps: [{wait: 1h}]}}
    - exit: done
    """
    states = compiled(tmp_path, steps)["States"]
    assert states["Outer: repeat 3 times"] == {
        "Type": "Choice",
        "Choices": [{"Variable": "$.loops.outer", "NumericLessThan": 3, "Next": "Next pass: Outer: repeat 3 times"}],
        "Default": "Exit: done",
    }
    assert states["Next pass: Outer: repeat 3 times"] == {
        "Type": "Pass",
        "Parameters": {
            "visit.$": "States.MathAdd($.loops.visit, 1)",
            "passes.$": "States.MathAdd($.loops.passes, 1)",
            "outer.$": "States.MathAdd($.loops.outer, 1)",
            "inner": 0,
        },
        "ResultPath": "$.loops",
        "Next": "Wait 1 day",
    }
    assert states["Next pass: Inner: repeat 2 times"]["Parameters"]["outer.$"] == "$.loops.outer"
    assert states["Inner: repeat 2 times"]["Default"] == "Outer: repeat 3 times"
    assert not any(name.startswith("Go on") for name in states), "six passes fit into any history"


def test_a_loop_without_a_number_asks_before_every_pass_and_goes_on_in_a_new_execution(tmp_path: Path) -> None:
    steps = "- {id: unpaid, repeat: {while: 'count(\"Paid\") == 0', steps: [{wait: 1h}]}}"
    states = compiled(tmp_path, steps)["States"]
    assert states["Ask: Unpaid"]["Parameters"]["Payload"]["branches"] == ['count("Paid") == 0']
    full, again = states["Unpaid?"]["Choices"]
    assert again == {"Variable": "$.steps.unpaid.branch", "NumericEquals": 0, "Next": "Next pass: Ask: Unpaid"}
    asked, passes = full["And"]
    assert asked == {key: value for key, value in again.items() if key != "Next"}
    assert passes["Variable"] == "$.loops.passes"
    task = states[full["Next"]]
    assert task["Next"] == "Goes on in a new execution"
    assert states[task["Next"]] == {"Type": "Succeed"}
    payload = task["Parameters"]["Payload"]
    assert payload["resume_at"] == "Ask: Unpaid"
    assert payload["execution.$"] == "$$.Execution.Name"
    assert payload["loops"] == {"visit.$": "$.loops.visit", "passes": 0, "unpaid.$": "$.loops.unpaid"}


def most_events(machine: dict[str, Any], name: str, stop: set[str], held: int = 0) -> int:
    """Events of the longest way from a state to where an execution ends or the way comes to ``stop``."""
    states = machine["States"]
    state = states[name]
    retried = sum(rule["MaxAttempts"] for rule in state.get("Retry", []))
    token = state.get("Resource", "").endswith("waitForTaskToken")
    own = 2 if state["Type"] != "Task" else 2 + (4 if token else 3) * (1 + retried)
    for branch in state.get("Branches", []):
        inside = {"States": {**branch["States"], **states}}
        own += most_events(inside, branch["StartAt"], stop)
    ways = []
    for target in targets(state):
        is_hold = target in states and states[target].get("TimestampPath") == "$.held.Cause"
        # No bound foresees an operator's pause.
        if target in stop or (is_hold and held == HOLDS) or target.startswith("Paused: "):
            continue
        ways.append(most_events(machine, target, stop, held + is_hold))
    return own + max(ways, default=0)


@pytest.mark.parametrize(
    "body",
    [
        "[{wait: 1h}]",
        "[{wait: 1h}, {send: hello, channel: [push, email], on: {withheld: [{send: hello, channel: sms}]}}]",
        "[{wait: 1h}, {send: hello, channel: all}]",
        "[{wait: {until: profile.traits.x}, on: {failed: [{wait: 1h}]}}, {wait: 1h}, {set: {a: 1}}, {join: friends}]",
        "[{wait_for: {on: X, until: '09:00'}, then: [{wait: 1h}], otherwise: [{send: hello, channel: sms}]}]",
        "[{split: [{when: profile.identified, steps: [{wait: 1h}]}, {otherwise: [{wait: 2h}, {decide: next}]}]}]",
        "[{repeat: {times: 4, steps: [{wait: 1h}, {send: hello, channel: email}]}}]",
    ],
)
def test_no_execution_comes_near_the_end_of_its_history(tmp_path: Path, body: str) -> None:
    machine = compiled(tmp_path, f"- {{id: loop, repeat: {{while: profile.identified, steps: {body}}}}}\n- wait: 1h")
    states = machine["States"]
    rules = [rule for one in states.values() for rule in one.get("Choices", []) if "And" in rule]
    passes = {rule["And"][1]["NumericGreaterThanEquals"] for rule in rules}
    assert len(passes) == 1
    heads = {name for name, one in states.items() if any("And" in rule for rule in one.get("Choices", []))}
    asked = {name for name, one in states.items() if one.get("Next") in heads and name.startswith("Ask")}
    stop = heads | asked
    each = max(most_events(machine, name, stop) for name, one in states.items() if one.get("ResultPath") == "$.loops")
    head = 2 + 3 * 9 + 2
    assert passes.pop() * (each + head) + 3 * head <= 20_000


def test_a_loop_of_long_waits_goes_on_before_its_execution_is_a_year_old(tmp_path: Path) -> None:
    states = compiled(tmp_path, "- {id: monthly, repeat: {times: 36, steps: [{wait: 30d}]}}\n- wait: 60d")["States"]
    assert states["Monthly: repeat 36 times"]["Choices"][0]["And"][1]["NumericGreaterThanEquals"] == 10


def test_a_wait_for_until_a_time_asks_for_the_seconds_first(tmp_path: Path) -> None:
    steps = """
    - id: paid
      wait_for: {on: Paid, until: profile.traits.due, minus: 1d, at: "10:00"}
      on: {failed: [{exit: no_date}]}
      then: [{exit: paid}]
    """
    states = compiled(tmp_path, steps)["States"]
    title = "Wait for Paid, until 1 day before the person's due at 10:00"
    task = states[f"Find the time: {title}"]
    assert task["Parameters"]["Payload"]["do"] == "wait_for"
    assert task["Parameters"]["Payload"]["until"] == {"until": "profile.traits.due", "minus": "1d", "at": "10:00"}
    assert task["ResultPath"] == "$.until"
    assert states[title]["TimeoutSecondsPath"] == "$.until.seconds"
    assert "TimeoutSeconds" not in states[title]
    assert states[f"Unreadable date: {title}"]["Next"] == "Exit: no_date"
    states = compiled(tmp_path, "- wait_for: {on: Paid, until: profile.traits.due}")["States"]
    ending = states["Unreadable date: Wait for Paid, until the person's due"]["Parameters"]["ExpressionAttributeValues"]
    assert (ending[":status"], ending[":reason"]) == ({"S": "failed"}, {"S": "unreadable_date"})


def test_all_channels_are_sent_on_side_by_side_and_no_branch_fails_the_others(tmp_path: Path) -> None:
    steps = "- {id: alert, send: hello, channel: all, on: {failed: [{exit: nobody}]}}\n- wait: 1d"
    states = compiled(tmp_path, steps)["States"]
    parallel = states["Alert by all channels"]
    assert [one["StartAt"] for one in parallel["Branches"]] == ["Alert by email", "Alert by SMS", "Alert by push"]
    for branch in parallel["Branches"]:
        task = branch["States"][branch["StartAt"]]
        assert [catch["ErrorEquals"] for catch in task["Catch"]] == [["Deferred"], ["Paused"], ["States.ALL"]]
        assert task["Parameters"]["MessageBody"]["fallback"] == []
        assert task["End"] is True
    outcome = states["Outcome: Alert by all channels"]
    assert [rule["Next"].split(":")[0] for rule in outcome["Choices"]] == ["Sent", "Withheld"]
    assert states["Sent: Alert by all channels"]["Next"] == "Wait 1 day"
    assert states["Failed: Alert by all channels"]["Next"] == "Exit: nobody"
    assert states["Failed: Alert by all channels"]["Result"] == "failed"


def test_all_and_preferred_stand_for_the_channels_a_template_can_go_on(tmp_path: Path) -> None:
    policy = POLICY + "\nchannel_order: [sms, email]\n"
    root = write_journey(tmp_path, "- {send: hello, channel: preferred}\n- {send: hello, channel: all}", policy=policy)
    (root / "test" / "hello.push.yaml").unlink()
    before = publish(root)[1]["test"]
    message = before["States"]["Send hello by the preferred channel"]["Parameters"]["MessageBody"]
    assert (message["preferred"], message["channel"], message["fallback"]) == (True, "sms", ["email"])
    assert len(before["States"]["Send hello by all channels"]["Branches"]) == 2
    (root / "policy.yaml").write_text(policy.replace("sms: {sender: ACME}, ", "").replace("[sms, ", "["))
    after = publish(root)[1]["test"]
    assert after["States"]["Send hello by all channels"]["Type"] == "Task", "one channel needs no branches"
    assert after["Comment"] != before["Comment"], "another machine is another version"


def test_a_late_policy_travels_with_every_message(tmp_path: Path) -> None:
    steps = "- {id: remind, send: hello, channel: email}\n- {id: alert, send: hello, channel: all}"
    states = compiled(tmp_path, steps, f"{HEAD}late: {{after: 6h, then: skip}}\n")["States"]
    tasks = [states["Remind by email"], states["Alert by all channels"]["Branches"][0]["States"]["Alert by email"]]
    for task in tasks:
        body = task["Parameters"]["MessageBody"]
        assert (body["late_after"], body["then"]) == (21_600, "skip")


def test_what_acts_on_a_person_is_one_task_and_goes_on_when_it_fails(tmp_path: Path) -> None:
    steps = """
    - {id: mark, set: {tier: gold, cart: entry.properties.cart_id}}
    - join: friends
    - leave: friends
    - decide: next
    """
    machine = compiled(tmp_path, steps)
    assert usual_path(machine) == ["Start", "Mark", "Join friends", "Leave friends", "Decide: next", "Completed"]
    payloads = [machine["States"][name]["Parameters"]["Payload"] for name in usual_path(machine)[1:-1]]
    assert [one["do"] for one in payloads] == ["set", "join", "leave", "decide"]
    assert payloads[0]["traits"] == {"tier": "gold", "cart": "entry.properties.cart_id"}
    assert payloads[3]["decision"] == "next"
    failed = machine["States"]["Failed: Mark"]
    assert (failed["Type"], failed["Next"]) == ("Pass", "Join friends")


def test_twenty_steps_take_at_most_one_and_a_half_transitions_a_step(tmp_path: Path) -> None:
    steps = """
    - wait: 1h
    - {send: hello, channel: email}
    - wait: 2d
    - {send: hello, channel: [push, sms]}
    - {wait_for: {on: Paid, within: 1d}}
    - {set: {tier: gold}}
    - wait: {until: "09:00"}
    - {send: hello, channel: sms}
    - {experiment: nudge, variants: {a: 50%, b: 50%}, steps: {a: [{wait: 1h}], b: [{wait: 2h}]}}
    - join: friends
    - wait: 1d
    - split: [{when: profile.identified, steps: [{send: hello, channel: email}]}, {otherwise: [{wait: 1h}]}]
    - {wait_for: {on: Paid, within: 1d}}
    - leave: friends
    - wait: 1d
    - decide: next
    - {send: hello, channel: preferred}
    - wait: 1d
    - {send: hello, channel: email}
    - exit: done
    """
    journey, _ = fit(read_text((write_journey(tmp_path, steps) / "test" / "journey.yaml").read_text(), "f"), Journey)
    assert journey is not None
    assert len(journey.steps) == 20
    # Of the two arms one is taken, and so of the two branches: each holds a step more.
    assert len(usual_path(compiled(tmp_path, steps))) <= 1.5 * (20 + 2)
    assert len(usual_path(compiled(tmp_path, steps))) <= 1.5 * 20


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
    killed = {"Sandbox.Timedout", "Runtime.ExitError"}
    others = retried - killed - {"TransientError"}
    assert all(re.match(r"(Lambda|SQS|DynamoDB)\.", error) for error in others)


def test_whatever_asks_a_function_tries_again_when_it_was_killed_on_the_way(tmp_path: Path) -> None:
    """Too long or too much memory: by which name depends on who killed it."""
    paused = compiled(tmp_path, "- wait_for: {on: Order Completed, within: 1d}")
    asking = [
        state
        for machine in [*MACHINES.values(), paused]
        for state in machine["States"].values()
        if "lambda:invoke" in state.get("Resource", "")
    ]
    assert {state["Resource"].rpartition(":")[2] for state in asking} == {"invoke", "invoke.waitForTaskToken"}
    for state in asking:
        [retry] = state["Retry"]
        assert {"Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"} <= set(retry["ErrorEquals"])


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
        {"send": "hello", "channel": "all", "on": {"withheld": [{"exit": "a"}]}},
        {"send": "hello", "channel": "preferred"},
        {"wait_for": {"on": "X", "until": "profile.traits.x"}, "on": {"failed": [{"wait": "1d"}]}},
        {"set": {"tier": "gold"}},
        {"join": "friends"},
        {"leave": "friends"},
        {"decide": "next"},
    ]
)


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    blocks = st.lists(inner, max_size=3)
    return st.one_of(
        blocks.map(lambda steps: {"repeat": {"times": 3, "steps": [{"wait": "100d"}, *steps]}}),
        blocks.map(lambda steps: {"repeat": {"while": "profile.identified", "steps": [{"wait": "1h"}, *steps]}}),
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
