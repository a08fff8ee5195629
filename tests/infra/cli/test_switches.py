"""A journey is paused, let go, killed and stopped from a terminal."""

import json
from collections import Counter

import pytest

from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.in_flight.journeys import START, days, enter, write


def to(world):
    return sorted(one.to.partition("@")[0] for one in world.outbox)


def runs(world):
    with acting("local"):
        found = Enrolments(world.table("enrolments")).scan("trial")
        return Counter((one.status, one.reason) for one in found)


def test_a_paused_journey_holds_people_at_their_next_message_until_it_is_resumed(tmp_path, segue):
    with LocalWorld(write(tmp_path), start=START) as world:
        enter(world, "ann", "ben")
        answer = segue("pause", "trial")
        assert answer.exit_code == 0, answer.stderr
        assert answer.stdout == (
            "2 people: held at their next message or wait for an event. "
            "Every function knows within five seconds. Undo: segue resume trial\n"
        )
        world.run_until(START + days(1))
        enter(world, "cid")
        world.run_until(START + days(4))
        assert to(world) == []
        said = json.loads(segue("pause", "trial", "--json").stdout)
        assert said == {
            "journey": "trial", "stage": "dev", "word": "pause", "was": "pause", "running": 2, "held": 2, "let_go": 0
        }  # fmt: skip
        assert "2 people let go" in segue("resume", "trial").stdout
        world.run_until(START + days(30))
        assert to(world) == ["ann", "ben"]
        assert runs(world) == {("completed", None): 2}
        assert "neither paused, stopped nor killed" in segue("resume", "trial").stdout
        invariants.check(world, [])


def test_whom_a_pause_holds_can_be_moved_to_another_version(tmp_path, segue):
    slow = "\n  - id: settle\n    wait: 2d\n  - id: nudge\n    send: reminder\n    channel: email\n"
    with LocalWorld(write(tmp_path / "first"), start=START) as world:
        enter(world, "ann")
        segue("pause", "trial")
        world.run_until(START + days(3))
        world.deploy(write(tmp_path / "second", slow))
        (tmp_path / "steps.yaml").write_text("remind: nudge\nreply: nudge\n")
        answer = segue("migrate", "trial", "--from", "1", "--to", "2", "--map", str(tmp_path / "steps.yaml"))
        assert (answer.exit_code, "1 person moved" in answer.stdout) == (0, True), answer.stdout + answer.stderr
        world.run_until(START + days(4))
        assert to(world) == []
        segue("resume", "trial")
        world.run_until(START + days(30))
        assert to(world) == ["ann"]
        assert runs(world) == {("completed", None): 1}
        invariants.check(world, [])


def test_a_killed_channel_sends_nothing_and_people_go_on(tmp_path, segue):
    with LocalWorld(write(tmp_path), start=START) as world:
        enter(world, "ann")
        answer = segue("kill", "--channel", "email")
        assert "1 person under way in any journey: get nothing of it any more" in answer.stdout
        assert "Undo: segue resume --channel email" in answer.stdout
        world.run_until(START + days(30))
        assert to(world) == []
        assert runs(world) == {("completed", None): 1}
        with acting("local"):
            assert [one.reason for one in Messages(world.table("messages")).scan()] == ["kill_switch"]


def test_stop_says_what_it_would_end_and_ends_it_when_told_so(tmp_path, segue):
    with LocalWorld(write(tmp_path), start=START) as world:
        enter(world, "ann", "ben")
        answer = segue("stop", "trial")
        assert answer.exit_code == 1
        assert answer.stdout.startswith("This ends the journey for 2 people, and cannot be undone for them.\n")
        assert runs(world) == {("active", None): 2}
        assert json.loads(segue("stop", "trial", "--json").stdout)["stopped"] is None
        answer = segue("stop", "trial", "--yes")
        assert answer.exit_code == 0, answer.stderr
        assert answer.stdout == "2 people ended; nobody enters trial until segue resume trial.\n"
        world.run_until(START + days(1))
        enter(world, "cid")
        assert runs(world) == {("exited", "stopped"): 2}
        segue("resume", "trial")
        world.run_until(START + days(2))
        enter(world, "dan")
        assert runs(world) == {("exited", "stopped"): 2, ("active", None): 1}
        world.run_until(START + days(30))
        assert to(world) == ["dan"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pause"], 2, "name a journey, or a channel with --channel"),
        (["pause", "trial", "--channel", "email"], 2, "name a journey, or a channel"),
        (["kill", "--channel", "emial"], 2, 'did you mean "email"?'),
        (["resume", "trail"], 1, 'did you mean "trial"?'),
        (["stop", "trail", "--yes"], 1, 'did you mean "trial"?'),
        (["pause", "trial", "--stage", "prod"], 1, "no journey is deployed to stage prod"),
    ],
)
def test_what_cannot_be_switched_is_said_plainly(tmp_path, segue, arguments, code, words):
    with LocalWorld(write(tmp_path), start=START):
        answer = segue(*arguments)
        assert (answer.exit_code, words in answer.stderr) == (code, True), answer.stderr
