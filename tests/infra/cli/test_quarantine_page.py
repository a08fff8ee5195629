"""The page on mending rejected events, done: every command of it, in order, on the laptop."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.world import LocalWorld
from tests import invariants

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "mend-rejected-events.md").read_text(encoding="utf-8")
COMMANDS = [
    (command, output.strip())
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for command, output in re.findall(r"^\$ (.*?)\n(.*?)(?=^\$ |\Z)", block, re.DOTALL | re.MULTILINE)
]
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
ORDER = {"type": "track", "event": "Order Completed"}
SENT = [
    {**ORDER, "messageId": "o-1", "userId": ["u-17"]},
    {"type": "track", "messageId": "o-2", "userId": "u-18"},
    {**ORDER, "messageId": "o-3", "userId": ["u-19"]},
]


@pytest.fixture
def told(segue, tmp_path, monkeypatch):
    """What a command of the page prints; files are its own, and pipes go to a shell."""
    monkeypatch.chdir(tmp_path)

    def run(command):
        asked, _, piped = command.partition(" | ")
        answer = segue(*asked.split()[1:])
        assert answer.exit_code == 0, answer.stderr
        if not piped:
            return answer.stdout
        return subprocess.run(
            ["sh", "-c", piped], input=answer.stdout, text=True, capture_output=True, check=True
        ).stdout

    return run


def comparable(printed, name):
    return [line.rstrip() for line in printed.replace(name, "3f0c9d2e41aa").strip().splitlines()]


def test_bad_events_are_found_mended_and_put_back_as_the_page_says(told):
    with LocalWorld(start=START) as world:
        world.put_events(SENT)
        world.run_until(START + timedelta(minutes=1))
        (name,) = {line.split()[-1] for line in told(COMMANDS[0][0]).splitlines() if "shop" in line}
        for command, output in COMMANDS:
            assert comparable(told(command.replace("3f0c9d2e41aa", name)), name) == output.splitlines(), command
            world.run_until(world.clock() + timedelta(minutes=1))
        history = world.history()
        owners = {
            event.message_id: (event.received_at, event.body["userId"])
            for person in history.profiles.scan()
            for event in history.timeline(person.profile)
        }
        assert owners == {"o-1": (START, "u-17"), "o-3": (START, "u-19")}
        invariants.check(world, SENT)


def test_every_option_is_explained(segue):
    options = {
        option
        for command in ("list", "show", "replay")
        for option in re.findall(r"--[a-z-]+", segue("quarantine", command, "--help").stdout)
    }
    assert [option for option in sorted(options - {"--help", "--stage"}) if option not in TEXT] == []
