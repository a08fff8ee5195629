"""Where somebody goes on who is brought into another version, decided without any AWS."""

from datetime import timedelta

import pytest

from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.publication import publish
from functions.shared.clock import format_instant
from infra.in_flight.machine import Machine
from infra.in_flight.moves import Move, Stay, carried_over, move
from infra.in_flight.step_functions import Place
from infra.in_flight.step_map import read_steps
from tests.infra.in_flight.journeys import FIRST, SECOND, START, days, write

MAP = {"settle": "settle_in"}
SETTLE, SETTLE_IN = "Settle: wait 2 days", "Settle in: wait 4 days"
REPLY = "Wait for Replied, 5 days at most"
REPLY_OR_CALL = "Wait for Replied or Called, 9 days at most"


def machine(root, steps):
    return Machine(publish(write(root, steps))[1]["trial"])


@pytest.fixture
def old(tmp_path):
    return machine(tmp_path / "old", FIRST)


@pytest.fixture
def new(tmp_path):
    return machine(tmp_path / "new", SECOND)


def at(state, **carried):
    return Place("e-1", state, START, carried)


def test_each_state_says_which_step_it_is_of(old):
    assert list(old.doors) == ["settle", "remind", "reply"]
    assert old.doors["settle"] == SETTLE
    assert old.step_of(f"Held: {old.doors['remind']}") == "remind"
    assert old.step_of("Completed") is None


def test_a_fixed_wait_ends_when_the_new_version_says_counted_from_its_beginning(old, new):
    found = move(at(SETTLE), old, new, MAP)
    assert found == Move(new.doors["remind"], START + days(4), {"step": "settle_in", "since": format_instant(START)})
    back = move(at("Wait to resume", waited=found.waited), new, old, {"settle_in": "settle"})
    assert back == Move(old.doors["remind"], START + days(2), {"step": "settle", "since": format_instant(START)})


def test_who_waits_for_an_event_waits_anew(old, new):
    assert move(at(REPLY), old, new, {}) == Move(REPLY_OR_CALL)


def test_a_held_message_is_asked_for_again(old, new):
    held = f"Held: {old.doors['remind']}"
    assert move(at(held), old, new, {}) == Move(new.doors["remind"])


@pytest.mark.parametrize(
    ("state", "steps", "why"),
    [
        (SETTLE, {}, "settle has no counterpart"),
        ("Completed", {}, "is in the middle of a step; ask again later"),
        ("Start", {}, "is in the middle of a step; ask again later"),
        ("Inside a parallel state", {}, "is in the middle of a step; ask again later"),
        ("Wait to resume", {}, "stands in no step"),
    ],
)
def test_who_cannot_move_is_told_why(old, new, state, steps, why):
    assert move(at(state), old, new, steps) == Stay(why)


def test_a_message_under_way_is_not_left(old, new):
    assert isinstance(move(at(old.doors["remind"]), old, new, {}), Stay)


def test_a_wait_that_has_become_something_else_begins_there(old, new):
    assert move(at(SETTLE), old, new, {"settle": "again"}) == Move(new.doors["again"])


def test_what_was_carried_has_the_new_names(tmp_path):
    loops = "\n  - id: thrice\n    repeat:\n      times: 3\n      steps: [{id: rest, wait: 1d}]\n"
    new = machine(tmp_path, loops)
    said = {"contacts": {"email": "k"}, "steps": {"a": {"outcome": "sent"}, "b": 1}, "loops": {"visit": 4, "two": 2}}
    assert carried_over(said, new, {"a": "c", "two": "thrice"}) == {
        "contacts": {"email": "k"},
        "steps": {"c": {"outcome": "sent"}, "b": 1},
        "loops": {"visit": 4, "passes": 0, "thrice": 2},
    }
    assert carried_over({}, new, {})["loops"] == {"visit": 1, "passes": 0, "thrice": 0}


def test_the_end_of_every_fixed_wait_is_a_door_into_the_machine(tmp_path):
    last = machine(
        tmp_path, "\n  - wait: 1d\n  - split:\n      - when: profile.identified\n        steps: [{wait: 2d}]\n"
    )
    for name in ("Start", "Resume"):
        doors = {rule.get("StringEquals") for rule in last.states[name]["Choices"]}
        assert {state["Next"] for state in last.states.values() if "Seconds" in state} <= doors


def test_a_map_says_where_ids_differ(tmp_path, old, new):
    path = tmp_path / "steps.yaml"
    path.write_text("settle: settle_in\n")
    assert read_steps(path, old.doors, new.doors) == MAP


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("setle: settle_in\n", ['1:1: error: the old version has no step "setle", did you mean "settle"?']),
        ("settle: setle_in\n", ['1:9: error: the new version has no step "setle_in", did you mean "settle_in"?']),
        ("settle: 4\n", ["1:9: error: this is no step, write settle: and the id it has in the new version"]),
        ("x: y\nsettle: z\n", ["1:1: error: the old version has no step", "2:9: error: the new version has no step"]),
        ("[settle]\n", ["1:1: error: this is no mapping"]),
        ("", ["1:1: error: empty file"]),
        ("settle: [\n", ["error"]),
    ],
)
def test_every_fault_of_a_map_has_its_place(tmp_path, old, new, text, faults):
    path = tmp_path / "steps.yaml"
    path.write_text(text)
    with pytest.raises(FaultsFound) as found:
        read_steps(path, old.doors, new.doors)
    assert len(found.value.faults) == len(faults)
    for fault, expected in zip(found.value.faults, faults, strict=True):
        assert expected in str(fault)


def test_lengths_are_those_of_the_new_version(new):
    assert new.fixed_wait("settle_in") == (timedelta(days=4), new.doors["remind"])
    assert new.fixed_wait("remind") is None
