"""The page on rebuilding shows what the command prints."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.shared.rows import Write
from functions.shared.store import DynamoRows
from infra.local.requests import acting
from infra.local.world import LocalWorld

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "rebuild-from-the-archive.md").read_text(encoding="utf-8")
START = datetime(2026, 11, 2, 10, tzinfo=UTC)
EVENTS = [
    {"type": "page", "anonymousId": "c1"},
    {"type": "identify", "userId": "u1", "traits": {"email": "ann@example.com", "first_name": "Ann"}},
    {"type": "identify", "userId": "u1", "anonymousId": "c1"},
]


@pytest.fixture(scope="module")
def world():
    with LocalWorld(start=START) as world:
        for hour, event in enumerate(EVENTS):
            world.run_until(START + timedelta(hours=hour))
            world.put_events([{"messageId": f"m{hour}", **event}])
            world.drain()
        yield world


def shown():
    return dict(re.findall(r"```console\n\$ (segue replay[^\n]*)\n(.*?)```", TEXT, re.DOTALL))


def printed(segue, command):
    return segue(*command.split()[1:]).stdout


def test_each_command_prints_what_the_page_shows(segue, world):
    (first, equal), (second, damaged) = shown().items()
    assert printed(segue, first) == equal
    with acting("local"):
        profiles = world.history().profiles
        [person] = profiles.scan()
        DynamoRows().commit([Write(profiles.key(person.profile), None, {})])
    assert printed(segue, second) == damaged


def test_every_option_of_a_rebuild_is_explained(segue):
    said = segue("replay", "--help").stdout
    mine = {"--stage", "--since", "--until", "--tables", "--memory", "--keep", "--journeys", "--policy", "--json"}
    assert mine <= set(re.findall(r"--[a-z]+", said))
    assert [option for option in sorted(mine) if f"`{option}" not in TEXT and f", `{option}" not in TEXT] == []
