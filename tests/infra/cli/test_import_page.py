"""The page on importing profiles shows what the commands print, against a running `segue local`."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "import-profiles.md").read_text(encoding="utf-8")
FILE, REJECTED = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def shown(command):
    found = re.search(rf"^\$ {re.escape(command)}\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


@pytest.fixture
def customers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "customers.csv"
    file.write_text(FILE)
    return file


def timeless(text):
    return re.sub(r"As of \S+,", "As of then,", text)


def test_a_dry_run_prints_what_the_page_shows(segue, customers):
    command = "segue import profiles customers.csv --source crm --dry-run"
    answer = segue(*command.split()[1:])
    assert (timeless(answer.stdout), answer.exit_code) == (timeless(shown(command)), 1)


def test_the_file_is_sent_mended_and_sent_again_as_the_page_says(segue, customers, local):
    command = "segue import profiles customers.csv --source crm --to http://127.0.0.1:8765"
    sent = [*command.replace("http://127.0.0.1:8765", local.url).split()[1:]]
    answer = segue(*sent)
    assert (timeless(answer.stdout), answer.exit_code) == (timeless(shown(command)), 1)
    rejected = customers.with_name("customers.rejected.csv")
    assert rejected.read_text().replace("\r\n", "\n") == REJECTED
    rejected.write_text(rejected.read_text().replace("high", "0.5"))
    mended = segue("import", "profiles", str(rejected), "--source", "crm", "--to", local.url)
    assert (mended.stdout.splitlines()[0], mended.exit_code) == ("1 row: 1 sent, 0 rejected.", 0)
    people = {
        next(i["value"] for i in one["identifiers"] if i["namespace"] == "customer_id"): one for one in ours(local)
    }
    assert people["u-17"]["traits"] == {
        "email": "ann@example.com",
        "plan": "gold",
        "visits": 12,
        "email_hash": "9f86d0",
    }
    assert people["u-18"]["traits"] == {"email": "bo@example.com", "plan": "silver", "visits": 3}
    assert people["u-19"]["traits"] == {"visits": 0}
    assert segue(*sent).exit_code == 1
    assert ours(local) == list(people.values())


def ours(local):
    return [
        one for one in local.look("world")["profiles"] if {"namespace": "customer_id"}.items() <= named(one).items()
    ]


def named(one):
    return next((i for i in one["identifiers"] if i["value"] in ("u-17", "u-18", "u-19")), {})


def test_every_option_is_explained(segue):
    options = set(re.findall(r"--[a-z-]+", segue("import", "profiles", "--help").stdout)) - {"--help"}
    options -= {"--bus", "--write-key", "--json"}
    assert [option for option in options if option not in TEXT] == []
