"""How often are suggestions right, and how much do they find? On made-up files that know the truth."""

import pytest

from infra.suggestions.people import person, recognised
from infra.suggestions.suggest import suggest
from tests.infra.suggestions.febrl import Setting, made

SETTINGS = {
    "one duplicate each": Setting(),
    "up to five each": Setting(2000, 3000, most_each=5, most_a_field=2),
    "badly typed": Setting(2500, 2500, most_a_field=3, most_a_record=10),
    "much missing": Setting(2500, 2500, most_each=3, most_a_field=2, most_a_record=6, missing=0.15),
}


def read(rows):
    columns = recognised(rows[0], "rec_id")
    return [person(row, "rec_id", columns) for row in rows]


def found(answer):
    return {frozenset((one.a, one.b)) for one in answer.suggestions}


@pytest.mark.parametrize("seed", [3, 14, 159])
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_within_a_file_no_suggestion_is_wrong_and_most_duplicates_are_found(setting, seed):
    originals, copies, truth = made(seed, setting)
    suggested = found(suggest(read(originals + copies)))
    assert suggested - truth == set()
    assert len(suggested) / len(truth) > 0.65


@pytest.mark.parametrize("seed", [26, 535])
@pytest.mark.parametrize("setting", [Setting(5000, 5000, 1, 2, 4), Setting(5000, 5000, 1, 3, 10)], ids=["fair", "bad"])
def test_across_two_files_of_five_thousand_no_suggestion_is_wrong(setting, seed):
    originals, copies, truth = made(seed, setting)
    suggested = found(suggest(read(originals), read(copies)))
    assert suggested - truth == set()
    assert len(suggested) / len(truth) > 0.8


def test_in_families_without_duplicates_nobody_is_suggested():
    originals, _, _ = made(8, Setting(5000, 0))
    assert suggest(read(originals)).suggestions == ()


def test_a_seed_makes_the_same_file_again():
    assert made(1, Setting(50, 50)) == made(1, Setting(50, 50))
