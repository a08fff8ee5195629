"""People under way are brought into another version, whatever happens meanwhile."""

import json
from dataclasses import replace

import boto3
import pytest

from functions.journeys.api import Enrolments
from functions.journeys.machines import Machines
from infra.in_flight.machine import Machine
from infra.in_flight.migrate import Migration
from infra.in_flight.step_functions import StepFunctions
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.in_flight.journeys import FIRST, HEAD, SECOND, START, days, enter, write

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-dev-"
MAP = {"settle": "settle_in"}


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "steps.yaml").write_text("settle: settle_in\n")
    (tmp_path / "back.yaml").write_text("settle_in: settle\n")
    return write(tmp_path / "first"), write(tmp_path / "second", SECOND), tmp_path


def at_two_places(world, second):
    """Ann waits for an event, ben a fixed time, cid is in the new version."""
    enter(world, "ann")
    world.run_until(START + days(2))
    enter(world, "ben")
    world.run_until(START + days(3))
    world.deploy(second)
    enter(world, "cid")


def sent(world):
    return sorted((one.to.partition("@")[0], (one.at - START).days) for one in world.outbox)


def rows(world):
    with acting("local"):
        found = Enrolments(world.table("enrolments")).scan("trial")
        return sorted((one.status, one.reason, one.run) for one in found)


def test_people_are_moved_and_wait_as_long_as_the_new_version_says(folders, segue):
    first, second, files = folders
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        asked = ("migrate", "trial", "--from", "1", "--to", "2", "--map", str(files / "steps.yaml"))
        dry = json.loads(segue(*asked, "--dry-run", "--json").stdout)
        assert (dry["moved"], len(dry["people"])) == (0, 2)
        assert rows(world) == [("active", None, 1)] * 3
        said = json.loads(segue(*asked, "--json").stdout)
        assert (said["moved"], said["people"]) == (2, dry["people"])
        assert {one["stands"]: one["goes_on"] for one in said["people"]} == {
            "Wait for Replied, 5 days at most": "Wait for Replied or Called, 9 days at most",
            "Settle: wait 2 days": "Remind by email, after the rest of settle_in",
        }
        world.drain()
        versions = json.loads(segue("versions", "trial", "--json").stdout)["versions"]
        assert [(one["version"], one["running"]) for one in versions] == [(2, 3), (1, 0)]
        world.run_until(START + days(40))
        # Ben's wait began on day 2 and is four days long now; ann waits nine days from day 3, then is reminded again.
        assert sent(world) == [("ann", 2), ("ann", 12), ("ben", 6), ("ben", 15), ("cid", 7), ("cid", 16)]
        assert rows(world) == [("completed", None, 1), ("completed", None, 2), ("completed", None, 2)]
        invariants.check(world, [])


def test_migrating_back_undoes_it(folders, segue):
    first, second, files = folders
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        segue("migrate", "trial", "--from", "1", "--to", "2", "--map", str(files / "steps.yaml"))
        world.drain()
        answer = segue("migrate", "trial", "--from", "2", "--to", "1", "--map", str(files / "back.yaml"))
        assert answer.exit_code == 0, answer.stdout + answer.stderr
        assert "3 people moved." in answer.stdout
        world.run_until(START + days(40))
        assert sent(world) == [("ann", 2), ("ben", 4), ("cid", 5)]
        invariants.check(world, [])


def test_what_happened_while_somebody_was_moved_is_found_by_looking_back(folders, segue):
    first, second, files = folders
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        segue("migrate", "trial", "--from", "1", "--to", "2", "--map", str(files / "steps.yaml"))
        enter(world, "ann", event="Called")
        world.run_until(START + days(3))
        assert ("ann", 3) in sent(world)
        invariants.check(world, [])


def test_who_stays_is_counted_and_the_exit_code_says_so(folders, segue):
    first, second, _ = folders
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        answer = segue("migrate", "trial", "--from", "1", "--to", "2", "--dry-run")
        assert answer.exit_code == 1
        assert "stay: settle has no counterpart" in answer.stdout
        assert "Nobody was moved (--dry-run)." in answer.stdout
        answer = segue("migrate", "trial", "--from", "1", "--to", "2")
        assert (answer.exit_code, "1 person moved. Undo: segue migrate trial --from 2 --to 1" in answer.stdout) == (
            1,
            True,
        )
        assert rows(world) == [("active", None, 1), ("active", None, 1), ("active", None, 2)]


class Dies(Exception):
    """The process ends here."""


class Mortal:
    """Passes requests on, and dies before or after the n-th that writes."""

    writes = frozenset({"move", "stop_execution", "start_execution"})

    def __init__(self, inner, life):
        self._inner, self._life = inner, life

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name not in self.writes:
            return found

        def request(*said, **more):
            number = self._life["done"]
            self._life["done"] += 1
            if number == self._life["before"]:
                raise Dies
            answer = found(*said, **more)
            if number == self._life["after"]:
                raise Dies
            return answer

        return request


