import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.suggestions.people import Person
from infra.suggestions.suggest import EXPECTED_WRONG, LEAST, suggest, sure_enough

ANNA = Person(
    id="1",
    given="anna",
    surname="lindqvist",
    birth="19800412",
    national_id="4711203",
    number="12",
    street="stanley",
    suburb="dapto",
    postcode="4566",
)


def score(a: Person, b: Person, among: tuple[Person, ...] = ()) -> float:
    answer = suggest([a, b, *among], threshold=0)
    return next((one.score for one in answer.suggestions if {one.a, one.b} == {a.id, b.id}), 0.0)


def suggested(a: Person, b: Person) -> bool:
    return bool(suggest([a, b]).suggestions)


def test_the_same_person_typed_twice_is_suggested_with_reasons():
    answer = suggest([ANNA, replace(ANNA, id="2", surname="lindquist", street="stanly")])
    (one,) = answer.suggestions
    assert (one.a, one.b) == ("1", "2")
    assert one.why == (
        "same given name",
        "surname alike (0.96)",
        "same date of birth",
        "same national id",
        "address alike",
        "same postcode and suburb alike",
    )


def test_a_person_who_moved_and_married_is_found_by_national_id_and_name():
    moved = replace(ANNA, id="2", surname="berg", number="3", street="harbour", suburb="perth", postcode="6000")
    assert suggested(ANNA, moved)


def test_a_person_is_found_without_a_national_id_at_another_house_number():
    anna = replace(ANNA, national_id="")
    assert suggested(anna, replace(anna, id="2", surname="lindquist", number="21"))


def test_names_swapped_are_one_person():
    assert suggested(ANNA, replace(ANNA, id="2", given="lindqvist", surname="anna", national_id=""))


def test_twins_stay_two():
    assert not suggested(ANNA, replace(ANNA, id="2", given="peter", national_id="5822314"))


@pytest.mark.parametrize(("one", "other"), [("maria", "marie"), ("jayden", "hayden"), ("anna", "hanna"), ("", "anna")])
def test_twins_whose_names_are_alike_or_unsaid_stay_two_without_an_id(one, other):
    twin = replace(ANNA, national_id="")
    assert not suggested(replace(twin, given=one), replace(twin, id="2", given=other))


def test_twins_with_ids_in_sequence_who_share_mailbox_and_phone_stay_two():
    twin = replace(ANNA, email="home@example.com", phone="293744001")
    assert not suggested(twin, replace(twin, id="2", given="peter", national_id="4711204"))


def test_father_and_son_of_one_name_stay_two():
    assert not suggested(ANNA, replace(ANNA, id="2", birth="20040101", national_id="5822314"))
    assert not suggested(replace(ANNA, birth=""), replace(ANNA, id="2", national_id=""))


def test_flatmates_and_couples_stay_two():
    assert not suggested(ANNA, replace(ANNA, id="2", given="peter", birth="19790101", national_id="5822314"))
    assert not suggested(ANNA, Person("2", "peter", "berg", "19790101", number="12", street="stanley", postcode="4566"))


def test_the_names_and_mailbox_of_a_customer_are_enough():
    one = Person("1", "anna", "lindqvist", email="anna.l@gmail.com")
    assert suggested(one, Person("2", "anna", "lindqvist", email="anna.l@gmail.com"))
    assert suggested(replace(one, phone="293744001"), Person("2", "anna", "lindqvist", phone="293744001"))


def test_two_customer_ids_are_never_suggested():
    assert not suggest(
        [replace(ANNA, customer_id="C1"), replace(ANNA, id="2", customer_id="c1")], threshold=0
    ).suggestions
    assert suggested(replace(ANNA, customer_id="C1"), replace(ANNA, id="2"))
    assert suggested(replace(ANNA, customer_id="C1"), replace(ANNA, id="2", customer_id="C1"))


def test_a_common_surname_counts_less_than_a_rare_one():
    crowd = tuple(Person(f"x{number}", surname="smith") for number in range(90))
    one = Person("1", "anna", "lindqvist", postcode="4566")
    rare = score(one, replace(one, id="2"), crowd)
    common = score(replace(one, surname="smith"), replace(one, id="2", surname="smith"), crowd)
    assert rare > common


