"""A file of messages arrives as it is, and each line that does not is named."""

import json
import socket

import pytest

from infra.cli import send
from infra.cli.http_door import HttpDoor
from infra.cli.problems import Unusable
from tests.fakes.http_door import door, taken

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def track(number, user, **more):
    return {"type": "track", "event": "Viewed", "userId": user, "messageId": f"{user}-{number}", **more}


@pytest.fixture
def write(tmp_path):
    def file(*lines):
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
        return str(path)

    return file


def test_a_file_arrives_as_it_is(segue, write, local):
    sent = [
        track(n, "sent", properties={"price": 1.10, "name": "käse \u2028"}, odd={"kept": [1, None]}) for n in range(3)
    ]
    answer = segue("send", write(b"\xef\xbb\xbf" + json.dumps(sent[0]).encode(), b"", *sent[1:]), "--to", local.url)
    assert (answer.exit_code, answer.stdout) == (0, "3 accepted, 0 rejected.\n")
    mine = [one["body"] for one in local.look("events") if one["messageId"].startswith("sent-")]
    assert sorted(one["messageId"] for one in mine) == ["sent-0", "sent-1", "sent-2"]
    assert mine[0]["properties"] == sent[0]["properties"]
    assert mine[0]["odd"] == {"kept": [1, None]}


def test_each_line_that_is_not_accepted_is_named(segue, write, local):
    file = write(
        b"{no", track(1, "named"), {"type": "track"}, b"7", b"\xff", b"[" * 100_000, track(2, "named", x=[[[[[[[]]]]]]])
    )
    answer = segue("send", file, "--to", local.url)
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        f"{file}:1: message: not JSON, so it was not sent",
        f"{file}:3: userId: no identifier",
        f"{file}:4: message: not an object",
        f"{file}:5: message: not UTF-8 text, so it was not sent",
        f"{file}:6: message: nested too deep to be read, so it was not sent",
        f"{file}:7: message: nested more than 6 deep",
        "1 accepted, 6 rejected.",
    ]
    said = json.loads(segue("send", file, "--to", local.url, "--json").stdout)
    assert said["accepted"] == 1
    assert said["rejected"][5] == {
        "line": 7,
        "messageId": "named-2",
        "field": "message",
        "reason": "nested more than 6 deep",
    }


def test_a_line_over_what_the_door_takes_spoils_no_other(segue, write, local):
    file = write(track(1, "large"), track(2, "large", x="y" * 5_000_000), track(3, "large"))
    answer = segue("send", file, "--to", local.url)
    assert answer.stdout.splitlines() == [f"{file}:2: body: over 4 MB", "2 accepted, 1 rejected."]


def test_standard_input_is_read(local):
    from typer.testing import CliRunner

    from infra.cli.main import app

    piped = json.dumps(track(1, "piped")) + "\nno\n"
    answer = CliRunner().invoke(app, ["send", "-", "--to", local.url], input=piped)
    assert answer.stdout.splitlines() == ["-:2: message: not JSON, so it was not sent", "1 accepted, 1 rejected."]


def test_long_files_go_in_batches_that_the_door_can_take(segue, write, monkeypatch):
    monkeypatch.setattr(send, "BATCH_LINES", 3)
    monkeypatch.setattr(send, "BATCH_BYTES", 200)
    lines = [{"n": n} for n in range(7)]
    with door((200, taken, {})) as (url, seen):
        assert segue("send", write(*lines, {"x": "y" * 300}, {"n": 7}), "--to", f"{url}/prefix/").exit_code == 0
    assert {path for path, _ in seen} == {"/prefix/v1/batch"}
    assert [len(batch) for _, batch in seen] == [3, 3, 1, 1, 1]


def test_a_batch_that_is_refused_whole_is_halved_until_the_culprit_is_alone(segue, write):
    with door((400, '{"success":false,"field":"body","reason":"not JSON"}', {}), (200, taken, {})) as (url, seen):
        assert segue("send", write(*[{"n": n} for n in range(5)]), "--to", url).exit_code == 0
    assert [len(batch) for _, batch in seen] == [5, 2, 3]


def test_a_door_that_is_busy_is_asked_again(segue, write):
    with door((503, "{}", {"retry-after": "0"}), (200, taken, {})) as (url, seen):
        assert segue("send", write({"n": 1}), "--to", url).exit_code == 0
    assert len(seen) == 2
    with door((503, "{}", {"retry-after": "0"})) as (url, seen):
        answer = segue("send", write({"n": 1}), "--to", url)
    assert (answer.exit_code, len(seen)) == (3, 5)
    assert "503" in answer.stderr


def test_a_wrong_key_and_a_wrong_address_are_told(segue, write, local):
    answer = segue("send", write(track(1, "key")), "--to", local.url, "--write-key", "other")
    assert answer.exit_code == 2
    assert "--write-key" in answer.stderr
    with door((302, "", {"location": local.url})) as (url, seen):
        answer = segue("send", write({"n": 1}), "--to", url)
    assert (answer.exit_code, len(seen)) == (2, 1)
    assert "answers 302" in answer.stderr
    with door((200, "<html>", {})) as (url, _):
        assert segue("send", write({"n": 1}), "--to", url).exit_code == 2


def test_the_key_may_come_from_the_environment(write, local):
    from typer.testing import CliRunner

    from infra.cli.main import app

    arguments = ["send", write(track(1, "environment")), "--to", local.url]
    assert CliRunner().invoke(app, arguments, env={"SEGUE_WRITE_KEY": "other"}).exit_code == 2
    assert CliRunner().invoke(app, arguments, env={"SEGUE_WRITE_KEY": "dev"}).exit_code == 0


def test_where_nobody_listens_it_says_what_to_start(segue, write):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    answer = segue("send", write({"n": 1}), "--to", url)
    assert answer.exit_code == 3
    assert f"nobody listens at {url}" in answer.stderr
    assert "segue local" in answer.stderr


def test_what_arrived_before_the_door_went_away_is_told(segue, write, monkeypatch):
    monkeypatch.setattr(send, "BATCH_LINES", 1)
    with door((200, taken, {}), (500, "", {})) as (url, _):
        answer = segue("send", write({"n": 1}, {"n": 2}), "--to", url)
    assert answer.exit_code == 3
    assert answer.stdout == "1 accepted, 0 rejected.\n"
    assert "500" in answer.stderr


@pytest.mark.parametrize("lines", [[], [b"", b"  "]])
def test_a_file_that_holds_nothing_is_unusable(segue, write, lines):
    assert segue("send", write(*lines)).exit_code == 2


def test_a_file_that_is_not_there_is_unusable(segue, tmp_path):
    answer = segue("send", str(tmp_path / "none.jsonl"))
    assert answer.exit_code == 2
    assert "none.jsonl" in answer.stderr


@pytest.mark.parametrize("url", ["", "127.0.0.1:8765", "ftp://host", "http://", "http://[", "http://host:99999"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(Unusable, match="no address"):
        HttpDoor(url, "dev")
