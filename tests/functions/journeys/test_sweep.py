"""Runs whose start was cut short, and whose message was given up: they start all the same, once."""

from datetime import timedelta

import pytest

from tests.fakes.providers import Killed
from tests.functions.journeys.published import NOON, entered_by, journey

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}


def stuck(world, moment, person="ann", requests=4):
    """The process ends around StartExecution, and its message never comes again."""
    message = world.happens(f"m-{person}", profile=person)
    world.handler("advance")
    world.wire.reset()
    world.wire.kill = (requests, moment)
    with pytest.raises(Killed):
        world.deliver([message])
    world.restart()
    assert "starting" in {run.status for run in world.runs(person)}


def swept(world):
    """What a sweep puts on the journeys queue."""
    assert world.invoke("sweep", SCHEDULED) == []
    return [body for body, seconds in world.queued() if seconds == 0]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_stuck_start_is_started_by_its_own_name(world, moment):
    stuck(world, moment)
    world.later(minutes=30)
    [body] = swept(world)
    run = world.run()
    assert body == {"starts": [{"profile": "ann", "enrolment": run.enrolment}]}
    assert world.invoke("advance", body) == []
    assert world.run().status == "active"
    assert world.executions() == {run.execution_name: "RUNNING"}
    assert world.input_of(run)["contacts"] == {"email": "email#ann"}
    assert swept(world) == []


def test_a_start_that_may_still_be_on_its_way_is_left_alone(world):
    stuck(world, "before")
    world.later(minutes=29)
    assert swept(world) == []


def test_runs_that_started_ended_or_were_held_out_cost_the_sweep_nothing(world):
    world.publish(journey(exit=[entered_by("Order Cancelled")]), journey("out", holdout=1.0))
    world.deliver([world.happens("m-1")])
    stuck(world, "before", "bob", requests=4)
    world.deliver([world.happens("m-2", "Order Cancelled", at=world.later(minutes=1), profile="bob")])
    world.later(hours=1)
    world.handler("sweep")
    world.wire.reset()
    assert swept(world) == []
    assert world.wire.requests == ["Query"] * 4


def test_a_run_that_ended_by_itself_before_anybody_said_it_had_begun_is_swept_once(world):
    stuck(world, "after")
    run = world.run()
    # The machine's last state writes the row directly, and knows of no index.
    row = world.enrolments._row("ann", f"E#{run.enrolment}")
    row.update([world.enrolments._row.status.set("completed")])
    world.later(hours=1)
    [body] = swept(world)
    assert world.invoke("advance", body) == []
    assert world.run().status == "completed"
    assert swept(world) == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 6))
def test_a_sweep_that_dies_around_any_request_is_made_good_by_the_next(world, point, moment):
    stuck(world, "before")
    world.later(minutes=31)
    world.handler("sweep")
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.invoke("sweep", SCHEDULED)
    world.restart()
    bodies = [body for body, _ in world.queued()] + swept(world)
    assert world.invoke("advance", *bodies) == []
    assert (world.run().status, len(world.executions())) == ("active", 1)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 5))
def test_a_start_that_dies_around_any_request_is_made_good_by_its_message(world, point, moment):
    stuck(world, "before")
    world.later(minutes=31)
    [body] = swept(world)
    world.handler("advance")
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.invoke("advance", body)
    world.restart()
    assert world.invoke("advance", body) == []
    assert (world.run().status, len(world.executions())) == ("active", 1)


def test_many_stuck_starts_are_fifty_a_message_the_oldest_first(world):
    for n in range(3):
        stuck(world, "before", f"p-{n}")
    world.later(minutes=31)
    bodies = swept(world)
    assert sum(len(body["starts"]) for body in bodies) == 3
    assert NOON + timedelta(minutes=31) == world.now
