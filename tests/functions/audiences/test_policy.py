"""Who is in, decided when asked."""

from datetime import UTC, datetime

from functions.audiences.api import is_member, rules_of
from functions.journeys.common_facts import CommonFacts
from functions.profiles.model import Snapshot

NOON = datetime(2026, 3, 2, tzinfo=UTC)
POLICY = {
    "audiences": {
        "gold": {"where": 'profile.traits.tier == "gold"'},
        "golden": {"where": 'in_audience("gold") and profile.identified'},
        "friends": {"list": True},
        "chicken": {"where": 'in_audience("egg")'},
        "egg": {"where": 'in_audience("chicken")'},
    }
}


def member(name, **traits):
    common = CommonFacts.of(POLICY)
    person = Snapshot("ann", identified=True, first_seen=NOON, last_seen=NOON, events=1, traits=traits)
    return is_member(name, common.audiences, common.about(person, NOON))


def test_an_audience_is_its_condition():
    assert member("gold", tier="gold") is True
    assert member("gold", tier="silver") is False
    assert member("golden", tier="gold") is True


def test_what_nobody_can_know_is_unknown():
    assert member("gold") is None
    assert member("friends") is None
    assert member("nobody") is None
    assert member("chicken") is None


def test_lists_have_no_condition():
    assert rules_of(POLICY).keys() == {"gold", "golden", "chicken", "egg"}
    assert rules_of({}) == {}
