from dataclasses import replace

import pytest

from infra.suggestions.blocking import LARGEST_BLOCK, candidates
from infra.suggestions.people import Person


@pytest.mark.parametrize(
    "shared",
    [
        {"postcode": "4566", "surname": "meyer"},
        {"email": "anna@gmail.com"},
        {"phone": "293744001", "given": "anna"},
        {"birth": "19800412", "surname": "meyer"},
        {"birth": "19800412", "given": "anna"},
        {"national_id": "4711203"},
        {"given": "anna", "surname": "meyer"},
        {"number": "12", "street": "stanley", "given": "anna"},
    ],
)
def test_people_who_share_enough_are_compared(shared):
    assert candidates([Person("1", **shared), Person("2", **shared)], None) == ([(0, 1)], [])


def test_what_sounds_alike_is_compared_and_a_single_trait_is_not():
    assert candidates([Person("1", surname="meyer", postcode="1"), Person("2", surname="maier", postcode="1")], None)[0]
    for trait in ({"postcode": "4566"}, {"surname": "meyer"}, {"given": "anna"}, {"birth": "19800412"}):
        assert candidates([Person("1", **trait), Person("2", **trait)], None)[0] == []


def test_names_without_latin_letters_are_compared():
    assert candidates([Person("1", given="小明", surname="李"), Person("2", given="小明", surname="李")], None)[0]


def test_a_phone_that_everybody_has_is_reported_and_does_not_compare_everybody():
    crowd = [Person(f"{number:05}", given=f"a{number}", phone="5550100") for number in range(20_000)]
    pairs, crowded = candidates(crowd, None)
    assert pairs == []
    (one,) = crowded
    assert (one.kind, one.keys, one.people) == ("phone and initial", 1, 20_000)


def test_what_stays_crowded_when_narrowed_is_not_compared():
    same = {"given": "anna", "surname": "meyer", "birth": "19000101", "postcode": "4566"}
    pairs, crowded = candidates([Person(f"{number:05}", **same) for number in range(2_000)], None)
    assert pairs == []
    assert {one.people for one in crowded} == {2_000}


def test_in_a_crowd_those_who_share_more_are_still_compared():
    crowd = [Person(f"{number:05}", given=f"a{number}", phone="5550100") for number in range(200)]
    twice = replace(crowd[7], id="99999", number="12", street="stanley")
    crowd[7] = replace(crowd[7], number="12", street="stanley")
    pairs, crowded = candidates([*crowd, twice], None)
    assert (7, 200) in pairs
    assert len(pairs) < LARGEST_BLOCK
    assert crowded


def test_across_files_nobody_is_compared_within_one():
    one = Person("1", email="anna@gmail.com")
    assert candidates([one, one], [one])[0] == [(0, 0), (1, 0)]
