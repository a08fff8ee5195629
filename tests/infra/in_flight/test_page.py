"""The page on changing a running journey, done: every command of it, in order, on the laptop."""

import re
from pathlib import Path

import pytest

from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.in_flight.journeys import SECOND, START, days, enter, write

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "change-a-running-journey.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [
    (command, output.strip("\n"))
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for command, output in re.findall(r"^\$ (.*?)\n(.*?)(?=^\$ |\Z)", block, re.DOTALL | re.MULTILINE)
]
# A hash is of the compiled machine, and changes with the compiler.
HASH = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "steps.yaml").write_text(re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0])
    write(tmp_path / "first")
    write(tmp_path / "journeys", SECOND)
    return tmp_path


def comparable(printed):
    return [HASH.sub("hash", line.rstrip()) for line in printed.strip("\n").splitlines()]


def test_a_running_journey_is_changed_as_the_page_says(segue, here):
    with LocalWorld(here / "first", start=START) as world:
        enter(world, "ann")
        world.run_until(START + days(2))
        enter(world, "ben", "cid")
        world.run_until(START + days(3))
        world.deploy(here / "journeys")
        enter(world, "dan")
        world.run_until(START + days(3.5))
        for command, output in COMMANDS:
            if "--drained" in command:
                (here / "journeys" / "trial" / "journey.yaml").rename(here / "gone.yaml")
            answer = segue(*command.split()[1:])
            assert comparable(answer.stdout) == comparable(output), command + answer.stderr
            world.drain()
        world.run_until(START + days(60))
        assert len(world.outbox) == 8
        invariants.check(world, [])


def test_every_option_is_explained(segue):
    options = {
        option
        for command in ("versions", "migrate", "pause", "resume", "stop", "kill")
        for option in re.findall(r"--[a-z-]+", segue(command, "--help").stdout)
    }
    assert [option for option in sorted(options - {"--help"}) if option not in TEXT] == []
