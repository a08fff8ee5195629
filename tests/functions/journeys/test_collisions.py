"""Which of several runs goes on, by the rows alone."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.collisions import collisions
from functions.journeys.model import RUNNING, Enrolment, EntryEvent
from tests.functions.journeys.published import NOON

LATER = NOON + timedelta(hours=1)


def run(enrolment="e-1", profile="ann", *, at=NOON, status="active", journey="welcome", key=None):
    entry = EntryEvent(f"m-{enrolment}", "Order Completed", at)
    return Enrolment(profile, enrolment, journey, "v1", status, at, entry, key=key)


def lost(*runs):
    return [one.lost.enrolment for one in collisions(runs)]


def test_of_two_runs_of_one_journey_the_earlier_is_kept():
    early, late = run("e-2"), run("e-1", "bob", at=LATER)
    [found] = collisions([late, early])
    assert (found.lost, found.kept) == (late, early)


def test_runs_entered_at_one_instant_go_by_their_id():
    assert lost(run("e-2"), run("e-1", "bob")) == ["e-2"]


def test_runs_of_one_id_of_other_journeys_or_ended_ones_do_not_collide():
    assert lost(run(), run("e-2", at=LATER)) == []
    assert lost(run(), run("e-2", "bob", journey="other")) == []
    assert lost(run(status="completed"), run("e-2", "bob")) == []
    assert lost(run(), run("e-2", "bob", status="superseded")) == []


def test_one_run_per_key_goes_on():
    mine, yours, same = run(key="a"), run("e-2", "bob", key="b"), run("e-3", "eve", key="a")
    assert lost(mine, yours, same) == ["e-3"]


def test_a_run_entered_before_its_journey_had_keys_collides_with_any():
    assert lost(run(), run("e-2", "bob", key="b", at=LATER)) == ["e-2"]


RUNS = st.lists(
    st.builds(
        lambda profile, minutes, status, journey, key: run(
            "", profile, at=NOON + timedelta(minutes=minutes), status=status, journey=journey, key=key
        ),
        st.sampled_from(["ann", "bob", "eve"]),
        st.integers(0, 3),
        st.sampled_from(["starting", "active", "completed", "held_out"]),
        st.sampled_from(["welcome", "other"]),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=8,
).map(lambda runs: [replace(one, enrolment=f"e-{number}") for number, one in enumerate(runs)])


@given(RUNS, st.randoms())
def test_what_is_lost_depends_on_the_rows_alone_and_only_once(runs, random):
    found = lost(*runs)
    shuffled = random.sample(runs, len(runs))
    assert lost(*shuffled) == found
    left = [one for one in runs if one.enrolment not in found]
    assert lost(*left) == [], "what is left stands side by side"
    assert {one.journey for one in left if one.status in RUNNING} == {
        one.journey for one in runs if one.status in RUNNING
    }, "no journey is left without a run"
