"""A pause holds people at the next message or ``wait_for``, and lets them go on in the order they came there."""

from datetime import timedelta

import pytest

from functions.journeys.api import Parking, Target
from functions.journeys.machines import Machines
from functions.journeys.operate import Operator
from functions.shared.clock import format_instant
from tests.fakes.providers import Killed
from tests.functions.journeys.conftest import PREFIX
from tests.functions.journeys.published import NOON, journey

WELCOME, SMS = Target("journey", "welcome"), Target("channel", "sms")


def operator(world):
    return Operator(world.switches, world.enrolments, Machines(PREFIX), lambda: world.now)


@pytest.fixture
def run(world):
    world.publish(journey())
    world.deliver([world.happens("m-1")])
    return world.run()


def parks(world, run, token="token-9", *, channel="email", at=None):
    """What the machine asks of ``register_wait`` where a pause holds it."""
    task = {
        "do": "park",
        "token": token,
        "enrolment": run.enrolment,
        "profile": run.profile,
        "journey": run.journey,
        "version": run.version,
        "step": "hello",
        "visit": 1,
        "channel": channel,
        "entered_at": format_instant(at or world.now),
    }
    world.handler("register")(task, None)


def tokens(world):
    return [one["token"] for one in world.wire.answers]


def test_a_wait_for_is_held_before_it_is_registered(world, run):
    world.switch("pause", journey="welcome")
    world.waiting(run)
    assert world.wire.answers == [{"token": "token-1", "error": "Paused", "cause": ""}]
    assert world.run().wait is None


def test_a_pause_of_a_channel_holds_no_wait(world, run):
    world.switch("pause", channel="email")
    world.waiting(run)
    assert world.run().wait.token == "token-1"


def test_a_pause_that_is_over_holds_no_wait_although_it_was_read_a_moment_ago(world, run):
    world.switch("pause", journey="welcome")
    world.waiting(run)
    world.switch(None, journey="welcome")
    world.waiting(run, token="token-2")
    assert world.run().wait.token == "token-2"


def test_whoever_is_held_stands_in_their_row_and_is_let_go_once(world, run):
    world.switch("pause", journey="welcome")
    parks(world, run)
    assert world.run().parked == {Parking(NOON, "hello", "email", "token-9")}
    assert tokens(world) == []
    assert operator(world).resume(WELCOME, "eve") == 1
    assert tokens(world) == ["token-9"]
    assert world.run().parked == frozenset()
    assert operator(world).resume(WELCOME, "eve") == 0
    assert tokens(world) == ["token-9"]


def test_two_messages_of_one_run_are_held_side_by_side(world, run):
    world.switch("pause", journey="welcome")
    parks(world, run, "token-8", channel="sms")
    parks(world, run, "token-9", channel="email")
    assert {one.channel for one in world.run().parked} == {"sms", "email"}
    assert operator(world).resume(WELCOME, "eve") == 2


def test_who_came_first_goes_on_first(world):
    world.publish(journey())
    hours = {"p-0": 5, "p-1": 1, "p-2": 3}
    for number, person in enumerate(hours):
        world.deliver([world.happens(f"m-{number}", profile=person)])
    world.switch("pause", journey="welcome")
    for person, hour in hours.items():
        parks(world, world.run(person), f"token-{hour}", at=NOON + timedelta(hours=hour))
    let_go = []
    operator(world).resume(WELCOME, "eve", lambda run: let_go.append(run.profile))
    assert tokens(world) == ["token-1", "token-3", "token-5"]
    assert let_go == ["p-1", "p-2", "p-0"]


def test_whom_another_pause_still_holds_keeps_standing(world, run):
    world.switch("pause", journey="welcome")
    world.switch("pause", channel="sms")
    parks(world, run, "token-8", channel="sms")
    parks(world, run, "token-9", channel="email")
    assert operator(world).resume(WELCOME, "eve") == 1
    assert tokens(world) == ["token-9"]
    assert operator(world).resume(SMS, "eve") == 1
    assert tokens(world) == ["token-9", "token-8"]


def test_killing_a_paused_journey_lets_everybody_on_to_be_withheld(world, run):
    world.switch("pause", journey="welcome")
    parks(world, run)
    assert operator(world).kill(WELCOME, "eve") == 1
    assert tokens(world) == ["token-9"]


def test_a_resume_that_came_before_the_parking_lets_it_go_at_once(world, run):
    parks(world, run)
    assert tokens(world) == ["token-9"]
    assert world.run().parked == frozenset()


@pytest.mark.parametrize("end", ["exit", "stop", "supersede"])
def test_a_run_that_ends_forgets_where_it_stood(world, run, end):
    world.switch("pause", journey="welcome")
    parks(world, run)
    if end == "exit":
        world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    elif end == "stop":
        operator(world).stop(WELCOME, "eve")
    else:
        world.enrolments.supersede(run, NOON)
    assert world.run().parked == frozenset()
    assert operator(world).resume(WELCOME, "eve") == 0
    assert tokens(world) == []


def test_a_run_that_was_ended_is_not_parked(world, run):
    world.enrolments.exit(run, "Unsubscribed", NOON, "m-9", None)
    world.switch("pause", journey="welcome")
    parks(world, run)
    assert world.run().parked == frozenset()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_while_parking_leaves_somebody_who_can_be_let_go(world, run, point, moment):
    world.switch("pause", journey="welcome")
    world.handler("register")
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        parks(world, run, "token-1")
    world.restart()
    # Step Functions invokes again with a token of its own; the first is dead.
    parks(world, run, "token-2")
    operator(world).resume(WELCOME, "eve")
    assert tokens(world)[-1] == "token-2"
    assert world.run().parked == frozenset()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_resume_that_died_anywhere_is_finished_by_the_next(world, moment):
    world.publish(journey())
    for number in range(3):
        world.deliver([world.happens(f"m-{number}", profile=f"p-{number}")])
    died = []
    for point in range(1, 12):
        world.switch("pause", journey="welcome")
        world.wire.answers.clear()
        for number in range(3):
            parks(world, world.run(f"p-{number}"), f"token-{point}-{number}")
        world.wire.reset()
        world.wire.kill = (point, moment)
        try:
            operator(world).resume(WELCOME, "eve")
        except Killed:
            died.append(point)
        world.wire.kill = None
        operator(world).resume(WELCOME, "eve")
        assert set(tokens(world)) == {f"token-{point}-{number}" for number in range(3)}
        assert not any(world.run(f"p-{number}").parked for number in range(3))
    assert len(died) >= 8
