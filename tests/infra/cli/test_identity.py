import csv
import json
import sys

import pytest

from infra.cli.main import app
from tests.infra.suggestions.febrl import Setting, made

PEOPLE = """contact_id,First Name,Last Name,E-Mail,DOB,Address,ZIP
1,Hanna,Müller,hanna.mueller+shop@gmail.com,02.01.1980,Lindenstr. 5,10969
2,Hanna,Mueller,hannamueller@googlemail.com,1980-01-02,Lindenstr 5,10969
3,Jonas,Müller,,03.04.2010,Lindenstr. 5,10969
4,Lena,Müller,,03.04.2010,Lindenstr. 5,10969
"""


@pytest.fixture
def write(tmp_path):
    def file(text, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return file


def test_the_identity_commands_are_taught(segue):
    assert "identity" in segue("--help").stdout
    shown = segue("identity", "suggest", "--help")
    assert shown.exit_code == 0
    for words in ("--id", "--threshold", "--json", "Nothing is linked"):
        assert words in shown.stdout
    assert "identity" in [group.name for group in app.registered_groups]


def test_suggestions_as_json_hold_ids_score_and_reasons(segue, write):
    answer = segue("identity", "suggest", write(PEOPLE), "--id", "contact_id", "--json")
    assert (answer.exit_code, answer.stderr) == (0, "")
    (one,) = json.loads(answer.stdout)
    assert list(one) == ["a", "b", "score", "why"]
    assert (one["a"], one["b"]) == ("1", "2")
    assert 0.99 <= one["score"] <= 1
    assert "same date of birth" in one["why"]
    assert "same mailbox, its address written differently" in one["why"]


def test_without_json_it_is_a_table_to_read(segue, write):
    answer = segue("identity", "suggest", write(PEOPLE), "--id", "contact_id")
    assert answer.exit_code == 0
    assert "same given name" in answer.stdout
    assert "hanna" not in answer.stdout.lower()


def test_a_lower_threshold_shows_more(segue, write):
    answer = segue("identity", "suggest", write(PEOPLE), "--id", "contact_id", "--threshold", "0", "--json")
    pairs = [(one["a"], one["b"]) for one in json.loads(answer.stdout)]
    assert ("3", "4") in pairs
    assert pairs[0] == ("1", "2")


def test_nobody_twice_is_said_and_is_no_failure(segue, write):
    answer = segue("identity", "suggest", write("id,name\n1,Anna Berg\n2,Peter Holm\n"), "--id", "id", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, [])
    assert "Nobody seems to be there twice" in answer.stderr


def test_two_files_with_different_columns_are_linked(segue, write):
    a = write("id,name,email\n7,Anna Lindqvist,anna@example.com\n", "a.csv")
    b = write("id;e-mail;surname;given_name\n9;ANNA@example.com;Lindqvist;Anna\n", "b.csv")
    answer = segue("identity", "suggest", a, b, "--id", "id", "--json")
    assert [(one["a"], one["b"]) for one in json.loads(answer.stdout)] == [("7", "9")]


def test_customers_are_never_suggested_to_be_one_and_the_reader_is_told_why(segue, write):
    people = write("customer_id,name,email\n1,Anna Lind,anna@example.com\n2,Anna Lind,anna@example.com\n")
    answer = segue("identity", "suggest", people, "--id", "customer_id", "--threshold", "0", "--json")
    assert json.loads(answer.stdout) == []
    assert "two customer ids are never suggested" in answer.stderr


def test_what_too_many_share_is_reported_without_saying_what_it_is(segue, write):
    rows = "".join(f"{number},a{number},5550100\n" for number in range(150))
    answer = segue("identity", "suggest", write("id,given_name,phone\n" + rows), "--id", "id")
    assert "note: 150 people share one phone and initial" in answer.stderr
    assert "5550100" not in answer.output


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("", "is empty", "the first line names the columns"),
        ("\n \n", "is empty", "the first line names the columns"),
        ("id,name\n", "has a header but no rows", "a row for each person"),
        ("key,name\n1,Anna\n", "has no column id", "--id takes one of: key, name"),
        ("id,colour\n1,red\n", "nothing to compare", "I know these columns: givenname"),
        ("id,name\n1,Anna\n\n1,Peter\n", ":4: the same id as line 2", "give every row an id of its own"),
        ("id,name\n,Anna\n", ":2: id is empty", "give every row an id of its own"),
        ("id,name\n1,Anna,Berg\n", ":2: 3 cells, the header has 2", "in double quotes"),
        ('id,name\n1,"Anna\n', ":2: unexpected end of data", "close what a double quote opens"),
        ("id,name,name\n1,Anna,Berg\n", ":1: two columns are named name", "name each column once"),
        (b"id,name\n1,M\xfcller\n", ":2: not UTF-8 text", "save the file as CSV in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_line_and_the_fix(segue, write, text, problem, fix):
    answer = segue("identity", "suggest", write(text), "--id", "id")
    assert answer.exit_code == 2
    assert problem in answer.stderr
    assert fix in answer.stderr
    assert "Anna" not in answer.stderr


def test_arguments_that_cannot_be_used_are_told(segue, write, tmp_path):
    assert segue("identity", "suggest", write(PEOPLE)).exit_code == 2
    assert segue("identity", "suggest", str(tmp_path / "nowhere.csv"), "--id", "id").exit_code == 2
    answer = segue("identity", "suggest", write(PEOPLE), "--id", "contact_id", "--threshold", "99")
    assert (answer.exit_code, "scores run from 0 to 1" in answer.stderr) == (2, True)


def test_without_the_extra_the_answer_is_how_to_install_it(segue, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    answer = segue("identity", "suggest", write(PEOPLE), "--id", "contact_id")
    assert answer.exit_code == 3
    assert "rapidfuzz, which is not installed" in answer.stderr
    assert "pip install --python .venv/bin/python -e '.[suggest]'" in answer.stderr


def test_a_padded_header_and_a_byte_order_mark_do_not_matter(segue, tmp_path):
    originals, copies, truth = made(5, Setting(60, 60))
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f" {name}" if number else name for number, name in enumerate(originals[0])])
        writer.writerows([one.values() for one in originals + copies])
    answer = segue("identity", "suggest", str(path), "--id", "rec_id", "--json")
    pairs = {frozenset((one["a"], one["b"])) for one in json.loads(answer.stdout)}
    assert pairs <= truth
    assert len(pairs) > 40
