"""Compiled machines, walked and read in tests."""

from collections.abc import Iterator, Mapping
from typing import Any

from functions.journeys.language.asl import targets

Machine = Mapping[str, Any]


def usual_path(machine: Machine, happened: bool = False) -> list[str]:
    """The states of a run in which every send is sent, first branches hold, and no (or every) awaited event comes."""
    states, name = machine["States"], machine["StartAt"]
    path = [name]
    while True:
        state = states[name]
        if state["Type"] == "Choice" and name != machine["StartAt"] and state["Choices"]:
            # On all channels: sent on one of them.
            name = next((r["Next"] for r in state["Choices"] if "Or" in r), "") or next(
                (r["Next"] for r in state["Choices"] if r.get("NumericEquals") == 0), state["Default"]
            )
        elif state["Type"] == "Choice":
            name = state["Default"]
        elif state.get("Resource", "").endswith("lambda:invoke.waitForTaskToken") and not happened:
            name = next(catch["Next"] for catch in state["Catch"] if catch["ErrorEquals"] == ["States.Timeout"])
        elif "Next" in state:
            name = state["Next"]
        else:
            return path
        path.append(name)


def problems(machine: Machine) -> Iterator[str]:
    """What would be refused or never run: dangling targets, states nothing leads to, names too long."""
    states = machine["States"]
    inside = [name for state in states.values() for one in state.get("Branches", []) for name in one["States"]]
    yield from (f"two states {name}" for name in inside if name in states or inside.count(name) > 1)
    for branch in (one for state in states.values() for one in state.get("Branches", [])):
        yield from problems(branch)
    reached, open_ends = set(), [machine["StartAt"]]
    while open_ends:
        name = open_ends.pop()
        if name not in states:
            yield f"no state {name}"
        elif name not in reached:
            reached.add(name)
            open_ends += targets(states[name])
    yield from (f"nothing leads to {name}" for name in states if name not in reached)
    yield from (f"{name} is longer than 80" for name in states if len(name) > 80)
    for name, state in states.items():
        ends = state.get("End") is True or state["Type"] in ("Succeed", "Choice")
        if not ends and "Next" not in state:
            yield f"{name} goes nowhere"


def runnable(machine: Machine) -> Machine:
    """The machine with names of the account filled in."""
    import json

    text = json.dumps(machine)
    for name in ("EmailQueueUrl", "SmsQueueUrl", "PushQueueUrl"):
        text = text.replace(f"${{{name}}}", f"https://sqs.eu-west-1.amazonaws.com/123456789012/{name}")
    for name in ("EvaluateStepArn", "RegisterWaitArn"):
        text = text.replace(f"${{{name}}}", f"arn:aws:lambda:eu-west-1:123456789012:function:{name}")
    return dict(json.loads(text.replace("${EnrolmentsTable}", "enrolments")))
