"""Two versions of a journey at once: who follows which, and what the commands say of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.in_flight.versions import Version, hash_in, newest, published, sure
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.in_flight.journeys import FIRST, SECOND, START, days, enter, write

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
VERSIONS = [Version(number, hash_, MARCH + days(number)) for number, hash_ in ((3, "aaaa"), (2, "bbbb"), (1, "aaaa"))]


@pytest.mark.parametrize(
    ("hash_", "day", "number"),
    [("aaaa", 1.5, 1), ("bbbb", 2.5, 2), ("aaaa", 2.5, 1), ("aaaa", 3, 3), ("bbbb", 0.5, 2), ("cccc", 3, None)],
)
def test_the_same_content_published_again_is_told_apart_by_time(hash_, day, number):
    assert published(hash_, MARCH + days(day), VERSIONS) == number


@pytest.mark.parametrize(
    ("hash_", "seconds", "is_sure"),
    [("bbbb", 61, True), ("bbbb", 59, False), ("aaaa", 61, False), ("aaaa", -61, True), ("bbbb", -61, False)],
)
def test_a_row_is_believed_where_the_time_of_the_start_agrees(hash_, seconds, is_sure):
    assert sure(hash_, MARCH + days(2) + timedelta(seconds=seconds), VERSIONS) is is_sure


def test_before_the_first_version_there_is_none():
    assert newest(MARCH, VERSIONS) is None
    assert hash_in({"Comment": "The trial (trial 0123abcd)"}) == "0123abcd"
    assert hash_in({"Comment": "somebody else's"}) == ""


def test_people_in_flight_keep_their_version_and_new_ones_get_the_newest(tmp_path, segue):
    with LocalWorld(write(tmp_path / "first"), start=START) as world:
        enter(world, "ann", "ben")
        world.run_until(START + days(1))
        world.deploy(write(tmp_path / "second", SECOND))
        enter(world, "cid")
        world.run_until(START + days(3))
        said = json.loads(segue("versions", "trial", "--json").stdout)["versions"]
        assert [(one["version"], one["running"], one["standing"]) for one in said] == [
            (2, 1, {"Settle in: wait 4 days": 1}),
            (1, 2, {"Wait for Replied, 5 days at most": 2}),
        ]
        assert [one["statuses"] for one in said] == [{"active": 1}, {"active": 2}]
        assert [one["published_at"][:10] for one in said] == ["2026-03-03", "2026-03-02"]
        shown = segue("versions", "trial").stdout
        assert "trial, stage dev: 2 versions" in shown
        assert "1        2   Wait for Replied, 5 days at most" in shown
        world.run_until(START + days(30))
        # The old machine sends once, the new one twice.
        assert [one.to for one in world.outbox].count("ann@example.com") == 1
        assert [one.to for one in world.outbox].count("cid@example.com") == 2
        invariants.check(world, [])
        said = json.loads(segue("versions", "trial", "--json").stdout)["versions"]
        assert [(one["running"], one["statuses"]) for one in said] == [(0, {"completed": 1}), (0, {"completed": 2})]
        assert "Nobody is under way." in segue("versions", "trial").stdout


def test_a_deploy_that_changes_nothing_publishes_nothing(tmp_path, segue):
    with LocalWorld(write(tmp_path / "first"), start=START) as world:
        world.deploy(write(tmp_path / "first", "# as it was\n" + FIRST))
        assert len(json.loads(segue("versions", "trial", "--json").stdout)["versions"]) == 1


def test_who_began_while_a_version_was_deployed_is_asked_for_the_definition(tmp_path, segue):
    with LocalWorld(write(tmp_path / "first"), start=START) as world:
        write(tmp_path / "second", SECOND)
        world.run_until(START + days(1))
        enter(world, "ann")
        world.deploy(tmp_path / "second")
        enter(world, "ben")
        said = json.loads(segue("versions", "trial", "--json").stdout)["versions"]
        assert [(one["version"], one["running"]) for one in said] == [(2, 1), (1, 1)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["trail"], 1, 'did you mean "trial"?'),
        (["trial", "--stage", "prod"], 1, "no journey is deployed to stage prod"),
    ],
)
def test_a_journey_that_is_not_there_is_said_plainly(tmp_path, segue, arguments, code, words):
    with LocalWorld(write(tmp_path / "first"), start=START):
        answer = segue("versions", *arguments)
        assert (answer.exit_code, words in answer.stderr) == (code, True), answer.stderr
