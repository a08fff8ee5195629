from datetime import timedelta

import pytest

from functions.journeys.api import DecisionLine
from infra.local.scenarios.compare import compare
from infra.local.scenarios.explain import since
from infra.local.scenarios.tell import Told, Trouble
from infra.local.worlds import Seen
from tests.infra.local.scenarios.writing import START, line, run, scenario_of, sent

HOUR = timedelta(hours=1)
USERS = {"p1": "u1", "p2": "u2"}


def compared(expect, seen, troubles=(), when=""):
    return compare(scenario_of(f"{when}\nexpect: {expect}"), Told(seen, troubles))


def differences(expect, seen):
    return [one.to_json() for one in compared(expect, seen).differences]


TWO = Seen(
    [sent("m1", START + HOUR), sent("m2", START + 2 * HOUR)],
    [line("m1", START + HOUR), line("m2", START + 2 * HOUR, step="last")],
    [run()],
    USERS,
)


@pytest.mark.parametrize(
    "expect",
    [
        "{messages: [{step: remind}, {step: last}]}",
        "{messages: [{userId: u1, step: remind, channel: email, at: 1h, to: a@example.com}, {at: 2h, subject: Hello}]}",
        '{messages: [{at: "2026-03-02T13:00:00+02:00"}, {journey: cart}]}',
        "{decisions: [{userId: u1, decision: sent, reason: null}]}",
        "{enrolments: [{userId: u1, status: completed}, {journey: cart, ended_at: null}]}",
        "{enrolments: []}",
    ],
)
def test_what_is_said_is_compared_and_nothing_else(expect):
    assert compared(expect, TWO).differences == []


def test_messages_are_the_whole_list_in_order():
    [missing, extra] = differences("{messages: [{userId: u1, step: first}, {step: remind}]}", TWO)
    assert (missing["expected"], missing["got"]) == ({"userId": "u1", "step": "first"}, None)
    assert missing["because"] == ["u1 entered cart at 0s by Cart Updated, and completed"]
    assert (extra["expected"], extra["got"]["step"]) == (None, "last")
    assert extra["because"] == ["nobody expected it", "at 2h, last by email to u1 was sent"]
    swapped = compared("{messages: [{step: last}, {step: remind}]}", TWO)
    assert len(swapped.differences) == 2
    assert [side.same for side in swapped.messages].count(True) == 1


def test_messages_of_one_instant_stand_by_journey_then_channel_and_people_in_any_order():
    lines = [
        line("m1", journey="b", step="x"),
        line("m2", journey="a", channel="sms", step="x"),
        line("m3", journey="a", step="x", profile="p2"),
        line("m4", journey="a", step="x"),
    ]
    seen = Seen([sent("m1"), sent("m2", channel="sms"), sent("m3"), sent("m4")], lines, [], USERS)
    first = "{userId: u1, journey: a, channel: email}, {userId: u2, journey: a, channel: email}"
    rest = "{journey: a, channel: sms}, {journey: b}"
    assert compared(f"{{messages: [{first}, {rest}]}}", seen).differences == []
    assert compared(f"{{messages: [{rest}, {first}]}}", seen).differences != []


def test_a_message_at_another_time_stands_beside_the_one_there_is():
    [one] = differences("{messages: [{userId: u1, step: remind, at: 3h}, {step: last}]}", TWO)
    assert one["expected"] == {"userId": "u1", "step": "remind", "at": "2026-03-02T13:00:00.000Z"}
    assert one["got"]["at"] == "2026-03-02T11:00:00.000Z"
    assert one["because"][0] == "differs in at"


def test_a_message_that_was_withheld_shows_the_guard_and_what_it_saw():
    facts = {"suppressed": None, "topic": "offers", "consent": "withdrawn", "opted_out": False}
    decided = line("m1", START + HOUR, decision="withheld", reason="no_consent", guard="consent_given", facts=facts)
    [one] = differences("{messages: [{userId: u1, step: remind}]}", Seen([], [decided], [run()], USERS))
    assert one["because"] == [
        "at 1h, remind by email to u1 was withheld (no_consent): did the person say yes to this topic at this "
        "address? not suppressed, topic offers, consent withdrawn, not opted out"
    ]


def test_a_row_that_does_not_occur_stands_beside_the_nearest_one():
    [one] = differences("{enrolments: [{userId: u1, status: exited, reason: Order Completed}]}", TWO)
    assert one["got"]["status"] == "completed"
    assert one["because"] == [
        "the nearest differs in status, reason",
        "u1 entered cart at 0s by Cart Updated, and completed",
    ]
    [nobody] = differences("{decisions: [{userId: u2, step: remind}]}", TWO)
    assert (nobody["got"], nobody["because"]) == (
        None,
        ["u2 did not enter any journey: nothing that happened matches an entry"],
    )


def test_who_is_held_out_has_a_decision_line():
    seen = Seen([], [], [run(status="held_out")], USERS)
    expect = "{decisions: [{userId: u1, journey: cart, decision: held_out, reason: held_out}]}"
    assert compared(expect, seen).differences == []


def test_a_run_that_is_starting_is_active():
    seen = Seen([], [], [run(status="starting")], USERS)
    assert compared("{enrolments: [{status: active}]}", seen).differences == []


def test_what_could_not_happen_is_a_difference():
    when = "when: [{at: 1h, type: receipt, userId: u1, step: remind, kind: clicked}]"
    [one] = compared("{messages: []}", Seen([], [], [], USERS), [Trouble(0, "it had not been sent")], when).differences
    assert (one.list, one.because) == ("when", ["it had not been sent"])
    assert one.expected["kind"] == "clicked"


def test_times_are_told_as_authors_write_them():
    assert since(START, START) == "0s"
    assert since(START, START + timedelta(days=2, hours=4, seconds=5)) == "2d4h5s"
    assert since(START, START - HOUR) == "2026-03-02T09:00:00.000Z"


def test_a_refused_entry_is_a_decision_and_explains_what_is_missing():
    refused = DecisionLine("p1", "e2", "cart", "withheld", "reentry", START + HOUR, {"event": "Cart Updated"})
    seen = Seen([sent("m1")], [line("m1")], [run()], USERS, [refused])
    row = "{userId: u1, journey: cart, step: null, decision: withheld, reason: reentry, at: 1h}"
    assert compared(f"{{decisions: [{row}]}}", seen).differences == []
    [one] = differences("{messages: [{step: remind}, {userId: u1, step: remind, at: 1h}]}", seen)
    assert one["because"] == [
        "at 0s, remind by email to u1 was sent",
        "at 1h, u1 did not enter cart: withheld (reentry); seen: event Cart Updated",
    ]


def test_what_explains_a_difference_stays_short():
    seen = Seen([], [], [run(status="exited", reason=str(number)) for number in range(20)], USERS)
    [one] = differences("{enrolments: [{userId: u1, status: failed}]}", seen)
    assert len(one["because"]) == 10
    assert one["because"][-1] == "and 12 more"
