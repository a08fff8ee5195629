import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.suggestions.people import Person, birth_date, comparable, person, recognised
from tests.infra.suggestions.febrl import FIELDS

FEBRL = ["rec_id", *FIELDS]


def read(**cells):
    return person({"id": "1", **cells}, "id", recognised(["id", *cells], "id"))


def test_febrls_columns_are_all_known_but_the_id():
    known = recognised(FEBRL, "rec_id")
    assert set(known.values()) == set(FEBRL) - {"rec_id"}


@pytest.mark.parametrize(
    ("column", "attribute"),
    [
        ("First Name", "given"),
        ("last_name", "surname"),
        ("E-Mail", "email"),
        ("Mobile Phone", "phone"),
        ("DOB", "birth"),
        ("ZIP", "postcode"),
        ("City", "suburb"),
        ("address", "street"),
        ("SSN", "national_id"),
    ],
)
def test_usual_spellings_of_a_column_are_known(column, attribute):
    assert recognised([column], "id") == {attribute: column}


def test_columns_that_say_nothing_of_a_person_leave_nothing_to_compare():
    assert not comparable(recognised(["id", "colour", "state"], "id"))
    assert comparable(recognised(["id", "name"], "id"))


def test_the_id_column_is_not_compared_but_a_customer_id_stays_one():
    assert recognised(["email", "name"], "email") == {"name": "name"}
    assert recognised(["customer_id", "name"], "customer_id") == {"customer_id": "customer_id", "name": "name"}


@pytest.mark.parametrize("name", ["Anna Maria O'Brien", "O'Brien, Anna-Maria", "  ÁNNA   MARIA o’brien "])
def test_a_whole_name_is_parted(name):
    read_name = read(name=name)
    assert (read_name.given, read_name.surname) == ("annamaria", "obrien")


def test_name_beside_a_surname_is_the_given_name():
    one = read(name="Anna", surname="Berg")
    assert (one.given, one.surname) == ("anna", "berg")


@pytest.mark.parametrize(
    "text",
    ["19800102", "1980-01-02", "1980-01-02t10:00:00", "02/01/1980", "2.1.1980", "1980/1/2", "1980-01-02 00:00:00"],
)
def test_a_date_of_birth_reads_the_same_however_written(text):
    assert birth_date(text) == "19800102"


def test_month_before_day_is_read_where_it_cannot_be_otherwise():
    assert birth_date("01/31/1980") == "19800131"


@pytest.mark.parametrize("text", ["", "1980", "00000000", "soon", "1980-01-02-03-04-05-0000000"])
def test_what_is_no_date_is_left_out(text):
    assert birth_date(text) in {"", "19800102"}


@pytest.mark.parametrize("nothing", [None, "", "  ", "NULL", "n/a", "nan", "Unknown", "-", float("nan")])
def test_words_for_nothing_say_nothing(nothing):
    row = dict.fromkeys(["name", "email", "phone", "dob", "ssn", "postcode", "address"], nothing)
    assert read(**row) == Person(id="1")


@pytest.mark.parametrize("placeholder", ["000-00-0000", "999999999", "1111111"])
def test_ids_and_phones_of_one_digit_are_placeholders(placeholder):
    one = read(ssn=placeholder, phone=placeholder)
    assert (one.national_id, one.phone) == ("", "")


def test_whole_numbers_that_became_decimals_are_whole_again():
    one = read(dob=19800102.0, ssn=1234567.0, postcode="2000.0")
    assert (one.birth, one.national_id, one.postcode) == ("19800102", "1234567", "2000")


def test_phones_are_the_same_with_and_without_country_code():
    assert read(phone="+61 2 9374 4001").phone == read(phone="(02) 9374-4001").phone


def test_gmail_ignores_dots_and_tags_and_other_providers_do_not():
    assert read(email="An.Na+shop@GoogleMail.com").loose_email == read(email="anna@gmail.com").loose_email
    assert read(email="an.na+shop@example.com").loose_email == "an.na+shop@example.com"


@pytest.mark.parametrize("address", ["12 Stanley Street", "Stanley St. 12", "12, stanley"])
def test_the_house_number_is_found_in_the_line(address):
    one = read(address=address)
    assert (one.number, one.street) == ("12", "stanley")


@given(st.sampled_from([*FIELDS, "name", "email", "phone"]), st.text())
def test_no_text_stops_the_reading(column, text):
    row = {"id": "1", column: text}
    assert person(row, "id", recognised(row, "id")).id == "1"


@given(st.one_of(st.text(), st.binary(), st.floats(), st.booleans(), st.lists(st.integers())))
def test_no_type_of_value_stops_the_reading(value):
    row = dict.fromkeys([*FEBRL, "email", "phone", "customer_id"], value)
    assert isinstance(person(row, "rec_id", recognised(row, "rec_id")), Person)
