"""What an event changes, by the rules alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys import entries, policy
from functions.journeys.entries import Contest, Enter, Refuse, StartAgain
from functions.journeys.model import Enrolment, EntryEvent, Goal, Wait
from functions.journeys.policy import Exit, Moment, Reach, Rules, StopAgain, Wake
from functions.profiles.model import Occurrence, Series, Snapshot
from functions.shared.events import Event
from tests.functions.journeys.published import NOON, entered_by, goal, journey, publication, reentry

HOUR = timedelta(hours=1)
STATUSES = ["starting", "active", "completed", "exited", "failed", "held_out", "outranked", "superseded"]


def rules(*journeys, **said):
    return Rules.of(publication(*journeys, **said))


def event(message_id="m-2", at=NOON + HOUR, name="Order Completed", **properties):
    return Event(message_id, "track", at, at, "test", True, {"event": name, "properties": properties})


def snapshot(*events, profile="ann", traits=None):
    by_name = {}
    for one in sorted(events, key=lambda e: e.order):
        by_name.setdefault(one.name, []).append(Occurrence(one.timestamp, one.message_id, one.properties))
    series = {n: Series(len(o), o[0].timestamp, o[-1].timestamp, tuple(o)) for n, o in by_name.items()}
    return Snapshot(profile, True, NOON, NOON, len(events), traits or {}, {}, series)


def moment(one=None, *others):
    one = one or event()
    return Moment.of(one, snapshot(one, *others))


def run(message_id="m-1", at=NOON, *, status="active", name="welcome", properties=None, **said):
    entry = EntryEvent(message_id, "Order Completed", at, properties or {})
    return Enrolment("ann", f"e-{message_id}", name, "v1", status, at, entry, **said)


def verdict(rule, moment, previous, now, name="welcome"):
    return next(iter(entries.verdicts(rule, moment, Contest(name, [name]), previous, now)), None)


def enter(rule, one, *previous, now=None, name="welcome"):
    return verdict(rule, moment(one), previous, now or one.timestamp, name)


def refusal(rule, one, *previous):
    decided = enter(rules(journey(reentry=rule)), one, *previous)
    return decided.reason if isinstance(decided, Refuse) else None


# Entries


def test_the_condition_sees_the_event_at_hand_and_no_later_one():
    once = rules(journey(entry=entered_by("Order Completed", 'count("Order Completed") == 1')))
    first, second = event("m-1", NOON), event("m-2", NOON + HOUR)
    person = snapshot(first, second)
    decided = [verdict(once, Moment.of(one, person), [], NOON) for one in (first, second)]
    assert [type(one) for one in decided] == [Enter, type(None)]


def test_an_unknown_condition_enters_nobody():
    assert enter(rules(journey(entry=entered_by("Order Completed", 'profile.traits.tier == "gold"'))), event()) is None


@pytest.mark.parametrize(("late", "expected"), [(0, None), (3600, None), (3600.001, "late"), (-60, None)])
def test_an_entry_older_than_the_freshness_is_late(late, expected):
    decided = enter(rules(journey()), event(), now=NOON + HOUR + timedelta(seconds=late))
    assert (decided.reason if isinstance(decided, Refuse) else None) == expected


def test_a_run_of_this_very_event_is_started_again_or_left_alone():
    mine = event("m-1", NOON)
    for status in STATUSES:
        own = run(status=status)
        decided = enter(rules(journey(reentry=reentry("never"))), mine, own, now=NOON + 9 * HOUR)
        assert decided == (StartAgain(own) if status == "starting" else None)


@pytest.mark.parametrize("status", STATUSES)
def test_never_is_once_for_ever(status):
    assert refusal(reentry("never"), event(at=NOON + 999 * HOUR), run(status=status)) == "reentry"


@pytest.mark.parametrize("status", STATUSES)
def test_always_waits_only_for_the_active_run(status):
    expected = "reentry" if status in ("starting", "active") else None
    assert refusal(reentry("always"), event(), run(status=status)) == expected


@pytest.mark.parametrize(
    ("status", "hours", "expected"),
    [("completed", 23, "reentry"), ("completed", 24, None), ("active", 48, "reentry"), ("held_out", 23, "reentry")],
)
def test_after_counts_from_the_last_entry_and_waits_for_the_active_run(status, hours, expected):
    earlier = run("m-0", NOON - 99 * HOUR, status="completed")
    rule = reentry("after", seconds=86_400.0)
    assert refusal(rule, event(at=NOON + hours * HOUR), run(status=status), earlier) == expected


def test_by_default_people_come_back_as_soon_as_their_run_has_ended():
    rule = reentry("after", seconds=0.0)
    assert refusal(rule, event(), run(status="completed")) is None
    assert refusal(rule, event(), run()) == "reentry"
    assert refusal(rule, event("m-0", NOON - HOUR), run(status="completed")) == "reentry", "not after the last entry"


def test_per_key_runs_stand_side_by_side_once_per_key():
    rule = reentry("per", key="event.properties.order_id")
    known = [run("m-1", properties={"order_id": "a"}), run("m-0", status="completed", properties={"order_id": "b"})]
    assert refusal(rule, event(order_id="c"), *known) is None
    assert refusal(rule, event(order_id="a"), *known) == "reentry"
    assert refusal(rule, event(order_id="b"), *known) == "reentry"
    assert refusal(rule, event(), *known) == "not_eligible"


def test_a_key_is_what_it_was_at_entry_though_traits_change():
    rule = rules(journey(reentry=reentry("per", key="profile.traits.plan")))
    keyed = {plan: verdict_for(rule, event("m-1", NOON), plan) for plan in ("basic", "pro", 1, 1.0)}
    assert keyed[1].key == keyed[1.0].key != keyed["pro"].key
    before = run("m-1", status="completed", key=keyed["basic"].key)
    assert isinstance(verdict_for(rule, event(), "pro", before), Enter)
    assert verdict_for(rule, event(), "basic", before) == Refuse("welcome", "reentry")


def verdict_for(rule, one, plan, *previous):
    return verdict(rule, Moment.of(one, snapshot(one, traits={"plan": plan})), previous, one.timestamp)


def test_who_came_while_there_were_no_keys_has_used_theirs():
    before = run("m-1", status="completed", properties={"order": "a"})
    rule = reentry("per", key="event.properties.order")
    assert (refusal(rule, event(order="a"), before), refusal(rule, event(order="b"), before)) == ("reentry", None)


def test_a_key_may_come_back_after_a_while():
    rule = reentry("per", key="event.properties.order_id", seconds=7200.0)
    old = run(status="completed", properties={"order_id": "a"})
    assert refusal(rule, event(order_id="a", at=NOON + HOUR), old) == "reentry"
    assert refusal(rule, event(order_id="a", at=NOON + 2 * HOUR), old) is None
    assert refusal(rule, event(order_id="a", at=NOON + 2 * HOUR), run(properties={"order_id": "a"})) == "reentry"


def test_runs_of_other_journeys_refuse_nobody():
    assert isinstance(enter(rules(journey(reentry=reentry("never"))), event(), run(name="other")), Enter)


def test_the_held_out_draw_no_arm():
    arms = {"nudge": {"variants": {"short": 0.5, "long": 0.5}}}
    assert enter(rules(journey(holdout=1.0, experiments=arms)), event()) == Enter("welcome", "v1", True, {})
    decided = enter(rules(journey(experiments=arms)), event())
    assert (decided.held_out, decided.arms.keys()) == (False, {"nudge"})


@pytest.mark.parametrize(("kind", "expected"), [("marketing", True), ("service", False), ("transactional", False)])
def test_the_policys_holdout_covers_marketing_only(kind, expected):
    everybody = rules(journey(**{"class": kind}), policy={"holdout": "100%"})
    assert enter(everybody, event()).held_out is expected


# Exits and goals


def test_an_exit_and_a_goal_by_one_event_are_one_ending():
    both = rules(
        journey(goal=goal("Order Completed", value="event.properties.revenue"), exit=[entered_by("Order Completed")])
    )
    mine = run()
    expected = Exit(mine, "Order Completed", Goal(NOON + HOUR, 12.0))
    assert list(policy.endings(both, moment(event(revenue=12)), [mine])) == [expected]


@pytest.mark.parametrize(
    ("message_id", "at", "ends"),
    [
        ("m-1", NOON, False),
        ("m-1", NOON + HOUR, False),
        ("m-0", NOON, False),
        ("m-2", NOON, True),
        ("m-2", NOON - HOUR, False),
        ("m-0", NOON + HOUR, True),
    ],
)
def test_only_what_came_after_the_entry_ends_a_run(message_id, at, ends):
    leaving = rules(journey(exit=[entered_by("Order Completed")]))
    assert bool(list(policy.endings(leaving, moment(event(message_id, at)), [run()]))) is ends


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_that_has_ended_ends_no_more_but_its_goal_still_counts(status):
    rule = rules(journey(goal=goal("Order Completed"), exit=[entered_by("Order Completed")]))
    found = list(policy.endings(rule, moment(), [run(status=status)]))
    expected = {"starting": [Exit], "active": [Exit], "outranked": [], "superseded": []}.get(status, [Reach])
    assert [type(one) for one in found] == expected


def test_the_event_that_ended_a_run_stops_it_again():
    leaving = rules(journey(exit=[entered_by("Order Completed")]))
    mine = run(status="exited", ended_by="m-2", reason="Order Completed")
    assert list(policy.endings(leaving, moment(), [mine])) == [StopAgain(mine, "Order Completed")]
    assert list(policy.endings(leaving, moment(event("m-3")), [mine])) == []


@pytest.mark.parametrize(("seconds", "reached"), [(3599.999, True), (3600, False)])
def test_the_window_of_a_goal_is_half_open(seconds, reached):
    rule = rules(journey(goal=goal("Order Completed", within=3600.0, keep=True)))
    found = list(policy.endings(rule, moment(event(at=NOON + timedelta(seconds=seconds))), [run()]))
    assert bool(found) is reached


def test_a_goal_is_reached_once():
    rule = rules(journey(goal=goal("Order Completed")))
    assert list(policy.endings(rule, moment(), [run(status="completed", goal_reached_at=NOON)])) == []


@pytest.mark.parametrize("value", ["twelve", True, None, [12], float("inf"), 10**400])
def test_a_goal_without_a_usable_number_has_no_value(value):
    rule = rules(journey(goal=goal("Order Completed", value="event.properties.revenue", keep=True)))
    [found] = policy.endings(rule, moment(event(revenue=value)), [run()])
    assert found.goal.value is None


def test_a_condition_on_an_exit_sees_event_and_entry():
    own_key = rules(journey(exit=[entered_by("Order Completed", "event.properties.id == entry.properties.id")]))
    runs = [run("m-0", properties={"id": "a"}), run("m-1", properties={"id": "b"}), run("m-9", properties={})]
    found = list(policy.endings(own_key, moment(event("m-x", id="b")), runs))
    assert [one.enrolment.enrolment for one in found] == ["e-m-1"]


# Waits


def waiting(**said):
    given_ = {"step": "s", "token": "t", "on": ("Order Completed",), "where": None, "messages": None, "since": NOON}
    return run(wait=Wait(**{**given_, **said}))


@pytest.mark.parametrize(
    ("said", "one", "wakes"),
    [
        ({}, event(), True),
        ({"on": ("Email Opened", "Order Completed")}, event(), True),
        ({"on": ("Email Opened",)}, event(), False),
        ({"since": NOON + HOUR}, event(), True),
        ({"since": NOON + 2 * HOUR}, event(), False),
        ({"taken": ("m-2",)}, event(), False),
        ({"messages": ("msg",)}, event(message="msg"), True),
        ({"messages": ("msg",)}, event(message="other"), False),
        ({"messages": ()}, event(), False),
        ({"where": "event.properties.revenue > 5"}, event(revenue=6), True),
        ({"where": "event.properties.revenue > 5"}, event(), False),
        ({}, event("m-1"), False),
        ({}, event("m-0", NOON), False),
    ],
)
def test_what_wakes_a_wait(said, one, wakes):
    mine = waiting(**said)
    found = list(policy.wakings(rules(journey()), moment(one), [mine]))
    assert found == ([Wake(mine, mine.wait, policy.happened(one))] if wakes else [])


def test_an_ended_run_is_not_woken():
    ended = run(status="exited", wait=waiting().wait)
    assert list(policy.wakings(rules(journey()), moment(), [ended])) == []


# Whatever happens

INSTANTS = st.integers(0, 4).map(lambda minutes: NOON + timedelta(minutes=minutes))
IDS = st.sampled_from(["m-0", "m-1", "m-2", "m-3"])
RUNS = st.lists(
    st.builds(
        lambda message_id, at, status, ended_by: run(message_id, at, status=status, ended_by=ended_by),
        IDS,
        INSTANTS,
        st.sampled_from(STATUSES),
        st.none() | IDS,
    ),
    max_size=5,
    unique_by=lambda one: one.enrolment,
)
EVENTS = st.builds(event, IDS, INSTANTS)
ANY = rules(journey(goal=goal("Order Completed"), exit=[entered_by("Order Completed")]))


@given(EVENTS, RUNS)
def test_endings_touch_a_run_at_most_once_and_never_by_its_own_entry(one, runs):
    found = list(policy.endings(ANY, moment(one), runs))
    touched = [ending.enrolment.enrolment for ending in found]
    assert len(touched) == len(set(touched))
    for ending in found:
        assert ending.enrolment.entry.message_id != one.message_id
        assert one.order > ending.enrolment.entry.order
        assert not isinstance(ending, Exit) or ending.enrolment.running


@given(EVENTS, RUNS)
def test_the_order_rows_are_read_in_changes_nothing(one, runs):
    assert list(policy.endings(ANY, moment(one), runs)) == list(policy.endings(ANY, moment(one), runs[::-1]))


@given(
    EVENTS,
    RUNS,
    st.sampled_from(
        [
            reentry("never"),
            reentry("always"),
            reentry("after", seconds=0.0),
            reentry("after", seconds=120.0),
            reentry("per", key="event.event"),
        ]
    ),
    st.integers(0, 7200),
)
def test_nobody_enters_beside_their_own_run_nor_late(one, runs, rule, late):
    now = one.timestamp + timedelta(seconds=late)
    decided = verdict(rules(journey(reentry=rule)), moment(one), runs, now)
    if isinstance(decided, Enter):
        assert not any(other.running for other in runs)
        assert late <= 3600
        assert rule["kind"] not in ("never", "per") or not runs
    if decided is None:
        assert any(other.entry.message_id == one.message_id for other in runs)
