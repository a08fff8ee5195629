"""A local endpoint starts with one line, says what is in its way, and ends when it is told."""

import re
import signal
import socket

import pytest

from tests.fakes.local_server import basic, segue_local

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_ready_once_and_ends_cleanly(tmp_path, number):
    with segue_local(tmp_path, "--write-key", "mine", "--quiet") as local:
        sent = {"type": "track", "event": "Viewed", "userId": "u1"}
        assert local.ask("POST", "/v1/t", sent)[0] == 401
        assert local.ask("POST", "/v1/t", sent, {"authorization": basic("mine")})[0] == 200
        assert local.end(number) == 0
        assert local.process.stdout.read() == ""
        assert local.log() == ""


def test_a_taken_port_is_named_with_what_to_do(segue):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = segue("local", "--port", str(port))
    assert answer.exit_code == 3
    assert f"port {port} is taken" in answer.stderr
    assert "--port 0" in answer.stderr


@pytest.mark.parametrize("key", ["", "a:b"])
def test_a_key_that_basic_auth_cannot_carry_is_refused(segue, key):
    answer = segue("local", "--write-key", key)
    assert answer.exit_code == 2
    assert "colon" in answer.stderr


def test_journeys_that_cannot_run_are_named(segue, tmp_path):
    assert segue("local", "--journeys", str(tmp_path / "nowhere")).exit_code == 2
    (tmp_path / "policy.yaml").write_text("brand: 7\n")
    answer = segue("local", "--port", "0", "--journeys", str(tmp_path))
    assert answer.exit_code == 2
    assert re.search(r"policy.yaml:1:\d+", answer.stderr)


def test_a_port_that_is_none_is_refused(segue):
    assert segue("local", "--port", "70000").exit_code == 2
