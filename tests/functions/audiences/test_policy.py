"""Who is in, who must be asked, and when to look again; decided without any table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.audiences.model import Look, Move, Standing
from functions.audiences.policy import Rules, decide, message
from functions.journeys.common_facts import CommonFacts
from functions.journeys.language.mentions import mentions
from functions.profiles.model import Occurrence, Series, Snapshot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = {
    "audiences": {
        "gold": {"where": 'profile.traits.tier == "gold"'},
        "golden": {"where": 'in_audience("gold") and profile.identified'},
        "active": {"where": 'days_since(last("Order Completed")) < 30'},
        "friends": {"list": True},
        "friendly": {"where": 'in_audience("friends")'},
        "quiet": {"where": 'count("Order Completed") == 0'},
    }
}
COMMON = CommonFacts.of(POLICY)
RULES = Rules(COMMON, mentions(COMMON))


def person(*ordered, **said):
    times = sorted(NOON - ago for ago in ordered)
    orders = tuple(Occurrence(at, f"m-{n}") for n, at in enumerate(times))
    series = {"Order Completed": Series(len(orders), times[0], times[-1], orders)} if orders else {}
    seen = NOON - 100 * DAY
    return Snapshot("ann", said.pop("identified", False), seen, seen, 1, series=series, **said)


def decided(snapshot, before=None, changed=None, now=NOON, others=None):
    return decide(RULES, before or Standing(), others or {}, person=snapshot, changed=changed, now=now)


def names(moves):
    return [(one.audience, "in" if one.entered else "out") for one in moves]


def test_each_change_concerns_the_audiences_that_mention_it_also_through_another():
    assert RULES.concerned(["trait:tier"]) == {"gold", "golden"}
    assert RULES.concerned(["event:Order Completed"]) == {"active", "quiet"}
    assert RULES.concerned(["list:friends"]) == {"friends", "friendly"}
    assert RULES.concerned(["identified", "trait:city"]) == {"golden"}
    assert RULES.concerned(["event:Page Viewed"]) == set()


def test_only_what_is_concerned_is_asked():
    found = decided(person(DAY, traits={"tier": "gold"}), changed={"trait:tier"})
    assert (names(found.moves), found.asked) == ([("gold", "in")], 2)


def test_who_is_looked_at_whole_enters_everything_that_holds():
    found = decided(person(DAY, traits={"tier": "gold"}, lists=("friends",), identified=True))
    assert names(found.moves) == [(one, "in") for one in ("active", "friendly", "friends", "gold", "golden")]
    assert found.standing.members.keys() == {"active", "friendly", "friends", "gold", "golden"}


def test_nothing_new_changes_nothing():
    ann = person(DAY, traits={"tier": "gold"})
    before = decided(ann).standing
    again = decided(ann, before)
    assert again.standing is before
    assert again.moves == []


def test_unknown_is_not_in():
    assert names(decided(person(DAY)).moves) == [("active", "in")]
    left = decided(person(DAY), decided(person(DAY, traits={"tier": "gold"})).standing)
    assert names(left.moves) == [("gold", "out")]


def test_a_person_is_due_when_time_may_move_them_and_later_news_puts_nothing_off():
    first = decided(person(DAY), changed={"event:Order Completed"})
    assert first.standing.due == NOON + 29 * DAY
    # A look in vain costs less than a write for each order.
    second = decided(person(DAY, 2 * DAY / 4), first.standing, changed={"event:Order Completed"})
    assert second.standing is first.standing
    then = NOON + 29 * DAY
    late = decided(person(DAY, DAY / 2), first.standing, now=then)
    assert (late.moves, late.standing.due) == ([], NOON + 29.5 * DAY)
    gone = decided(person(DAY), first.standing, now=then)
    assert (names(gone.moves), gone.standing.due) == ([("active", "out")], None)


def test_an_earlier_instant_comes_first():
    before = decided(person(DAY)).standing
    assert before.due == NOON + 29 * DAY
    sooner = decided(person(20 * DAY), before, changed={"event:Order Completed"})
    assert sooner.standing.due == NOON + 10 * DAY


def test_of_somebody_first_seen_what_holds_of_everybody_is_asked():
    assert RULES.concerned(["first_seen"]) == {"quiet"}
    assert names(decided(person(), changed={"first_seen"}).moves) == [("quiet", "in")]


def test_an_audience_taken_out_of_the_policy_is_left():
    found = decided(person(DAY), Standing(3, {"forgotten": NOON - DAY}))
    assert ("forgotten", "out") in names(found.moves)


def test_whoever_was_in_under_either_id_was_in():
    survivor = Standing(4, {"active": NOON - 3 * DAY})
    former = Standing(7, {"active": NOON - 5 * DAY, "gold": NOON - DAY}, due=NOON + DAY)
    ann = person(DAY, traits={"tier": "gold"}, aka=("old",))
    found = decided(ann, survivor, changed={"trait:tier"}, others={"old": former})
    assert found.moves == []
    assert found.standing == Standing(5, {"active": NOON - 5 * DAY, "gold": NOON - DAY}, due=NOON + DAY, taken=("old",))
    parted = decided(replace(ann, aka=()), found.standing, changed={"trait:tier"})
    assert parted.standing.taken == ()


def test_moves_carry_the_version_that_says_them_first_and_are_told_under_one_id():
    found = decided(person(DAY, traits={"tier": "gold"}), Standing(4), changed={"trait:tier"})
    [move] = found.moves
    assert (move, found.standing.version) == (Move("gold", True, NOON, 5), 5)
    told = message("ann", move)
    assert told == message("ann", move)
    assert (told["event"], told["properties"]) == ("Audience Entered", {"audience": "gold"})
    assert told["context"]["externalIds"] == [{"type": "segue_profile", "id": "ann"}]
    ids = {message(*one)["messageId"] for one in [("ann", move), ("bob", move), ("ann", replace(move, generation=6))]}
    assert len(ids) == 3


def test_what_was_not_told_stays_to_be_told():
    old = Move("gold", False, NOON - DAY, 2)
    found = decided(person(DAY), Standing(2, untold=(old,)), changed={"event:Order Completed"})
    assert found.standing.untold == (old, Move("active", True, NOON, 3))


@pytest.mark.parametrize(
    "standing",
    [Standing(), Standing(0, {"gold": NOON}, NOON + DAY, (Move("gold", True, NOON, 3),), ("old",))],
)
def test_a_standing_is_read_as_it_was_kept(standing):
    assert Standing.from_json(standing.to_json(), 0) == standing


def test_two_looks_at_one_person_are_one_at_the_newest_sight():
    old, new = (replace(person(), version=n) for n in (3, 4))
    both = Look("ann", old, frozenset({"trait:a"})).joined(Look("ann", new, frozenset({"trait:b"})))
    assert (both.person.version, both.changed) == (4, {"trait:a", "trait:b"})
    assert both.joined(Look("ann")).changed is None
    assert Look.from_json(both.to_json()) == both
    assert Look.from_json(Look("ann").to_json()) == Look("ann")
