"""What do functions talk to on the runner instead of AWS? Clients with the few operations they ask for."""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from infra.local.providers import Providers
from infra.local.runner.executor import ExecutionAlreadyExists, ExecutionDoesNotExist, Executor, TaskTimedOut
from infra.local.runner.machine import Machine


def refused(code: str, operation: str) -> ClientError:
    """The error botocore raises for a service's no."""
    said = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(said, operation)


class StepFunctions:
    """Step Functions over the executor; inputs and outputs come as they are (``as_it_is``). ``prefix`` = ARN of a
    machine up to the journey's name."""

    def __init__(self, executor: Executor, machines: Mapping[str, Machine], prefix: str) -> None:
        self._executor = executor
        self._machines = machines
        self._prefix = prefix

    def start_execution(self, *, stateMachineArn: str, name: str, input: Any) -> None:
        """As Step Functions."""
        machine = self._machines[stateMachineArn.removeprefix(self._prefix)]
        try:
            self._executor.start(machine.first, name, input)
        except ExecutionAlreadyExists:
            raise refused("ExecutionAlreadyExists", "StartExecution") from None

    def list_state_machine_versions(self, *, stateMachineArn: str) -> dict[str, Any]:
        """None: a stage on the runner is deployed once."""
        return {"stateMachineVersions": []}

    def stop_execution(self, *, executionArn: str, error: str | None = None, cause: str | None = None) -> None:
        """As Step Functions; names are the same for no two executions."""
        try:
            self._executor.stop(executionArn.rpartition(":")[2], error, cause)
        except ExecutionDoesNotExist:
            raise refused("ExecutionDoesNotExist", "StopExecution") from None

    def send_task_success(self, *, taskToken: str, output: Any) -> None:
        """As Step Functions."""
        try:
            self._executor.answer(taskToken, output)
        except TaskTimedOut:
            raise refused("TaskTimedOut", "SendTaskSuccess") from None

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> None:
        """As Step Functions."""
        try:
            self._executor.refuse(taskToken, error, cause)
        except TaskTimedOut:
            raise refused("TaskTimedOut", "SendTaskFailure") from None


def as_it_is(said: Any) -> Any:
    """How functions spell what they tell a client in this process: states share it, and nobody changes it."""
    return said


class EventBridge:
    """The bus: ``put`` gets every entry."""

    def __init__(self, put: Callable[[Mapping[str, Any]], None]) -> None:
        self._put = put

    def put_events(self, *, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As EventBridge, which takes all of them."""
        for entry in Entries:
            self._put(entry)
        return {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}


class Objects:
    """S3, as far as doors leave there what is too large to travel."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_said: Any) -> None:
        """As S3."""
        self.kept[Key] = Body

    def delete_objects(self, *, Delete: Mapping[str, Any], **_said: Any) -> dict[str, Any]:
        """As S3, also for what is gone."""
        for one in Delete["Objects"]:
            self.kept.pop(one["Key"], None)
        return {}


class Ways:
    """The ways out: SES, the phone network and the push services, all three clients in one."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._fakes = providers.fakes()
        self._numbers = itertools.count(1)

    def send_email(self, **request: Any) -> dict[str, Any]:
        """As SES v2, raw."""
        self._providers.refuse("sesv2.SendEmail")
        ses_id = f"ses-{next(self._numbers)}"
        self._providers.mailed(ses_id, request, request["Content"]["Raw"]["Data"])
        return {"MessageId": ses_id}

    def send_text_message(self, **request: Any) -> dict[str, Any]:
        """As End User Messaging."""
        name = "pinpoint-sms-voice-v2.SendTextMessage"
        self._providers.refuse(name)
        return self._fakes[name]({"body": json.dumps(request)})

    def send_messages(self, *, ApplicationId: str, MessageRequest: Mapping[str, Any]) -> dict[str, Any]:
        """As Pinpoint."""
        self._providers.refuse("pinpoint.SendMessages")
        path = f"/v1/apps/{ApplicationId}/messages"
        return self._fakes["pinpoint.SendMessages"]({"body": json.dumps(MessageRequest), "url_path": path})
