"""Which audiences a change may concern, compiled from what their conditions read."""

import pytest

from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import parse
from functions.journeys.language.mentions import mentioned, mentions

POLICY = {
    "audiences": {
        "gold": {"where": 'profile.traits.tier == "gold"'},
        "golden": {"where": 'in_audience("gold") and count("Order Completed", within="90d") > 2'},
        "friends": {"list": True},
        "friendly": {"where": 'in_audience("friends") or in_audience("golden")'},
    }
}
COMMON = CommonFacts.of(POLICY)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('profile.traits.tier == "gold"', {"trait:tier"}),
        ('profile.traits.address.city == "Oulu"', {"trait:address"}),
        ('sum("Order Completed", "revenue") > 100', {"event:Order Completed"}),
        ("profile.identified", {"identified"}),
        ("days_since(profile.first_seen) > 3", {"first_seen", "trait:timezone"}),
        # A window has no zone, a date written out has the person's.
        ('count("Order Completed", within="30d") >= 1', {"event:Order Completed"}),
        ('days_since(last("Order Completed")) >= 1', {"event:Order Completed"}),
        ('last("Order Completed") > "2026-05-01"', {"event:Order Completed", "trait:timezone"}),
        ("hour(now) > 9", {"first_seen", "trait:timezone"}),
        # What holds of somebody of whom nothing is known begins with their first sight.
        ('count("Order Completed") == 0', {"event:Order Completed", "first_seen"}),
        ("not exists(profile.traits.email)", {"trait:email", "first_seen"}),
        ('profile.traits.tier in ["gold", "silver"]', {"trait:tier"}),
        ('in_audience("friendly")', {"list:friends", "trait:tier", "event:Order Completed"}),
    ],
)
def test_what_a_condition_mentions(text, what):
    assert mentioned(parse(text), COMMON) == what


def test_the_index_names_the_audiences_of_each():
    assert mentions(COMMON) == {
        "event:Order Completed": ["friendly", "golden"],
        "list:friends": ["friendly", "friends"],
        "trait:tier": ["friendly", "gold", "golden"],
    }
    assert mentions(CommonFacts()) == {}