def migration(world, life):
    enrolments = Mortal(Enrolments(world.table("enrolments")), life)
    machine = StepFunctions(f"{ARN}trial", Mortal(boto3.client("stepfunctions"), life))
    old, new = sorted(machine.versions(), key=lambda one: one.number)
    before, after = (Machine(machine.definition(one.number)) for one in (old, new))
    machines = Machines(ARN, machine.client)
    return Migration(enrolments, machine, machines, old, new, before, after, MAP)


def carry_out(world, **life):
    """Moves everybody until the process dies; True when it did not."""
    with acting("local"):
        moving = migration(world, {"done": 0, "before": None, "after": None, **life})
        running = [row for row in moving.enrolments.scan("trial") if row.running]
        try:
            for one in list(moving.asked(running, list(moving.machine.running()))):
                moving.carry_out(one)
        except Dies:
            return False
    return True


@pytest.mark.parametrize("life", [{when: number} for when in ("before", "after") for number in range(6)])
def test_a_death_between_any_two_requests_is_made_good_by_the_next_call(folders, life):
    first, second, _ = folders
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        assert not carry_out(world, **life)
        world.drain()
        assert carry_out(world)
        assert carry_out(world)
        world.run_until(START + days(40))
        assert sent(world) == [("ann", 2), ("ann", 12), ("ben", 6), ("ben", 15), ("cid", 7), ("cid", 16)]
        assert rows(world) == [("completed", None, 1), ("completed", None, 2), ("completed", None, 2)]
        invariants.check(world, [])


def test_a_run_that_ends_meanwhile_stays_ended(folders):
    first, second, _ = folders
    with LocalWorld(write(first, head=HEAD.replace("steps:", "exit: {on: Bought}\nsteps:")), start=START) as world:
        at_two_places(world, second)
        with acting("local"):
            moving = migration(world, {"done": 0, "before": None, "after": None})
            running = [row for row in moving.enrolments.scan("trial") if row.running]
            asked = list(moving.asked(running, list(moving.machine.running())))
            for one in asked:
                moving.enrolments.exit(one.row, "Bought", world.clock(), "m1", None)
            assert [moving.carry_out(one) for one in asked] == [False, False]
            # As if the exit came between row and start.
            again = [replace(one, row=replace(one.row, run=2, version=moving.new.hash)) for one in asked]
            assert [moving.carry_out(one) for one in again] == [True, True]
        world.run_until(START + days(40))
        assert [one for one in sent(world) if one[0] != "cid"] == [("ann", 2)]


def test_an_experiment_the_old_version_had_not_is_drawn_by_the_shares_in_its_files(folders, segue):
    first, _, files = folders
    nudge = (
        "\n  - experiment: nudge\n    variants: {short: 50%, long: 50%}\n    steps: {short: [], long: [{wait: 1d}]}\n"
    )
    third = write(files / "third", FIRST + nudge.lstrip("\n"))
    with LocalWorld(first, start=START) as world:
        enter(world, "ann")
        world.run_until(START + days(1))
        world.deploy(third)
        asked = ("migrate", "trial", "--from", "1", "--to", "2", "--journeys")
        answer = segue(*asked, str(first))
        assert (answer.exit_code, "people drew no arm of: nudge" in answer.stderr) == (2, True)
        assert segue(*asked, str(third)).exit_code == 0
        world.run_until(START + days(40))
        assert rows(world) == [("completed", None, 2)]
        with acting("local"):
            [row] = Enrolments(world.table("enrolments")).scan("trial")
        assert row.arms["nudge"] in ("short", "long")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--from", "1", "--to", "1"], 2, "--from and --to are both 1"),
        (["--from", "1", "--to", "7"], 2, "trial has no version 7\n  it has 1; see segue versions"),
    ],
)
def test_versions_that_are_not_there_are_said_plainly(folders, segue, arguments, code, words):
    with LocalWorld(folders[0], start=START):
        answer = segue("migrate", "trial", *arguments)
        assert (answer.exit_code, words in answer.stderr) == (code, True), answer.stderr


def test_a_fault_in_the_map_moves_nobody(folders, segue):
    first, second, files = folders
    (files / "steps.yaml").write_text("setle: settle_in\n")
    with LocalWorld(first, start=START) as world:
        at_two_places(world, second)
        answer = segue("migrate", "trial", "--from", "1", "--to", "2", "--map", str(files / "steps.yaml"))
        assert answer.exit_code == 2
        assert 'steps.yaml:1:1: error: the old version has no step "setle", did you mean "settle"?' in answer.stderr
        assert rows(world) == [("active", None, 1)] * 3
