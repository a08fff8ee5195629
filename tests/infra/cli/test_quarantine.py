"""Operators look at what was refused and put it back: what the commands print, refuse, and leave alone."""

import json

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from functions.capture.quarantine import Quarantine
from functions.shared.bucket import Bucket
from infra.cli.main import app
from tests.fakes.silent_bus import SilentBus
from tests.infra.cli.pages import printed

BUCKET = "segue-dev-quarantine-123456789012-eu-west-1"
SINCE = ("--since", "2026-03-01")


def line(number, **more):
    message = {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "properties": {"n": number}}
    said = {"field": "userId", "rule": "no identifier", "receivedAt": f"2026-03-0{number}T12:00:00.000Z"}
    came = {"source": "shop", "trusted": True, "browser": False, "unread": False}
    return {**said, **came, "messageId": f"m{number}", "body": json.dumps(message), **more}


@pytest.fixture
def quarantine(monkeypatch):
    """``quarantine(line, ...)`` keeps lines as one batch, in a stage with nothing else."""
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    with mock_aws():
        where = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        boto3.client("sqs").create_queue(QueueName="segue-dev-accept-bus-events")
        yield lambda *lines: Quarantine(Bucket(BUCKET), SilentBus()).keep({"rejected": lines})


def objects(segue):
    return [one["object"] for one in json.loads(segue("quarantine", "list", *SINCE, "--json").stdout)]


def queued():
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="segue-dev-accept-bus-events")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [one for message in messages for one in json.loads(message["Body"])["segue.replay"]]


def test_nothing_in_quarantine_is_said_in_words(segue, quarantine):
    assert printed(segue("quarantine", "list", *SINCE)) == ["Nothing is in quarantine since 2026-03-01."]
    assert printed(segue("quarantine", "list", *SINCE, "--source", "x"))[0].endswith("that matches.")
    assert printed(segue("quarantine", "list", *SINCE, "--replayed")) == ["Nothing was put back since 2026-03-01."]
    assert json.loads(segue("quarantine", "list", "--json").stdout) == []


def test_like_entries_of_a_day_are_one_row(segue, quarantine):
    for number in range(3):
        quarantine(line(1, messageId=f"m{number}"), line(1, field="type"))
    quarantine(line(2, source="a b/c\x1b[31m"))
    lines = printed(segue("quarantine", "list", *SINCE))
    assert [one.split()[:5] for one in lines[1:-1]] == [
        ["2026-03-01", "shop", "type", "no-identifier", "3"],
        ["2026-03-01", "shop", "userId", "no-identifier", "3"],
        ["2026-03-02", "a-b-c-31m", "userId", "no-identifier", "1"],
    ]
    assert "and 2 more" in lines[1]
    assert lines[-1] == "7 messages in 4 objects"


def test_a_listing_is_narrowed_by_source_field_and_day(segue, quarantine):
    quarantine(line(1), line(1, field="properties.ann@example.com"))
    quarantine(line(2, source="web"))

    def days(*narrowed):
        return [one["day"][-1] for one in json.loads(segue("quarantine", "list", *narrowed, "--json").stdout)]

    assert days(*SINCE) == ["1", "1", "2"]
    assert days("--since", "2026-03-02") == ["2"]
    assert days(*SINCE, "--source", "shop") == ["1", "1"]
    assert days(*SINCE, "--field", "userId") == ["1", "2"]
    assert days(*SINCE, "--field", "properties.ann@example.com") == ["1"]
    assert days("--days", "7") == []


def test_a_message_is_shown_whole_or_short_and_moves_no_cursor(segue, quarantine):
    long = {"text": "x" * 9_000, "evil": "\x1b[2J\u202e\x9b31m"}
    quarantine(line(1, body=json.dumps(long, ensure_ascii=False), source="\x1b]0;owned\x07"))
    (name,) = objects(segue)
    short, full = (segue("quarantine", "show", name[:8], *how).stdout for how in ((), ("--full",)))
    assert "--full shows them" in short
    assert len(short) < 5_000 < 9_000 < len(full)
    for text in (short, full):
        assert not set("\x1b\x07\x9b\u202e") & set(text)


