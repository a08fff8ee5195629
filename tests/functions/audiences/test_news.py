"""What of a person is otherwise: in the words that audiences mention, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from functions.audiences.api import looks_after_moving, news
from functions.profiles.model import Series, Snapshot
from functions.shared.events import Event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = Snapshot("ann", identified=True, first_seen=NOON, last_seen=NOON, events=1)
EVERYTHING = {
    "event:Order Completed",
    "trait:tier",
    "trait:city",
    "score:churn",
    "list:friends",
    "identified",
    "first_seen",
}


def event(kind, at=NOON, **body):
    return Event("m", kind, at, at, "test", True, {"type": kind, **body})


def order(at=NOON):
    return event("track", at, event="Order Completed")


def test_an_event_is_news_of_its_series_and_a_first_one_of_the_person():
    assert news(EVERYTHING, ANN, [order()]) == {"event:Order Completed", "first_seen"}
    assert news(EVERYTHING, ANN, [order(NOON + timedelta(hours=1))]) == {"event:Order Completed"}


def test_an_identify_is_news_of_what_it_states():
    later = NOON + timedelta(hours=1)
    said = event("identify", later, traits={"tier": None, "size": 4})
    assert news(EVERYTHING, ANN, [said]) == {"trait:tier"}
    # Traits of a group are the group's.
    assert news(EVERYTHING, ANN, [event("group", later, traits={"tier": "gold"})]) == set()


def test_a_score_is_news_of_the_identify_that_states_it():
    said = event("identify", NOON + timedelta(hours=1), scores={"churn": 0.7, "promo": 0.1})
    assert news(EVERYTHING, ANN, [said]) == {"score:churn"}


def test_a_list_is_named_by_its_message():
    said = event("audience", NOON + timedelta(hours=1), audience="friends", state="left")
    assert news(EVERYTHING, ANN, [said]) == {"list:friends"}


def test_who_somebody_is_is_news_once():
    later = order(NOON + timedelta(hours=1))
    assert "identified" not in news(EVERYTHING, ANN, [later])
    assert "identified" in news(EVERYTHING, ANN, [later], newly_known=True)
    assert "identified" not in news(EVERYTHING, replace(ANN, identified=False), [later], newly_known=True)


def test_what_no_audience_mentions_is_no_news():
    assert news(set(), ANN, [order()], newly_known=True) == set()


def test_people_who_gave_to_one_another_are_looked_at_for_all_that_either_has():
    series = {"Order Completed": Series(1, NOON, NOON, ())}
    other = replace(ANN, profile="bob", traits={"tier": "gold"}, scores={"churn": 0.7}, lists=("friends",))
    one = replace(ANN, series=series)
    looks = looks_after_moving(EVERYTHING, [one, other])
    assert [look.profile for look in looks] == ["ann", "bob"]
    assert looks[0].changed == looks[1].changed == EVERYTHING - {"trait:city"}
    assert looks_after_moving({"trait:city"}, [one, other]) == []
