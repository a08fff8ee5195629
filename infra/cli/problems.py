"""What stops a command that is no bug? Each problem says what is wrong, how to put it right, and the exit code."""

from typing import ClassVar


class Problem(Exception):
    """Shown as one line and its fix; the traceback only with ``--debug``."""

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what}\n  {fix}")


class Unusable(Problem):
    """The input or the arguments cannot be used: exit code 2."""


class Absent(Problem):
    """What was asked for is not there, and that is the answer: exit code 1."""

    exit_code = 1


class Lacking(Problem):
    """The environment lacks something; the fix says how to get it: exit code 3."""

    exit_code = 3
