"""Broken scenarios: never a traceback, never accepted silently."""

import copy
import json

import pytest

from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.reader import read_text
from infra.local.scenarios.engines import opener
from infra.local.scenarios.suite import suite_of
from tests.functions.journeys.language.writing import write_journey

WHOLE = """
journeys: [test]
scenarios:
  - name: everything at once
    start: 2026-03-02T10:00:00Z
    policy: {freshness: 2h}
    people:
      - userId: u1
        traits: {email: ann@example.com}
        consent: {offers: {email: granted}}
        devices: [{token: tok-1, platform: android, id: d1}]
    when:
      - {at: 0s, type: track, userId: u1, event: Cart Updated, properties: {total: 40}, messageId: m1}
      - {at: 1m, type: identify, userId: u1, anonymousId: a1, traits: {tier: gold}, context: {ip: 192.0.2.1}}
      - {at: 2m, type: consent, userId: u1, topic: offers, channel: sms, state: withdrawn, source: shop}
      - {at: 3m, type: receipt, userId: u1, step: hello, journey: test, kind: opened}
      - {at: 4m, type: provider, channel: sms, outcome: lost, for: 1h}
      - {at: 5m, type: outage, for: 1h}
      - {at: 1d, type: opt_out, userId: u1, channel: push}
      - {at: 2026-03-04T10:00:00Z, type: prefer, userId: u1, channel: email}
      - {at: 3d, type: alias, userId: u1, previousId: a2}
    until: 10d
    expect:
      messages: [{userId: u1, journey: test, step: hello, channel: email, at: 0s, subject: Hello, to: ann@example.com}]
      decisions: [{userId: u1, step: hello, decision: sent, reason: null}]
      enrolments: [{userId: u1, journey: test, status: completed, entered_at: 0s, ended_at: 2d, goal_value: null}]
"""
VALUE = read_text(WHOLE, "f").value
FREE = {"properties", "traits", "context"}
WRONG = [{"unexpected": 1}, 12.5, [[]], "?!", "", None, True, -1, "99999999w", "9999-12-31T23:59:59Z", "\ud800", "[/x]"]


def places(value, place=()):
    if place:
        yield place
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*place, key))


def at(value, place):
    for part in place:
        value = value[part]
    return value


PLACES = list(places(VALUE))
NAMED = [place for place in PLACES if isinstance(place[-1], str) and not FREE & set(place[:-1])]


def told(folder, value):
    """The faults of a file, or none; then it was told to a world, whatever came of it."""
    write_journey(folder, "- {id: hello, send: hello, channel: email}\n- wait: 2d")
    (folder / "scenarios.yaml").write_text(json.dumps(value))
    try:
        with suite_of(folder) as suite:
            for case in suite.cases:
                json.dumps(suite.run(case, opener("local")).to_json())
    except FaultsFound as found:
        return [str(fault) for fault in found.faults]
    return []


def test_the_whole_is_sound_before_it_is_broken(tmp_path):
    write_journey(tmp_path, "- {id: hello, send: hello, channel: email}\n- wait: 2d")
    (tmp_path / "scenarios.yaml").write_text(json.dumps(VALUE))
    with suite_of(tmp_path) as suite:
        assert suite.run(suite.cases[0], opener("local")).to_json()["differences"] == []
    assert len(PLACES) >= 90


@pytest.mark.parametrize("place", NAMED, ids=lambda place: ".".join(map(str, place)))
def test_a_misspelt_name_is_always_a_fault(tmp_path, place):
    changed = copy.deepcopy(VALUE)
    parent = at(changed, place[:-1])
    parent[f"{place[-1]}x"] = parent.pop(place[-1])
    faults = told(tmp_path, changed)
    assert any(f'{place[-1]}x"' in fault or "without a type" in fault for fault in faults), faults


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_value_of_the_wrong_kind_is_a_fault_or_a_story_like_any_other(tmp_path, place):
    # Every other one: the next place gets the rest.
    for number, wrong in enumerate(WRONG[PLACES.index(place) % 2 :: 2]):
        changed = copy.deepcopy(VALUE)
        at(changed, place[:-1])[place[-1]] = wrong
        for fault in told(tmp_path / str(number), changed):
            assert ": error: " in fault
