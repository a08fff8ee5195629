"""The runner and moto's interpreter do the same with the same machines, people and events: states, inputs, instants.

200 generated journeys in ten deployments of twenty, and the shipped ones. A run of all tests takes the shipped ones and
one deployment; ``make conformance`` takes all.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments
from functions.shared.clock import parse_instant
from infra.local.quiet import errors_only
from infra.local.replay.replay import PEPPER
from infra.local.requests import acting
from infra.local.runner.world import RunnerWorld, published
from infra.local.world import LocalWorld
from tests.fakes.generated_journeys import write_journeys, write_story

SHIPPED = Path(__file__).parents[4] / "journeys"
START = datetime(2026, 3, 2, 7, tzinfo=UTC)
END = START + timedelta(days=60)
DEPLOYMENTS, TOGETHER = 10, 20
ALL = [pytest.param(one, marks=[pytest.mark.conformance] if one else []) for one in range(DEPLOYMENTS)]


def tell(world, story):
    for at, message in story:
        world.run_until(at)
        world.put_events([message])
        world.drain()
    world.run_until(END)


def on_runner(folder, story):
    with errors_only():
        world = RunnerWorld(published(folder), START, watch=True)
        tell(world, story)
    runs = {}
    for name, state, at, given in world.entered:
        runs.setdefault(name, []).append((state, at, _plain(given)))
    ended = {one.name: (one.status, _plain(one.output) if one.status == "SUCCEEDED" else None) for one in world.ended}
    assert not any(feed.dead for feed in world.queues.feeds.values())
    enrolments, lines = world.stores.enrolments.scan(), world.stores.messages.scan()
    return runs, ended, _seen(enrolments, lines, world.providers.outbox)


def on_moto(folder, story):
    with LocalWorld(journeys=folder, start=START, secrets={"segue-dev/deployment-key": PEPPER}) as world:
        tell(world, story)
        runs, ended = {}, {}
        for machine in world._moto_machines():
            for execution in machine.executions:
                entered = [
                    (one["stateEnteredEventDetails"], parse_instant(str(one["timestamp"])))
                    for one in execution.to_history_output()["events"]
                    if "stateEnteredEventDetails" in one
                ]
                runs[execution.name] = [(one["name"], at, _plain(json.loads(one["input"]))) for one, at in entered]
                if (status := str(execution.exec_status.value)) != "RUNNING":
                    ended[execution.name] = (status, _plain(execution.output) if status == "SUCCEEDED" else None)
        assert not world.dead_letters()
        with acting("local"):
            enrolments = list(Enrolments(world.table("enrolments")).scan())
            lines = list(Messages(world.table("messages")).scan())
        return runs, ended, _seen(enrolments, lines, world.outbox)


def _plain(given):
    """Without the words of causes, which name a request or hold a stack."""
    if isinstance(given, dict):
        return {
            name: "..." if name == "Cause" and "20" not in str(one)[:2] else _plain(one) for name, one in given.items()
        }
    return [_plain(one) for one in given] if isinstance(given, list) else given


def _seen(enrolments, lines, outbox):
    return {
        "enrolments": sorted(
            (one.enrolment, one.status, one.reason, one.entered_at, one.ended_at) for one in enrolments
        ),
        "lines": sorted((one.message, one.step, one.decision, one.reason, one.status, one.decided_at) for one in lines),
        "outbox": sorted((one.at, one.channel, one.to, one.subject, one.text) for one in outbox),
    }


def compare(folder, story, capsys):
    runs, ended, seen = on_runner(folder, story)
    theirs, their_ended, their_seen = on_moto(folder, story)
    assert runs.keys() == theirs.keys()
    for name, entered in theirs.items():
        assert runs[name] == entered
    assert ended == their_ended
    assert seen == their_seen
    states = sum(map(len, runs.values()))
    with capsys.disabled():
        sys.stdout.write(f"\n{len(published(folder).definitions)} journeys, {len(runs)} runs, {states} states: alike\n")
    return runs


@pytest.mark.slow
def test_the_shipped_journeys_run_alike(capsys):
    story = [
        (at, {**message, "event": "Order Completed"} if message.get("event") == "Cart Updated" else message)
        for at, message in write_story(7, START)
    ]
    assert compare(SHIPPED, story, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("deployment", ALL)
def test_generated_journeys_run_alike(deployment, tmp_path, capsys):
    folder = write_journeys(tmp_path / "journeys", range(deployment * TOGETHER, (deployment + 1) * TOGETHER))
    runs = compare(folder, write_story(deployment, START), capsys)
    assert len(runs) > TOGETHER
