"""How do runs start, end early and hear what they wait for? Step Functions, where every repetition is harmless."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.journeys.model import Enrolment
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.names import Channel, ContactKey
from functions.shared.sqs import encode

# What the console's Aborted filter shows: the person left early, the cause says why.
LEFT_EARLY = "Exit"
# Its run goes on in another version of the journey.
MIGRATED = "Migrated"
# What the machine catches; its cause is the channel of a message (functions/dispatch), of a wait there is none.
PAUSED = "Paused"
# The task has ended without us: its timeout, an exit, or another delivery was first.
TOO_LATE = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})


class Machines:
    """The machines of one deployment; ``prefix`` = their ARN up to the journey's name (answering needs none).

    ``spell`` makes the text that Step Functions takes of what is said; a client in this process may take it as it is.
    """

    def __init__(self, prefix: str = "", client: Any = None, spell: Callable[[Any], Any] = encode) -> None:
        self._spell = spell
        self._prefix = prefix
        self._executions = prefix.replace(":stateMachine:", ":execution:", 1)
        self._client = client or boto3.client("stepfunctions")
        # A number is one hash's for ever, and each costs a request to ask.
        self._numbers: dict[tuple[str, str], int] = {}

    def start(self, enrolment: Enrolment, contacts: Mapping[Channel, ContactKey], loops: Iterable[str] = ()) -> None:
        """Starts the run's execution, unless it was started before; ``loops`` = ids of the journey's repeat steps.

        The input carries ids and a hint at addresses by key, never events: whoever reads the console reads it.
        """
        self.go_on(enrolment, contacts=contacts, loops=first_visit(loops))

    def go_on(
        self,
        enrolment: Enrolment,
        *,
        contacts: Mapping[Channel, ContactKey],
        loops: Mapping[str, int],
        steps: Mapping[str, Any] = MappingProxyType({}),
        resume_at: str = "",
        resume_until: datetime | None = None,
        waited: Mapping[str, str] | None = None,
        version: int | None = None,
    ) -> None:
        """Starts the execution of the run's present number with what an earlier one carried, unless it was started.

        It goes on at the state ``resume_at`` (empty: at the beginning), not before ``resume_until``; ``waited`` = in
        which ``step`` and ``since`` when it waits for that. ``version`` = the machine's number, None for the newest.
        """
        said: dict[str, Any] = {
            "enrolment": enrolment.enrolment,
            "profile": enrolment.profile,
            "arms": dict(enrolment.arms),
            "contacts": dict(contacts),
            "steps": dict(steps),
            "loops": dict(loops),
            "resume_at": resume_at,
        }
        if resume_until is not None:
            said["resume_until"] = format_instant(resume_until)
        if waited is not None:
            said["waited"] = dict(waited)
        _told(
            self._client.start_execution,
            frozenset({"ExecutionAlreadyExists"}),
            stateMachineArn=self._prefix + enrolment.journey + ("" if version is None else f":{version}"),
            name=enrolment.execution_name,
            input=self._spell(said),
        )

    def number(self, journey: str, version: str) -> int | None:
        """The number under which the machine was published with this hash; None when it was under none. This process
        asks once for each."""
        if (journey, version) not in self._numbers:
            with _explained():
                for numbered in self._versions(self._prefix + journey):
                    said = self._client.describe_state_machine(stateMachineArn=numbered).get("description", "")
                    self._numbers.setdefault((journey, said), int(numbered.rpartition(":")[2]))
                    if said == version:
                        break
        return self._numbers.get((journey, version))

    def _versions(self, arn: str) -> Iterator[str]:
        """The ARN of every version, the newest first, page by page."""
        more: dict[str, str] = {}
        while True:
            page = self._client.list_state_machine_versions(stateMachineArn=arn, **more)
            for one in page["stateMachineVersions"]:
                yield one["stateMachineVersionArn"]
            if not page.get("nextToken"):
                return
            more = {"nextToken": page["nextToken"]}

    def input_of(self, execution: str) -> Mapping[str, Any]:
        """What the execution of this ARN began with, however large."""
        with _explained():
            said: dict[str, Any] = json.loads(self._client.describe_execution(executionArn=execution)["input"])
        return said

    def stop(self, enrolment: Enrolment, reason: str, error: str = LEFT_EARLY) -> None:
        """Stops the run's execution; one that was never started or has ended stays as it is."""
        _told(
            self._client.stop_execution,
            frozenset({"ExecutionDoesNotExist"}),
            executionArn=f"{self._executions}{enrolment.journey}:{enrolment.execution_name}",
            error=error,
            cause=reason,
        )

    def hold(self, token: str) -> None:
        """Sends a step that asks for something to where a pause holds it; it asks again when it is let go."""
        _told(self._client.send_task_failure, TOO_LATE, taskToken=token, error=PAUSED, cause="")

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Ends a waiting step with what it waited for; False when it waits no more."""
        return _told(self._client.send_task_success, TOO_LATE, taskToken=token, output=self._spell(output))


def first_visit(loops: Iterable[str]) -> dict[str, int]:
    """The counts a run begins with: ``visit`` tells passes of its loops apart, ``passes`` counts an execution's."""
    return {"visit": 1, "passes": 0, **dict.fromkeys(loops, 0)}


def _told(request: Callable[..., Any], harmless: frozenset[str], **said: str) -> bool:
    try:
        with _explained(harmless):
            request(**said)
    except ClientError:
        return False
    return True


@contextmanager
def _explained(harmless: frozenset[str] = frozenset()) -> Iterator[None]:
    """Turns an error of the service into one that is retried; what is harmless stays what it is."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in harmless:
            raise
        raise TransientError(f"Step Functions refused: {code}") from error
    except BotoCoreError as error:
        raise TransientError(f"Step Functions cannot be reached: {type(error).__name__}") from error
