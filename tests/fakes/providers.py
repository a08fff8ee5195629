"""Providers that no AWS simulator has, faked under botocore: the real service model still validates every parameter.

Also records every AWS request, and can end the process (or lose an answer) before or after any one of them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import boto3
from botocore import handlers
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from functions.shared import aws


class Killed(BaseException):
    """The process ends here; nothing that catches errors catches this."""


@dataclass
class Answered:
    """What botocore reads of an HTTP answer."""

    status_code: int = 200


@dataclass
class Wire:
    """Everything that passes botocore: requests, what the faked services took, and the faults to inject.

    ``say`` maps an operation to accepted | rejected | throttled | fault | lost | unsent.
    ``kill`` = (n, "before" | "after"): ends the process around the n-th request (from 1) after ``reset``.
    """

    requests: list[str] = field(default_factory=list)
    rows_read: list[int] = field(default_factory=list)
    texts: list[dict] = field(default_factory=list)
    pushes: list[dict] = field(default_factory=list)
    emails: int = 0
    answers: list[dict] = field(default_factory=list)
    say: dict[str, str] = field(default_factory=dict)
    result: dict = field(
        default_factory=lambda: {"DeliveryStatus": "SUCCESSFUL", "StatusCode": 200, "MessageId": "p-1"}
    )
    kill: tuple[int, str] | None = None
    before: dict = field(default_factory=dict)

    def reset(self) -> None:
        """Forgets the requests made so far."""
        self.requests.clear()

    def before_call(self, model, params, **_):
        """Runs when a request is valid and signed for, before it leaves."""
        self.requests.append(model.name)
        if model.name == "TransactGetItems":
            self.rows_read.append(len(json.loads(params["body"])["TransactItems"]))
        self._maybe_die("before")
        if model.name in self.before:
            # A rival acts at this very moment, once.
            self.before.pop(model.name)()
        manner = self.say.get(model.name, "accepted")
        if manner in ERRORS:
            status, code = ERRORS[manner]
            return Answered(status), {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        if manner == "unsent":
            raise EndpointConnectionError(endpoint_url="https://provider")
        taken = getattr(self, f"_{model.name}", None)
        answer = taken(json.loads(params["body"] or b"{}")) if taken else None
        if manner == "lost" and taken:
            raise ReadTimeoutError(endpoint_url="https://provider")
        return answer

    def after_call(self, model, **_):
        """Runs when an answer has arrived, before the caller sees it."""
        if model.name == "SendEmail":
            self.emails += 1
        self._maybe_die("after")
        if self.say.get(model.name) == "lost":
            raise ReadTimeoutError(endpoint_url="https://provider")

    def _maybe_die(self, moment: str) -> None:
        if self.kill == (len(self.requests), moment):
            self.kill = None
            raise Killed

    def _SendTextMessage(self, body):
        self.texts.append(body)
        return Answered(), {"MessageId": f"sms-{len(self.texts)}"}

    def _SendMessages(self, body):
        self.pushes.append(body)
        [token] = body["Addresses"]
        return Answered(), {"MessageResponse": {"ApplicationId": "app", "Result": {token: self.result}}}

    def _SendTaskSuccess(self, body):
        self.answers.append({"token": body["taskToken"], **json.loads(body["output"])})
        return Answered(), {}

    def _SendTaskFailure(self, body):
        self.answers.append({"token": body["taskToken"], "error": body["error"], "cause": body["cause"]})
        return Answered(), {}


ERRORS = {
    "rejected": (400, "ValidationException"),
    "throttled": (429, "TooManyRequestsException"),
    "fault": (500, "InternalServerErrorException"),
    "late": (400, "TaskTimedOut"),
}


@contextmanager
def wire() -> Iterator[Wire]:
    """Every botocore session made inside passes through the one ``Wire``."""
    one = Wire()
    hooks = [("before-call", one.before_call), ("after-call", one.after_call)]
    handlers.BUILTIN_HANDLERS.extend(hooks)
    boto3.setup_default_session()
    aws.forget()
    try:
        yield one
    finally:
        aws.forget()
        for hook in hooks:
            handlers.BUILTIN_HANDLERS.remove(hook)
        boto3.DEFAULT_SESSION = None
