"""A line that cannot be read is named, with the same words whichever command reads it."""

import pytest

from tests.fakes.http_door import door, taken

GOOD = b'{"type": "identify", "userId": "u1", "messageId": "m-1", "timestamp": "2026-03-02T10:00:00Z"}'
LATIN = '{"type": "identify", "userId": "u2", "traits": {"city": "Åbo"}}'.encode("latin-1")
DEEP = b"[" * 100_000
BROKEN = {2: "not UTF-8 text", 3: "not JSON", 4: "nested too deep to be read"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([GOOD, LATIN, b"{nope", DEEP]))
    return path


def test_replay_takes_a_byte_order_mark_and_names_each_line_it_cannot_read(segue, file):
    answer = segue("replay", str(file))
    assert answer.exit_code == 0, answer.stderr
    assert "customer_id:u1" in answer.stdout
    for line, why in BROKEN.items():
        assert f"line {line}: message: {why}" in answer.stdout
    assert "line 1:" not in answer.stdout


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_send_says_the_same(segue, file):
    with door((200, taken, {})) as (url, seen):
        answer = segue("send", str(file), "--to", url)
    assert [len(batch) for _, batch in seen] == [1]
    for line, why in BROKEN.items():
        assert f"{file}:{line}: message: {why}, so it was not sent" in answer.stdout


def test_a_person_is_shown_with_the_lines_that_were_left_out(segue, file):
    answer = segue("identity", "show", "customer_id:u1", "--events", str(file))
    assert answer.exit_code == 0
    assert f"{file}:3: message: not JSON" in answer.stderr
    assert "3 lines were left out." in answer.stderr


@pytest.mark.parametrize("command", ["replay", "identity"])
def test_faults_of_a_policy_are_told_of_the_file_as_it_was_named(segue, file, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "mine.yaml"
    policy.write_text("traits: {plan: {foo: 1}}\n")
    name = (
        ["replay", file.name] if command == "replay" else ["identity", "show", "customer_id:u1", "--events", file.name]
    )
    answer = segue(*name, "--policy", "mine.yaml")
    assert answer.exit_code == 2
    assert 'mine.yaml:1:17: error: unknown field "foo"' in answer.stderr
    assert "no journeys here" not in answer.stderr
    assert "/tmp" not in answer.stderr
