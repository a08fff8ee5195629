"""What operators do to journeys while people are under way."""

import pytest

from functions.journeys.api import Target
from functions.journeys.machines import Machines
from functions.journeys.operate import Operator
from tests.fakes.providers import Killed
from tests.functions.journeys.conftest import PREFIX
from tests.functions.journeys.published import journey

WELCOME = Target("journey", "welcome")


def operator(world):
    return Operator(world.switches, world.enrolments, Machines(PREFIX), lambda: world.now)


def test_stopping_ends_every_run_of_the_journey_and_of_no_other(world):
    world.publish(journey(), journey("farewell"))
    for number, person in enumerate(("ann", "bob")):
        world.deliver([world.happens(f"m-{number}", profile=person)])
    assert operator(world).stop(WELCOME, "eve") == 2
    for person in ("ann", "bob"):
        ends = {run.journey: (run.status, run.reason) for run in world.runs(person)}
        assert ends == {"welcome": ("exited", "stopped"), "farewell": ("active", None)}
    assert set(world.executions().values()) == {"ABORTED"}
    assert set(world.executions("farewell").values()) == {"RUNNING"}
    assert world.switches.look().refusal("welcome") == "stopped"


def test_stopping_again_after_it_ended_half_way_stops_the_rest(world):
    world.publish(journey())
    for number in range(3):
        world.deliver([world.happens(f"m-{number}", profile=f"p-{number}")])
    who = operator(world)
    died = []
    for point in range(1, 9):
        world.wire.reset()
        world.wire.kill = (point, "before")
        try:
            who.stop(WELCOME, "eve")
        except Killed:
            died.append(point)
    assert len(died) >= 5
    world.wire.kill = None
    who.stop(WELCOME, "eve")
    assert {world.run(f"p-{number}").reason for number in range(3)} == {"stopped"}
    assert list(world.executions().values()) == ["ABORTED"] * 3


def test_a_channel_cannot_be_stopped(world):
    with pytest.raises(ValueError, match="pause it, or kill it"):
        operator(world).stop(Target("channel", "sms"), "eve")
    assert world.switches.look().switches == {}


def test_resuming_makes_the_target_as_usual_again(world):
    who = operator(world)
    for word in (who.pause, who.kill, who.stop):
        word(WELCOME, "eve")
        assert world.switches.look().switches[WELCOME].by == "eve"
        who.resume(WELCOME, "eve")
        assert world.switches.look().switches == {}