def test_what_is_no_json_is_shown_as_it_is(segue, quarantine):
    quarantine(line(1, body="not {json", unread=True), line(1, body='{"n": NaN}'), line(1, body='"text"'))
    (name,) = objects(segue)
    bodies = [json.loads(one)["body"] for one in printed(segue("quarantine", "show", name, "--json"))]
    assert bodies == ["not {json", '{"n": NaN}', '"text"']
    assert "not {json" in segue("quarantine", "show", name).stdout


def test_an_object_is_named_by_hash_or_key(segue, quarantine):
    quarantine(line(1), line(1, field="type"))
    (name, _) = objects(segue)
    keys = [one["Key"] for one in boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]]
    for text, number in ((name[:6], 2), (name, 2), (f"rejected/2026/03/01/{name}.jsonl", 2), (keys[0], 1)):
        assert len(printed(segue("quarantine", "show", text, "--json"))) == number


def test_a_replay_asks_first_and_a_no_changes_nothing(quarantine):
    quarantine(line(1))
    answer = CliRunner().invoke(app, ["quarantine", "replay", "--all"], input="n\n")
    assert answer.exit_code == 1
    assert "Put 1 message back into dev?" in answer.stderr
    assert queued() == []
    assert CliRunner().invoke(app, ["quarantine", "replay", "--all"], input="y\n").exit_code == 0
    assert len(queued()) == 1


def test_only_what_matches_is_put_back(segue, quarantine):
    quarantine(line(1), line(1, field="type", messageId="m9"))
    quarantine(line(2))
    answer = segue("quarantine", "replay", "--field", "userId", "--since", "2026-03-02", "--yes", "--json")
    assert json.loads(answer.stdout) == {"messages": 1, "dryRun": False, "refused": [], "stay": []}
    (again,) = queued()
    assert (again["receivedAt"], again["source"], again["trusted"]) == ("2026-03-02T12:00:00.000Z", "shop", True)
    assert len(objects(segue)) == 2


def test_nothing_to_put_back_is_no_fault(segue, quarantine):
    assert printed(segue("quarantine", "replay", "--all"))[0].startswith("0 put back")


def test_a_dry_run_tells_field_and_rule_and_exits_1(segue, quarantine):
    quarantine(line(1), line(2))
    answer = segue("quarantine", "replay", "--all", "--dry-run")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "0 would be taken now, 2 refused; nothing was sent.",
        "  2 userId: no identifier",
    ]
    assert (queued(), len(objects(segue))) == ([], 2)


PLAN = """
tracking_plan:
  events:
    Order Completed: {mode: quarantine, schema: order.json}
"""


def test_a_dry_run_asks_the_tracking_plan_of_a_policy(segue, quarantine, tmp_path):
    message = {"type": "track", "event": "Order Completed", "userId": "u1", "properties": {"total": "40"}}
    quarantine(line(1, field="properties.total", rule="tracking plan: type number", body=json.dumps(message)))
    policy = tmp_path / "policy.yaml"
    policy.write_text(PLAN)
    dry_run = ("quarantine", "replay", "--all", "--dry-run", "--policy", str(policy))
    plan = {"type": "object", "properties": {"total": {"type": "number"}}}
    (tmp_path / "order.json").write_text(json.dumps(plan))
    answer = segue(*dry_run)
    assert answer.exit_code == 1, answer.stderr
    assert answer.stdout.splitlines()[1] == "  1 properties.total: tracking plan: type number"
    (tmp_path / "order.json").write_text('{"type": "object"}')
    assert printed(segue(*dry_run)) == ["1 would be taken now, 0 refused; nothing was sent."]
    (tmp_path / "order.json").write_text("{")
    assert segue(*dry_run).exit_code == 2
    policy.write_text("tracking_plan: [")
    assert segue(*dry_run).exit_code == 2


