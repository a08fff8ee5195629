"""What a page of the docs shows beside what a command prints."""

import re


def shown(page, command):
    """The lines under the first command of a page that begins so."""
    found = re.search(rf"^\$ {re.escape(command)}[^\n]*\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert found, f"no page shows {command}"
    return found.group(1).splitlines()


def printed(answer):
    """The lines of a command that did what it was asked."""
    assert answer.exit_code == 0, answer.stderr
    return [line.rstrip() for line in answer.stdout.splitlines()]
