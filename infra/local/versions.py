"""How does moto's Step Functions know versions? It publishes and describes them; the rest of their API is put in here.

As on AWS an execution keeps the definition it began with, a version is started by its ARN, and a history can be read
from its end, page by page.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from moto.stepfunctions import models, responses
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend


@contextmanager
def versioned_step_functions(clock: Callable[[], datetime]) -> Iterator[None]:
    """Step Functions with versions, published at the clock's time."""
    with ExitStack() as stack:
        # moto's own times are without a zone.
        stack.enter_context(patch.object(models, "utcnow", lambda: clock().replace(tzinfo=None)))
        started = _started(StepFunctionsParserBackend.start_execution)
        stack.enter_context(patch.object(StepFunctionsParserBackend, "start_execution", started))
        for answer in (
            list_executions,
            describe_state_machine_for_execution,
            get_execution_history,
            list_state_machine_versions,
            delete_state_machine_version,
        ):
            name = answer.__name__
            stack.enter_context(patch.object(responses.StepFunctionResponse, name, answer, create=True))
        yield


def _started(start: Callable[..., Execution]) -> Callable[..., Execution]:
    def start_execution(backend: Any, state_machine_arn: str, *said: Any, **more: Any) -> Execution:
        machine = backend.describe_state_machine(state_machine_arn)
        if not isinstance(machine, models.StateMachineVersion):
            return start(backend, state_machine_arn, *said, **more)
        source = backend.describe_state_machine(machine.source_arn)
        # An execution copies the definition when it starts.
        with patch.object(source, "definition", machine.definition):
            execution = start(backend, machine.source_arn, *said, **more)
        execution.version_arn = machine.arn
        return execution

    return start_execution


def list_executions(response: Any) -> Any:
    """With the version an execution was started by."""
    backend = response.stepfunction_backend
    arn, status = response._get_param("stateMachineArn"), response._get_param("statusFilter")
    limit, token = response._get_int_param("maxResults"), response._get_param("nextToken")
    found, following = backend.list_executions(arn, status_filter=status, max_results=limit, next_token=token)
    return responses.ActionResult({"executions": [_item(one) for one in found], "nextToken": following})


def _item(execution: Execution) -> dict[str, Any]:
    version = getattr(execution, "version_arn", None)
    return {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        **({"stopDate": execution.stop_date} if execution.stop_date else {}),
        **({"stateMachineVersionArn": version} if version else {}),
    }


def describe_state_machine_for_execution(response: Any) -> Any:
    """The definition the execution began with, not the newest."""
    execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
    machine = execution.state_machine
    said = {"stateMachineArn": machine.arn, "name": machine.name, "definition": machine.definition}
    return responses.ActionResult({**said, "roleArn": machine.roleArn, "updateDate": machine.update_date})


def get_execution_history(response: Any) -> Any:
    """In either direction, page by page."""
    arn = response._get_param("executionArn")
    events = response.stepfunction_backend.get_execution_history(arn)["events"]
    if response._get_param("reverseOrder"):
        events = events[::-1]
    first = int(response._get_param("nextToken") or 0)
    after = first + (response._get_int_param("maxResults") or 100)
    more = {"nextToken": str(after)} if after < len(events) else {}
    return responses.ActionResult({"events": events[first:after], **more})


def list_state_machine_versions(response: Any) -> Any:
    """The newest first, page by page."""
    machine = response.stepfunction_backend.describe_state_machine(response._get_param("stateMachineArn"))
    versions = [
        {"stateMachineVersionArn": one.arn, "creationDate": one.creation_date}
        for _, one in sorted(machine.versions.items(), reverse=True)
    ]
    first = int(response._get_param("nextToken") or 0)
    after = first + (response._get_int_param("maxResults") or 100)
    more = {"nextToken": str(after)} if after < len(versions) else {}
    return responses.ActionResult({"stateMachineVersions": versions[first:after], **more})


def delete_state_machine_version(response: Any) -> Any:
    """Forgets one; its number is never given again."""
    arn, _, number = response._get_param("stateMachineVersionArn").rpartition(":")
    machine = response.stepfunction_backend.describe_state_machine(arn)
    if machine.versions.pop(int(number), None) is None:
        raise StateMachineDoesNotExist(f"State Machine Version Does Not Exist: '{arn}:{number}'")
    return responses.EmptyResult()
