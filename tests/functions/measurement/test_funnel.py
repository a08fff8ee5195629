from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.model import Enrolment, EnrolmentStatus, EntryEvent
from functions.measurement.funnel import compare, funnel, wilson
from functions.measurement.model import MessageOutcome
from functions.shared.names import EnrolmentId, ProfileId

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
WITHIN = timedelta(days=30)
LATER = START + timedelta(days=365)


def enrolment(
    person: str, status: EnrolmentStatus = "completed", days: int = 0, goal: bool = False, journey: str = "welcome"
) -> Enrolment:
    at = START + timedelta(days=days)
    return Enrolment(
        profile=ProfileId(person),
        enrolment=EnrolmentId(f"{person}-{days}"),
        journey=journey,
        version="1",
        status=status,
        entered_at=at,
        entry=EntryEvent(f"m-{person}-{days}", "Order Completed", at),
        goal_reached_at=at + timedelta(days=3) if goal else None,
    )


def test_counts_what_was_entered_held_out_sent_delivered_and_withheld():
    enrolments = [enrolment("a", goal=True), enrolment("b", "held_out"), enrolment("c", "exited")]
    outcomes = [
        MessageOutcome(EnrolmentId("a-0"), "welcome", "email", "sent", delivered=True),
        MessageOutcome(EnrolmentId("c-0"), "welcome", "email", "withheld", "no_consent"),
        MessageOutcome(EnrolmentId("c-0"), "welcome", "sms", "sent"),
        MessageOutcome(EnrolmentId("c-0"), "welcome", "email", "failed", "render_failed"),
        MessageOutcome(EnrolmentId("x-0"), "replenish", "email", "sent"),
    ]
    counted = funnel("welcome", [*enrolments, enrolment("x", journey="replenish")], outcomes, WITHIN, LATER)
    assert (counted.entered, counted.held_out, counted.people) == (2, 1, 3)
    assert (counted.sent, counted.delivered, counted.goals) == (2, 1, 1)
    assert counted.sent_by_channel == {"email": 1, "sms": 1}
    assert counted.withheld == {"no_consent": 1}
    assert counted.failed == {"render_failed": 1}
    assert counted.statuses == {"completed": 1, "exited": 1, "held_out": 1}


def test_a_journey_without_a_goal_is_not_compared():
    assert funnel("welcome", [enrolment("a")], [], None, LATER).comparison is None


def test_compares_each_person_once_by_the_first_entry():
    runs = [enrolment("a", days=0), enrolment("a", days=40, goal=True), enrolment("b", "held_out", goal=True)]
    comparison = funnel("welcome", runs, [], WITHIN, LATER).comparison
    assert comparison is not None
    assert (comparison.treated.reached, comparison.treated.people) == (0, 1)
    assert (comparison.held_out.reached, comparison.held_out.people) == (1, 1)


def test_a_goal_window_still_open_counts_for_neither_group():
    runs = [enrolment("a", goal=True), enrolment("b", "held_out")]
    comparison = funnel("welcome", runs, [], WITHIN, START + WITHIN - timedelta(seconds=1)).comparison
    assert comparison is not None
    assert (comparison.treated.people, comparison.held_out.people) == (0, 0)


def test_refuses_a_statement_about_lift_when_the_holdout_is_small():
    comparison = compare(wilson(40, 100), wilson(1, 5))
    assert comparison.verdict == "too small to tell"
    assert comparison.difference is None


def test_says_there_is_no_holdout_when_nobody_was_held_out():
    assert compare(wilson(40, 100), wilson(0, 0)).verdict == "no holdout"


@pytest.mark.parametrize(
    ("treated", "held_out", "verdict"),
    [
        ((300, 1000), (200, 1000), "ahead"),
        ((200, 1000), (300, 1000), "behind"),
        ((50, 100), (49, 100), "no difference seen"),
    ],
)
def test_the_verdict_follows_the_interval_of_the_difference(treated, held_out, verdict):
    assert compare(wilson(*treated), wilson(*held_out)).verdict == verdict


def test_agrees_with_the_published_example():
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3: 81/263 gives 0.2553 to 0.3662.
    share = wilson(81, 263)
    assert (share.low, share.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(reached, missed):
    share = wilson(reached, reached + missed)
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1
