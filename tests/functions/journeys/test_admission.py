"""How many runs start a second, and what becomes of the rest."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.admission import Admission
from functions.journeys.rates import rate_of
from tests.functions.journeys.published import NOON, entered_by, journey

ONE_A_SECOND = {"admission": {"rate": "10/s"}}


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


def test_by_default_a_new_account_keeps_a_third_of_its_quota_for_others():
    assert rate_of({}) == 100
    assert rate_of({"admission": {"rate": "0.5/s"}}) == 0.5


@given(
    st.floats(0.05, 300),
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 200)), min_size=1, max_size=20),
)
def test_in_no_stretch_of_time_are_there_more_starts_than_a_burst_and_the_rate(rate, asked):
    clock = Clock()
    admission = Admission(rate, clock, None)
    starts = []
    for pause, often in asked:
        clock.now += timedelta(seconds=pause)
        starts += [clock.now for _ in range(often) if admission.admits()]
    for first in range(len(starts)):
        for last in (first, len(starts) - 1):
            seconds = (starts[last] - starts[first]).total_seconds()
            assert last - first + 1 <= admission.most + seconds * rate + 1e-3


def test_a_process_that_has_rested_starts_five_seconds_worth_at_once_and_then_keeps_the_rate():
    clock = Clock()
    admission = Admission(10, clock, None)
    assert sum(admission.admits() for _ in range(99)) == 50
    clock.now += timedelta(seconds=1)
    assert sum(admission.admits() for _ in range(99)) == 10
    clock.now -= timedelta(seconds=60)
    assert not admission.admits(), "a clock that is set back gives nothing away"


def people(world, many):
    return [world.happens(f"m-{n}", profile=f"p-{n}") for n in range(many)]


def test_what_is_over_the_rate_is_entered_and_starts_later_without_being_received_twice(world):
    # A tenth of ten a second is this process's: five at once, and then one a second.
    world.publish(journey(), policy=ONE_A_SECOND)
    assert world.deliver(people(world, 17)) == []
    statuses = [world.run(f"p-{n}").status for n in range(17)]
    assert statuses == ["active"] * 5 + ["starting"] * 12
    held = world.queued()
    assert [(len(body["starts"]), seconds) for body, seconds in held] == [(5, 5), (5, 10), (2, 15)]
    for body, seconds in held:
        world.now = NOON + timedelta(seconds=seconds)
        assert world.invoke("advance", body) == []
    assert world.queued() == []
    assert {world.run(f"p-{n}").status for n in range(17)} == {"active"}
    assert len(world.executions()) == 17
    assert all(world.input_of(world.run(f"p-{n}"))["contacts"] for n in range(17))


def test_what_comes_back_too_early_is_put_off_again(world):
    world.publish(journey(), policy=ONE_A_SECOND)
    world.deliver(people(world, 10))
    [(body, _)] = world.queued()
    assert world.invoke("advance", body) == []
    assert world.queued() == [(body, 5)]


def test_whoever_leaves_while_held_back_is_never_started(world):
    world.publish(journey(exit=[entered_by("Subscription Cancelled")]), policy=ONE_A_SECOND)
    world.deliver(people(world, 6))
    [(body, _)] = world.queued()
    world.deliver([world.happens("leaving", "Subscription Cancelled", at=world.later(seconds=2), profile="p-5")])
    world.later(seconds=3)
    assert world.invoke("advance", body, body) == []
    assert (world.run("p-5").status, len(world.executions())) == ("exited", 5)


@pytest.mark.parametrize("often", [1, 2])
def test_a_start_that_comes_twice_is_one(world, often):
    world.publish(journey(), policy=ONE_A_SECOND)
    world.deliver(people(world, 6))
    [(body, _)] = world.queued()
    world.later(minutes=1)
    assert world.invoke("advance", *[body] * often) == []
    assert len(world.executions()) == 6


def test_a_queue_that_refuses_brings_the_message_back_and_the_rows_are_found(world):
    world.publish(journey(), policy=ONE_A_SECOND)
    message = people(world, 6)
    world.wire.say["SendMessage"] = "fault"
    assert world.deliver(message) == [0]
    del world.wire.say["SendMessage"]
    world.later(minutes=3)
    assert world.deliver(message) == []
    assert len(world.executions()) == 6
    assert {world.run(f"p-{n}").status for n in range(6)} == {"active"}
