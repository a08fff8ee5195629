import subprocess
import sys
import time
from importlib import metadata

import pytest

from infra.cli.main import app

COMMANDS = [
    "demo",
    "check",
    "compile",
    "test",
    "bench",
    "replay",
    "local",
    "send",
    "consent",
    "redrive",
    "schemas",
    "versions",
    "migrate",
    "pause",
    "resume",
    "stop",
    "kill",
]


def test_help_teaches_every_command_and_the_exit_codes(segue):
    shown = segue("--help")
    assert shown.exit_code == 0
    for words in ["Marketing orchestration you own.", "Exit codes: 0 done, 1 the answer is no, 2 unusable", "--debug"]:
        assert words in shown.stdout
    for command in COMMANDS:
        line = next(line for line in shown.stdout.splitlines() if line.startswith(f"  {command} "))
        assert line.endswith(".")
    assert [command.name for command in app.registered_commands] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_and_every_option(segue, command):
    shown = segue(command, "--help")
    assert shown.exit_code == 0
    options = shown.stdout.partition("Options:")[2].splitlines()
    for line in options:
        if line.startswith("  --"):
            assert len(line.split("  ", 3)[-1].strip()) > 8, f"{line} has no help"


def test_no_command_shows_the_help(segue):
    assert "Commands:" in segue().output


def test_an_unknown_command_is_told_in_words(segue):
    answer = segue("chekc")
    assert answer.exit_code == 2
    assert "chekc" in answer.stderr
    assert "Traceback" not in answer.output


def test_help_is_quick_because_nothing_heavy_is_imported():
    watch = (
        "import sys, infra.cli.main; heavy = {'boto3', 'moto', 'pydantic', 'pynamodb', 'liquid', 'aws_cdk'};"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    started = time.process_time()
    out = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
    assert time.process_time() - started < 1


def test_an_unreadable_file_is_a_message_and_exit_code_2(segue, tmp_path):
    (tmp_path / "policy.yaml").mkdir()
    answer = segue("check", str(tmp_path))
    assert answer.exit_code in {1, 2}
    assert "Traceback" not in answer.output


def test_debug_shows_where_it_went_wrong(segue, tmp_path):
    answer = segue("--debug", "check", str(tmp_path / "nowhere"))
    assert (answer.exit_code, "Unusable" in answer.stderr, "Traceback" in answer.stderr) == (2, True, True)


def test_the_version_is_told(segue):
    answer = segue("--version")
    assert (answer.exit_code, answer.stdout) == (0, f"segue {metadata.version('segue')}\n")


@pytest.mark.parametrize(
    "command",
    [
        ("identity", "show"),
        ("audiences", "show"),
        ("audiences", "members"),
        ("quarantine", "list"),
        ("quarantine", "show"),
        ("quarantine", "replay"),
        ("redrive",),
    ],
)
def test_examples_stand_one_a_line(segue, command):
    lines = [line.strip() for line in segue(*command, "--help").stdout.splitlines()]
    examples = [line for line in lines if line.startswith("segue ")]
    assert len(examples) > 1
    assert all(line.count("segue ") == 1 for line in examples)


@pytest.mark.parametrize("option", [["--stage", "prod"], ["--memory"], ["--since", "2026-03-02"], ["--keep"]])
def test_an_option_of_the_archive_is_not_dropped_silently(segue, option, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text('{"type": "identify", "userId": "u1"}\n')
    answer = segue("replay", str(file), *option)
    assert (answer.exit_code, "of --from-archive" in answer.stderr) == (2, True)
