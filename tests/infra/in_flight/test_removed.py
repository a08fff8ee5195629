"""A journey whose files are gone while people are under way in it."""

import json
import shutil

import pytest

from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.project import load
from functions.journeys.language.publication import publish
from functions.journeys.language.removed import as_published
from infra.local.world import LocalWorld
from infra.publication import JOURNEYS, published
from infra.snapshots_writer import SNAPSHOTS
from tests import invariants
from tests.infra.in_flight.journeys import FIRST, SECOND, START, days, enter, write


def test_a_journey_can_be_published_from_what_is_kept_of_it_and_is_the_same():
    publication, machines = publish(JOURNEYS)
    kept = json.loads(json.dumps(as_published(load(JOURNEYS))))
    for name, one in kept.items():
        assert json.loads((SNAPSHOTS / "journeys" / f"{name}.json").read_text()) == one, "run make synth"
    again, machines_again = publish(JOURNEYS, kept)
    assert (again, machines_again) == (publication, machines)


def test_who_is_under_way_goes_on_and_nobody_enters(tmp_path):
    first = publish(write(write(tmp_path), SECOND, name="other"))
    kept = as_published(load(tmp_path))
    shutil.rmtree(tmp_path / "trial")
    publication, machines = publish(tmp_path, json.loads(json.dumps(kept)))
    assert machines == first[1]
    assert publication.templates == first[0].templates
    assert publication.journeys["trial"] == {
        **first[0].journeys["trial"],
        "entry": publication.journeys["trial"]["entry"],
    }
    assert publication.journeys["trial"]["entry"]["on"] == []
    assert publication.interest["Trial Started"]["enter"] == ["other"]
    assert publication.interest["Replied"]["wake"] == ["other", "trial"]


def test_what_is_kept_in_a_shape_nobody_reads_any_more_stops_the_synthesis(tmp_path):
    with pytest.raises(FaultsFound, match="kept in a shape that is read no more, put its folder back"):
        publish(write(tmp_path), {"old": {"definition": {"journey": "old"}, "templates": {}}})


def test_synthesis_says_which_journeys_are_kept_and_how_they_go(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, one in as_published(load(write(write(tmp_path / "journeys"), FIRST, name="old"))).items():
        (kept / f"{name}.json").write_text(json.dumps(one))
    shutil.rmtree(tmp_path / "journeys" / "old")
    found = published(tmp_path / "journeys", kept)
    assert (list(found.machines), list(found.kept), list(found.removed)) == (
        ["old", "trial"],
        ["old", "trial"],
        ["old"],
    )
    assert found.warnings == {
        "old": "journey old is gone from journeys/: its machine is kept for who is under way, nobody enters; "
        "once segue versions --drained says so, remove infra/snapshots/journeys/old.json and deploy"
    }


def test_a_removed_journey_is_drained_before_it_goes(tmp_path, segue):
    journeys = write(write(tmp_path / "both"), FIRST, name="other")
    with LocalWorld(journeys, start=START) as world:
        enter(world, "ann")
        world.deploy(write(tmp_path / "left", name="other"))
        enter(world, "ben")
        asked = ("versions", "--drained", "--journeys", str(tmp_path / "left"))
        answer = segue(*asked)
        assert (answer.exit_code, answer.stdout) == (1, "trial: 1 person under way; its machine stays\n")
        world.run_until(START + days(30))
        # Ann had both journeys to the end, ben only the one that is left.
        assert sorted(one.to for one in world.outbox) == ["ann@example.com"] * 2 + ["ben@example.com"]
        invariants.check(world, [])
        answer = segue(*asked)
        assert answer.exit_code == 0
        assert answer.stdout == (
            "trial: nobody under way; remove infra/snapshots/journeys/trial.json, make synth, deploy\n"
        )
        assert json.loads(segue(*asked, "--json").stdout) == [{"journey": "trial", "running": 0, "drained": True}]
        answer = segue("versions", "--drained", "--journeys", str(journeys))
        assert answer.stdout == "Every journey that is deployed to stage dev has its files.\n"


@pytest.mark.parametrize("arguments", [[], ["trial", "--drained"], ["--drained", "--journeys", "gone"]])
def test_half_a_question_is_refused(segue, arguments):
    assert segue("versions", *arguments).exit_code == 2