def test_what_cannot_go_is_named_and_exits_1(segue, quarantine):
    quarantine(line(1, part=1, parts=2, whole="a" * 32))
    answer = segue("quarantine", "replay", "--all", "--yes")
    assert answer.exit_code == 1
    assert "line 1: part 2 of its body has not arrived" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--since", "yesterday"), "--since yesterday is no day"),
        (("list", "--days", "0"), "days"),
        (("show", "../secret"), "names no object"),
        (("show", "abcdef"), "nothing called abcdef is open"),
        (("show", "abcdef", "--replayed"), "nothing called abcdef was put back"),
        (("replay",), "which messages?"),
        (("replay", "--all", "--field", "x"), "which messages?"),
        (("replay", "abcdef", "--all"), "named in several ways"),
        (("replay", "--all", "--policy", "policy.yaml"), "--policy is asked by a dry run only"),
        (("replay", "--from", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_what_cannot_be_used_exits_2_in_words(segue, quarantine, arguments, said):
    answer = segue("quarantine", *arguments)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "holds no message"), ("{}", ":1: not an object with"), ("\xff", "not UTF-8")],
    ids=["empty", "no line of show", "no text"],
)
def test_a_file_of_edits_that_cannot_be_used_exits_2(segue, quarantine, tmp_path, text, said):
    file = tmp_path / "edited.jsonl"
    file.write_bytes(text.encode("latin-1"))
    answer = segue("quarantine", "replay", "--from", str(file), "--yes")
    assert answer.exit_code == 2
    assert said in answer.stderr


def test_bodies_for_what_is_not_open_are_counted(segue, quarantine, tmp_path):
    quarantine(line(1))
    (name,) = objects(segue)
    file = tmp_path / "edited.jsonl"
    file.write_text("".join(json.dumps({"object": name, "line": number, "body": {}}) + "\n" for number in (1, 2, 3)))
    answer = segue("quarantine", "replay", "--from", str(file), "--yes")
    assert printed(answer)[0].startswith("1 put back")
    assert "2 messages of" in answer.stderr


def test_several_objects_of_one_beginning_are_not_guessed_between(segue, quarantine, monkeypatch):
    monkeypatch.setattr("functions.capture.quarantine.name_of", lambda text: f"abcdef{len(text):026x}")
    quarantine(line(1))
    quarantine(line(1, rule="another one"))
    answer = segue("quarantine", "show", "abcdef")
    assert answer.exit_code == 2
    assert "several objects begin with abcdef" in answer.stderr


@pytest.mark.parametrize("command", [("list",), ("show", "abcdef"), ("replay", "--all")])
def test_a_stage_that_is_not_deployed_says_so(segue, command):
    with mock_aws():
        answer = segue("quarantine", *command, "--stage", "prod")
    assert answer.exit_code == 3
    assert "no quarantine of stage prod in account 123456789012, eu-west-1" in answer.stderr
    assert "deploy" in answer.stderr


def test_a_queue_that_is_not_there_says_so(segue, quarantine):
    quarantine(line(1))
    sqs = boto3.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="segue-dev-accept-bus-events")["QueueUrl"])
    answer = segue("quarantine", "replay", "--all", "--yes")
    assert answer.exit_code == 3
    assert "no queue segue-dev-accept-bus-events in eu-west-1" in answer.stderr
    assert len(objects(segue)) == 1


@pytest.mark.parametrize("missing", ["region", "credentials"])
def test_no_account_says_how_to_name_one(segue, monkeypatch, missing):
    names = ("REGION", "DEFAULT_REGION") if missing == "region" else ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    for name in names:
        monkeypatch.delenv(f"AWS_{name}")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    answer = segue("quarantine", "list")
    assert answer.exit_code == 3
    assert ("AWS_REGION" if missing == "region" else "aws configure") in answer.stderr


@pytest.mark.parametrize("command", ["list", "show", "replay"])
def test_help_teaches_by_example(segue, command):
    assert f"segue quarantine {command}" in segue("quarantine", command, "--help").stdout


def test_show_warns_of_what_it_prints(segue):
    assert "personal data" in segue("quarantine", "show", "--help").stdout
