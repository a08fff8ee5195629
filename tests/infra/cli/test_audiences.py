"""Which audiences there are, who is in them and why: as the page shows it, and of a deployed stage."""

import json
import re
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from functions.shared.clock import format_instant
from infra.local.world import LocalWorld
from tests.infra.cli.pages import printed, shown
from tests.infra.local.story import START, arrival, order, tell, with_audiences

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "use-audiences.md").read_text(encoding="utf-8")
AUDIENCES = re.findall(r"```yaml\n(audiences:.*?)```", TEXT, re.DOTALL)[0]
EVENTS = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)[0]
CONDITION = 'count("Order Completed", within="30d") >= 1'


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "policy.yaml").write_text(AUDIENCES, encoding="utf-8")
    (tmp_path / "events.jsonl").write_text(EVENTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMANDS = re.findall(r"^\$ segue (.*)$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_print_what_the_page_shows(segue, here, command):
    assert printed(segue(*command.split())) == shown(TEXT, f"segue {command}")


def test_machines_read_the_same(segue, here):
    said = json.loads(segue("audiences", "list", "--json").stdout)
    assert said.keys() == {"active", "vip", "friends", "close-friends"}
    answer = segue("audiences", "show", "customer_id:17850", "--events", "events.jsonl", "--json")
    audiences = {one["audience"]: one for one in json.loads(answer.stdout)["audiences"]}
    assert audiences["vip"]["missing"] == ["profile.traits.tier"]
    assert [name for name, one in audiences.items() if one["holds"]] == ["active", "close-friends", "friends"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["build", "nobody"], 2, "it has active, close-friends, friends, vip"),
        (["members", "nobody"], 2, 'no audience "nobody"'),
        (["show", "customer_id:1", "--events", "events.jsonl"], 1, "nobody is customer_id:1"),
        (["show", "customer_id:17850", "--events", "events.jsonl", "--at", "noon"], 2, "--at noon is no time"),
        (["list", "--policy", "gone.yaml"], 2, "gone.yaml"),
    ],
)
def test_what_cannot_be_used_is_said_plainly(segue, here, arguments, code, words):
    answer = segue("audiences", *arguments)
    assert answer.exit_code == code
    assert words in answer.stderr


@pytest.mark.parametrize("command", ["list", "show", "members", "build"])
def test_help_teaches_by_example(segue, command):
    assert f"segue audiences {command} " in segue("audiences", command, "--help").stdout


def test_of_a_deployed_stage_members_are_shown_counted_and_built(segue, tmp_path):
    journeys = with_audiences(tmp_path, active=CONDITION)
    policy = ["--policy", str(journeys / "policy.yaml")]
    people = [f"u{n}" for n in range(3)]
    with LocalWorld(journeys, start=START) as world:
        tell(world, [line for n in people for line in (*arrival(n, START), order(n, 1, START))])
        assert printed(segue("audiences", "members", "active", "--count", *policy)) == ["3"]
        listed = json.loads(segue("audiences", "members", "active", "--json", *policy).stdout)
        assert {one["since"] for one in listed} == {format_instant(START)}
        who = listed[0]["profile"]
        at = format_instant(START + timedelta(days=1))
        said = json.loads(segue("audiences", "show", who, "--at", at, "--json", *policy).stdout)
        assert (said["profile"], said["due"]) == (who, (START + timedelta(days=30)).isoformat())
        # Another audience is deployed: who is there already enters once they are looked at.
        boto3.client("dynamodb").delete_item(
            TableName=world.table("audiences"), Key={"pk": {"S": who}, "sk": {"S": "STANDING"}}
        )
        assert printed(segue("audiences", "members", "active", "--count", *policy)) == ["2"]
        for _twice in range(2):
            built = printed(segue("audiences", "build", "active", *policy))
            assert built[0].startswith("3 people are on segue-dev-update-audiences.")
            world.drain()
        assert printed(segue("audiences", "members", "active", "--count", *policy)) == ["3"]
        rest = json.loads(segue("audiences", "build", "active", "--after", who, "--json", *policy).stdout)
        assert rest["people"] < 3
        world.drain()


def test_a_stage_that_is_not_there_says_what_to_do(segue, here):
    from moto import mock_aws

    with mock_aws():
        for command in (["members", "active"], ["build", "active"], ["show", "customer_id:17850"]):
            answer = segue("audiences", *command, "--stage", "nowhere")
            assert answer.exit_code == 3
            assert "deploy the stage first" in answer.stderr
