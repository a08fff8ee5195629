"""How does the execution learn what became of its message? By its task token."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from functions.dispatch.model import Message
from functions.shared.clock import format_instant
from functions.shared.names import Channel
from functions.shared.sqs import encode

# The task has ended without us (an exit, its timeout) or was answered by another delivery.
LATE = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})


class TaskTokens:
    """Answers the ``send`` steps that wait. A late answer changes nothing and is no error.

    ``spell`` makes the text that Step Functions takes; a client in this process may take an answer as it is.
    """

    def __init__(self, client: Any = None, spell: Callable[[Any], Any] = encode) -> None:
        self._spell = spell
        self._client = client or boto3.client("stepfunctions")

    def answer(self, token: str, line: Message) -> None:
        """The decision is the step's output."""
        self._tell(self._client.send_task_success, taskToken=token, output=self._spell(line.outcome()))

    def defer(self, token: str, until: datetime) -> None:
        """The machine catches ``Deferred``, waits until the instant in its cause and asks again."""
        self._tell(self._client.send_task_failure, taskToken=token, error="Deferred", cause=format_instant(until))

    def hold(self, token: str, channel: Channel) -> None:
        """The machine catches ``Paused``, stands still until somebody lets it go, and asks again."""
        self._tell(self._client.send_task_failure, taskToken=token, error="Paused", cause=channel)

    def _tell(self, call: Any, **request: str) -> None:
        try:
            call(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] not in LATE:
                raise
