"""Which states does a send become? One task for a channel and its fallbacks; side by side where all are used."""

from collections.abc import Sequence

from functions.journeys.language.asl import (
    PERSON,
    QUEUES,
    RETRY_SQS,
    SEND_MESSAGE,
    SEND_TIMEOUT_SECONDS,
    State,
    caught,
    standing_still,
)
from functions.journeys.language.fields import seconds_of
from functions.journeys.language.state_names import OUTCOMES
from functions.journeys.language.step_states import Here, States
from functions.journeys.language.steps import SendStep
from functions.shared.names import Channel


def send(step: SendStep, here: Here, channels: Sequence[Channel]) -> States:
    """A message on the first of ``channels`` that is allowed and reachable.

    A held message comes back as the error ``Deferred`` with the time in its cause, or as ``Paused`` with the channel;
    then it is tried again.
    """
    task = _task(step, here, channels, (here.name("held"), here.name("paused"), here.name("failed")))
    states: States = {here.name("main"): task}
    if step.on is None:
        task["Next"] = here.after
    else:
        task["Next"] = here.name("outcome")
        states[here.name("outcome")] = {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"{here.result}.outcome", "StringEquals": outcome, "Next": here.ways["on", outcome]}
                for outcome in ("withheld", "failed")
                if getattr(step.on, outcome) is not None
            ],
            "Default": here.after,
        }
    states[here.name("held")] = _held(here.name("main"))
    states[here.name("paused")] = standing_still(here.says, here.name("failed"), here.name("main"))
    failed = _failed({"outcome": "failed", "reason": "unknown_outcome"}, here)
    states[here.name("failed")] = {**failed, "Next": _way(step, here, "failed")}
    return states


def send_all(step: SendStep, here: Here, channels: Sequence[Channel]) -> States:
    """A message on each of ``channels``, side by side; no branch fails the others.

    The step answers ``sent`` if any was, else ``withheld`` if any was, else ``failed``; ``channels`` has each answer.
    """
    outcomes = {
        outcome: {
            "Type": "Pass",
            "Result": outcome,
            "ResultPath": f"{here.result}.outcome",
            "Next": _way(step, here, outcome),
        }
        for outcome in OUTCOMES
    }
    return {
        here.name("main"): {
            "Type": "Parallel",
            "Branches": [_branch(step, here, channel) for channel in channels],
            "ResultSelector": {
                "channels": {f"{channel}.$": f"$[{index}].steps.{here.id}" for index, channel in enumerate(channels)},
                "message.$": f"$[*].steps.{here.id}.message",
                "at.$": "$$.State.EnteredTime",
            },
            "ResultPath": here.result,
            "Next": here.name("choice"),
        },
        here.name("choice"): {
            "Type": "Choice",
            "Choices": [_any(here, outcome, channels) for outcome in ("sent", "withheld")],
            "Default": here.name("failed"),
        },
        **{here.name(outcome): state for outcome, state in outcomes.items()},
    }


def _any(here: Here, outcome: str, channels: Sequence[Channel]) -> State:
    rules = [{"Variable": f"{here.result}.channels.{one}.outcome", "StringEquals": outcome} for one in channels]
    return {"Or": rules, "Next": here.name(outcome)}


def _branch(step: SendStep, here: Here, channel: Channel) -> State:
    held, paused, failed = (here.name(f"{role} {channel}") for role in ("held", "paused", "failed"))
    # A receipt is never of no message, but a path to nothing would fail the execution.
    unknown = {"outcome": "failed", "reason": "unknown_outcome", "channel": channel, "message": ""}
    return {
        "StartAt": here.name(channel),
        "States": {
            here.name(channel): {**_task(step, here, [channel], (held, paused, failed)), "End": True},
            held: _held(here.name(channel)),
            paused: standing_still(here.says, failed, here.name(channel)),
            failed: {**_failed(unknown, here), "End": True},
        },
    }


def _task(step: SendStep, here: Here, channels: Sequence[Channel], aside: tuple[str, str, str]) -> State:
    """``aside`` = the states for a held, a paused and a failed message."""
    held, paused, failed = aside
    message: State = {
        "token.$": "$$.Task.Token",
        **PERSON,
        "contacts.$": "$.contacts",
        **here.says,
        "channel": channels[0],
        "fallback": list(channels[1:]),
        "class": here.journey.class_,
        "topic": here.journey.topic,
        "template": step.send,
        "planned_at.$": "$$.State.EnteredTime",
    }
    if "preferred" in step.channel:
        message["preferred"] = True
    if here.journey.late is not None:
        message["late_after"] = seconds_of(here.journey.late.after)
        message["then"] = here.journey.late.then
    if here.journey.offer is not None:
        message["offer"] = here.journey.offer
    return {
        "Type": "Task",
        "Resource": SEND_MESSAGE,
        "Parameters": {"QueueUrl": QUEUES[channels[0]], "MessageBody": message},
        "TimeoutSeconds": SEND_TIMEOUT_SECONDS,
        "ResultPath": here.result,
        "Retry": RETRY_SQS,
        "Catch": [
            caught("Deferred", "$.held", held),
            caught("Paused", "$.paused", paused),
            caught("States.ALL", here.result, failed),
        ],
    }


def _held(task: str) -> State:
    return {"Type": "Wait", "TimestampPath": "$.held.Cause", "Next": task}


def _failed(said: dict[str, str], here: Here) -> State:
    return {"Type": "Pass", "Parameters": {**said, "at.$": "$$.State.EnteredTime"}, "ResultPath": here.result}


def _way(step: SendStep, here: Here, outcome: str) -> str:
    """Where the journey goes on; an outcome without steps of its own is no reason to eject anybody."""
    written = step.on is not None and getattr(step.on, outcome, None) is not None
    return here.ways["on", outcome] if written else here.after
