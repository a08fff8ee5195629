"""Broken definitions: never a traceback, never accepted silently."""

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from functions.journeys.language.checks import check
from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.publication import publish
from functions.journeys.language.reader import read_text
from tests.functions.journeys.language.machines import problems
from tests.functions.journeys.language.writing import POLICY, write_journey

WHOLE = """
journey: test
title: Everything at once
class: marketing
topic: offers
entry: {on: [Cart Updated, Cart Filled], where: event.properties.total >= 20 and exists(profile.traits.country)}
reentry: {per: event.properties.cart_id, after: 7d}
holdout: 10%
goal: {on: Paid, where: event.properties.sum > 0, within: 5d, value: event.properties.sum, keep: true}
exit: [{on: Cart Cleared, where: event.properties.cart_id == entry.properties.cart_id}]
priority: 50
late: {after: 6h, then: skip}
steps:
  - {id: pause, title: A while, wait: 1h}
  - id: morning
    wait: {until: "09:00", days: [mon, fri], zone: profile}
  - id: due
    wait: {until: profile.traits.renewal_at, minus: 3d, at: "10:00"}
    on: {failed: [{exit: no_date}]}
  - id: remind
    send: hello
    channel: [push, email]
    on: {withheld: [{wait: 1d}], failed: [{wait: 2d}]}
  - id: clicked
    wait_for: {on: Email Link Clicked, where: event.properties.link == "a", message: remind, within: 1d}
    then: [{exit: interested}]
    otherwise: [{wait: 3h}]
  - id: tier
    split:
      - when: profile.traits.tier == "gold" or steps.clicked.outcome == "happened"
        steps: [{send: hello, channel: sms}]
      - otherwise: [{wait: 4h}]
  - experiment: nudge
    variants: {short: 40%, long: 60%}
    steps: {short: [{wait: 5h}], long: [{wait: 6h}]}
  - id: unpaid
    repeat:
      while: count("Paid") < 3
      steps:
        - {id: note, send: hello, channel: preferred}
        - id: paid
          wait_for: {on: Paid, until: profile.traits.due, minus: 1d, at: "10:00"}
          on: {failed: [{wait: 7h}]}
        - {id: thrice, repeat: {times: 3, steps: [{wait: 8h}]}}
  - {id: mark, set: {tier: gold, cart: entry.properties.cart_id}}
  - join: friends
  - leave: friends
  - {id: alert, send: hello, channel: all}
  - decide: next
  - exit: done
"""
Place = tuple[str | int, ...]
DEFINITION: dict[str, Any] = read_text(WHOLE, "f").value
POLICY_VALUE: dict[str, Any] = read_text(POLICY, "f").value


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*place, key))


def at(value: Any, place: Place) -> Any:
    for part in place:
        value = value[part]
    return value


def replaced(value: Any, place: Place, new: Any) -> Any:
    changed = copy.deepcopy(value)
    at(changed, place[:-1])[place[-1]] = new
    return changed


def renamed(value: Any, place: Place) -> Any:
    changed = copy.deepcopy(value)
    parent = at(changed, place[:-1])
    items = list(parent.items())
    parent.clear()
    parent.update({(f"{key}x" if key == place[-1] else key): one for key, one in items})
    return changed


PLACES = list(places(DEFINITION))
# What traits are called and hold is the author's; any mapping sets some.
TRAITS = [place for place in PLACES if place[-2:-1] == ("set",)]
NAMED = [place for place in PLACES if isinstance(place[-1], str) and place not in TRAITS]


def errors(root: Path) -> list[str]:
    return [str(fault) for fault in check(root) if fault.severity == "error"]


def test_the_whole_is_sound_before_it_is_broken(tmp_path: Path) -> None:
    assert errors(write_journey(tmp_path, text=json.dumps(DEFINITION))) == []
    assert list(problems(publish(tmp_path)[1]["test"])) == []
    assert len(PLACES) >= 100, "with five wrong values each, and each name misspelt: far more than 300 definitions"


@pytest.mark.parametrize("place", NAMED, ids=lambda place: ".".join(map(str, place)))
def test_a_misspelt_name_is_always_a_fault_where_it_stands(tmp_path: Path, place: Place) -> None:
    found = errors(write_journey(tmp_path, text=json.dumps(renamed(DEFINITION, place), indent=1)))
    assert any(f'"{place[-1]}x"' in line for line in found) or "variants" in place or "steps" in place[-2:], found
    assert found


@pytest.mark.parametrize(
    "wrong", [{"unexpected": 1}, 12.5, [[]], "?!", ""], ids=["mapping", "number", "list", "text", "empty"]
)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_value_of_the_wrong_kind_is_always_a_fault(tmp_path: Path, place: Place, wrong: Any) -> None:
    text = {"title", "on"} & {str(place[-1])} or (place[:2] == ("entry", "on"))
    if wrong == "?!" and text:
        pytest.skip("any text is a title or an event name")
    if place in TRAITS or (place[-1] == "set" and wrong == {"unexpected": 1}):
        pytest.skip("any value is a trait's")
    if wrong == 12.5 and place == ("priority",):
        wrong = 12.25
    assert errors(write_journey(tmp_path, text=json.dumps(replaced(DEFINITION, place, wrong))))


@pytest.mark.parametrize("place", list(places(POLICY_VALUE)), ids=lambda place: ".".join(map(str, place)))
def test_a_policy_with_a_wrong_value_is_always_a_fault(tmp_path: Path, place: Place) -> None:
    policy = json.dumps(replaced(POLICY_VALUE, place, {"unexpected": [1]}))
    assert errors(write_journey(tmp_path, text=json.dumps(DEFINITION), policy=policy))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_with_a_hole_or_a_patch_gives_faults_or_a_sound_machine(tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE) - 1))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 40)))
    patch = data.draw(
        st.sampled_from(["", "\n", ":", "- ", "{", "]", "'", '"', "  ", "x", "&a ", "*a", "\t", "é", "\x00", "1"])
    )
    root = tmp_path / "journeys"
    shutil.rmtree(root, ignore_errors=True)
    write_journey(root, text=WHOLE[:start] + patch + WHOLE[end:])
    found = errors(root)
    if found:
        with pytest.raises(FaultsFound):
            publish(root)
    else:
        assert list(problems(publish(root)[1]["test"])) == []


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, st.sampled_from([(), *PLACES]))
@example([], ())
@example({"steps": [None]}, ())
def test_any_value_anywhere_gives_faults_or_a_sound_machine(tmp_path: Path, value: Any, place: Place) -> None:
    root = tmp_path / "journeys"
    shutil.rmtree(root, ignore_errors=True)
    write_journey(root, text=json.dumps(replaced(DEFINITION, place, value) if place else value))
    if not errors(root):
        assert list(problems(publish(root)[1]["test"])) == []