def test_across_files_only_pairs_across_are_suggested():
    again = [replace(ANNA, id="2"), replace(ANNA, id="3")]
    answer = suggest([ANNA, replace(ANNA, id="4")], again)
    assert {(one.a, one.b) for one in answer.suggestions} == {("1", "2"), ("1", "3"), ("4", "2"), ("4", "3")}


def test_one_id_in_both_files_is_no_matter():
    (one,) = suggest([ANNA], [ANNA]).suggestions
    assert (one.a, one.b) == ("1", "1")


@pytest.mark.parametrize(("left", "right"), [([], None), ([ANNA], None), ([], []), ([ANNA], []), ([], [ANNA])])
def test_nobody_to_compare_with_gives_no_suggestions(left, right):
    assert suggest(left, right).suggestions == ()


def test_progress_sees_every_pair_once():
    seen = []

    def each(positions, total):
        for position in positions:
            seen.append((position, total))
            yield position

    suggest([ANNA, replace(ANNA, id="2"), replace(ANNA, id="3")], each=each)
    assert seen == [(0, 3), (1, 3), (2, 3)]


@st.composite
def people(draw):
    """A dozen people from a few values, so that much is shared."""
    number = draw(st.integers(2, 12))
    some = {
        "given": ["", "anna", "hanna", "ann", "berg", "李"],
        "surname": ["", "berg", "burg", "anna", "o1"],
        "birth": ["", "19800412", "19801204", "19800413"],
        "national_id": ["", "4711203", "4711230", "9"],
        "email": ["", "a.b@gmail.com", "ab+c@gmail.com", "x@example.com"],
        "phone": ["", "293744001", "93744001"],
        "number": ["", "1", "12"],
        "street": ["", "stanley", "stanly park"],
        "suburb": ["", "dapto", "daptoo"],
        "postcode": ["", "4566", "4565"],
        "state": ["", "nsw", "sa"],
        "country": ["", "au", "nz"],
        "customer_id": ["", "c1", "c2"],
    }
    return [
        Person(id=str(one), **{field: draw(st.sampled_from(values)) for field, values in some.items()})
        for one in range(number)
    ]


def shown(answer, turned=False):
    return sorted((one.b, one.a, one.score) if turned else (one.a, one.b, one.score) for one in answer.suggestions)


@settings(max_examples=60, deadline=None)
@given(people(), st.randoms())
def test_the_order_of_rows_does_not_matter(everybody, shuffle):
    mixed = everybody[:]
    shuffle.shuffle(mixed)
    assert suggest(mixed, threshold=0) == suggest(everybody, threshold=0)


@settings(max_examples=60, deadline=None)
@given(people(), people())
def test_the_order_of_files_does_not_matter(left, right):
    there, back = suggest(left, right, threshold=0), suggest(right, left, threshold=0)
    for one, other in zip(shown(there), shown(back, turned=True), strict=True):
        assert one[:2] == other[:2]
        assert one[2] == pytest.approx(other[2], abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(people(), st.floats(0, 1))
def test_scores_are_probabilities_best_first_above_the_threshold_and_each_pair_once(everybody, threshold):
    scores = [one.score for one in suggest(everybody, threshold=threshold).suggestions]
    assert scores == sorted(scores, reverse=True)
    assert all(threshold - 1e-6 <= one <= 1 for one in scores)
    pairs = [frozenset((one.a, one.b)) for one in suggest(everybody, threshold=0).suggestions]
    assert len(pairs) == len(set(pairs))
    assert all(len(pair) == 2 for pair in pairs)


def test_the_draw_of_strangers_does_not_touch_anybody_elses_dice():
    random.seed(1)
    before = random.random()
    random.seed(1)
    suggest([ANNA, replace(ANNA, id="2")])
    assert random.random() == before


def test_without_a_threshold_few_sure_pairs_need_no_more_than_the_least_score():
    assert sure_enough([0.5, 0.999, 0.995, LEAST, 0.989]) == LEAST
    assert sure_enough([]) == sure_enough([0.5]) == 1


@given(st.lists(st.floats(0, 1), max_size=30).map(lambda few: few * 20))
def test_without_a_threshold_less_than_one_suggestion_is_expected_to_be_wrong(scores):
    lowest = sure_enough(scores)
    assert lowest >= LEAST
    assert sum(1 - one for one in {*scores} if one > lowest) < EXPECTED_WRONG
