"""The page on replaying a file shows what the command prints."""

import json
import re
from pathlib import Path

from tests.infra.cli.pages import printed, shown

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "replay-a-file.md").read_text(encoding="utf-8")
EVENTS = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)[0]


def test_the_first_replay_prints_what_the_page_shows(segue, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text(EVENTS)
    assert printed(segue("replay", str(file))) == shown(TEXT, "segue replay events.jsonl")


def test_lines_that_cannot_be_used_are_named_as_the_page_shows(segue, tmp_path):
    file = tmp_path / "bad.jsonl"
    bad = {"type": "track", "event": "Viewed", "userId": "u1", "timestamp": "yesterday"}
    file.write_text("\n".join(["not json", json.dumps(bad), json.dumps({"type": "decline", "userId": "u1"})]))
    assert printed(segue("replay", str(file))) == shown(TEXT, "segue replay bad.jsonl")


def test_two_mailboxes_on_one_browser_are_refused_as_the_page_shows(segue, tmp_path):
    file = tmp_path / "two-mailboxes.jsonl"
    both = [{"type": "identify", "anonymousId": "c1", "traits": {"email": f"{one}@example.com"}} for one in "ab"]
    file.write_text(
        "\n".join(json.dumps({**one, "timestamp": f"2026-03-02T10:0{n}:00Z"}) for n, one in enumerate(both))
    )
    said = json.loads(segue("replay", str(file), "--json").stdout)
    assert said["rejected_links"] == json.loads(shown(TEXT, "segue replay two-mailboxes.jsonl --json")[0])


def test_every_field_of_the_answer_and_every_option_is_explained(segue, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text(EVENTS)
    said = json.loads(segue("replay", str(file), "--json").stdout)
    assert [name for name in (*said, *said["profiles"][0], *said["meter"]) if f"`{name}`" not in TEXT] == []
    options = set(re.findall(r"--[a-z]+", segue("replay", "--help").stdout)) - {"--help"}
    assert [option for option in options if option not in TEXT] == []
