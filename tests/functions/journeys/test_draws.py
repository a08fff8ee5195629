"""Holdout and arms: sticky by person, exact by share."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.draws import arm_of, held_out, share_of

PEOPLE = [f"person-{n}" for n in range(20_000)]


@pytest.mark.parametrize(
    ("value", "share"),
    [(None, 0), (0.1, Fraction(1, 10)), ("10%", Fraction(1, 10)), ("0.5%", Fraction(1, 200)), (1.0, 1), (0, 0)],
)
def test_a_share_is_exact(value, share):
    assert share_of(value) == share


def test_a_tenth_of_people_is_held_out():
    found = sum(held_out(person, "journey:welcome", 0.1) for person in PEOPLE)
    assert abs(found - 2_000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5


def test_holdouts_of_two_journeys_know_nothing_of_each_other():
    both = sum(held_out(p, "journey:a", 0.5) and held_out(p, "journey:b", 0.5) for p in PEOPLE)
    assert abs(both - 5_000) < 4 * (20_000 * 0.25 * 0.75) ** 0.5


def test_arms_come_in_their_weights():
    found = Counter(arm_of(person, "welcome", "nudge", {"a": 0.2, "b": "30%", "c": 0.5}) for person in PEOPLE)
    for arm, share in {"a": 0.2, "b": 0.3, "c": 0.5}.items():
        assert abs(found[arm] - 20_000 * share) < 4 * (20_000 * share * (1 - share)) ** 0.5


@given(st.text(), st.dictionaries(st.sampled_from("abcde"), st.just(0.2), min_size=1))
def test_an_arm_is_one_of_the_variants_and_the_order_of_the_file_does_not_matter(person, variants):
    arm = arm_of(person, "welcome", "nudge", variants)
    assert arm in variants
    assert arm == arm_of(person, "welcome", "nudge", dict(reversed(variants.items())))


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_holdout_keeps_everybody_of_a_smaller_one(person, one, other):
    small, large = sorted([one, other])
    assert held_out(person, "j", large) or not held_out(person, "j", small)
    assert held_out(person, "j", 1.0)
    assert not held_out(person, "j", 0.0)
