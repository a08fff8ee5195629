"""The page on sending events locally works as written: its commands, its snippets and what they print."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.local_server import ROOT

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

TEXT = (ROOT / "docs" / "how-to" / "send-events-locally.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8765"


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found


def ran(command, text, local):
    done = subprocess.run(
        command,
        input=text.replace(HERE, local.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT / "infra" / "node",
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def orders(local):
    return len([one for one in local.look("events") if one["body"].get("event") == "Order Completed"])


def test_the_curl_line_prints_what_the_page_shows(local):
    assert ran(["bash"], blocks("sh")[0], local) == blocks("json")[0].rstrip()


@pytest.mark.parametrize("snippet", blocks("python"), ids=["segment", "boto3"])
def test_the_python_snippets_arrive(local, snippet):
    before = orders(local)
    ran([sys.executable, "-"], snippet, local)
    assert orders(local) - before in (0, 1)
    assert [one for one in local.look("events") if one["body"].get("userId") == "u1"]


def test_the_node_snippet_arrives(local):
    before = orders(local)
    ran([str(Path(sys.executable).parent / "node"), "-"], blocks("js")[0], local)
    assert orders(local) == before + 1


def test_both_looks_answer_json(local):
    for line in blocks("sh")[1].splitlines():
        assert isinstance(json.loads(ran(["bash"], line, local)), dict | list)


def off_plan(local):
    return [one for one in local.look("world")["warnings"] if one["code"] == "off_plan"]


def test_the_first_examples_that_people_meet_are_on_the_plan_that_ships(segue, local):
    front = local.ask("GET", "/")[2].decode()
    shown = [blocks("sh")[0], front, segue("local", "--help").stdout]
    before, told = orders(local), off_plan(local)
    for text in shown:
        message = re.search(r"-d '(\{.*?\})'", " ".join(text.split()))
        assert (
            local.ask("POST", "/v1/track", {**json.loads(message[1]), "messageId": f"first-{shown.index(text)}"})[0]
            == 200
        )
    for snippet in blocks("python"):
        ran([sys.executable, "-"], snippet, local)
    assert orders(local) > before
    assert off_plan(local) == told


def test_a_sent_file_prints_what_the_page_shows(segue, local, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_text(
        '{"type": "track", "event": "Viewed", "userId": "u1"}\n{"type": "track", "event": "Viewed"}\n{'
    )
    shown = blocks("console")[1].splitlines()
    answer = segue(*shown[0].removeprefix("$ segue ").split(), "--to", local.url)
    assert answer.stdout.splitlines() == shown[1:]


def test_every_option_of_both_commands_is_explained(segue):
    for command in ("local", "send"):
        options = set(re.findall(r"--[a-z-]+", segue(command, "--help").stdout)) - {"--help"}
        assert [option for option in sorted(options) if option not in TEXT] == []
