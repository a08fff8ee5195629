"""What does Step Functions say of a journey? Its versions, what runs of it, and where each execution stands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.in_flight.versions import Version

EVENTS_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution that runs. ``version`` = the number it was started by, None when it was started by no number."""

    arn: str
    name: str
    started_at: datetime
    version: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an execution (by its name) stands: the state it entered last, when, and with what it came there."""

    execution: str
    state: str
    entered_at: datetime
    carried: Mapping[str, Any]


class StepFunctions:
    """Reads one journey's machine; a busy service is asked again, ever more slowly.

    ``arn`` = the machine's.
    """

    def __init__(self, arn: str, client: Any) -> None:
        self.arn = arn
        self.client = client

    def versions(self) -> list[Version]:
        """Every published version, the newest first."""
        found: list[Version] = []
        more: dict[str, str] = {}
        while True:
            page = self.client.list_state_machine_versions(stateMachineArn=self.arn, **more)
            for one in page["stateMachineVersions"]:
                arn = one["stateMachineVersionArn"]
                said = self.client.describe_state_machine(stateMachineArn=arn)
                published_at = one["creationDate"].astimezone(UTC)
                hash_ = said.get("description", "")
                found.append(Version(int(arn.rpartition(":")[2]), hash_, published_at))
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    def definition(self, version: int) -> dict[str, Any]:
        """The machine of a version."""
        said = self.client.describe_state_machine(stateMachineArn=f"{self.arn}:{version}")
        definition: dict[str, Any] = json.loads(said["definition"])
        return definition

    def definition_of(self, execution: Execution) -> dict[str, Any]:
        """The machine an execution began with. AWS answers this about once a second: for few executions only."""
        said = self.client.describe_state_machine_for_execution(executionArn=execution.arn)
        definition: dict[str, Any] = json.loads(said["definition"])
        return definition

    def running(self) -> Iterator[Execution]:
        """Every execution that runs, the newest first; one that started a moment ago may be missing."""
        pages = self.client.get_paginator("list_executions").paginate(
            stateMachineArn=self.arn, statusFilter="RUNNING", PaginationConfig={"PageSize": 1000}
        )
        for page in pages:
            for one in page["executions"]:
                by = one.get("stateMachineVersionArn")
                version = int(by.rpartition(":")[2]) if by else None
                yield Execution(one["executionArn"], one["name"], one["startDate"].astimezone(UTC), version)

    def place(self, execution: Execution) -> Place | None:
        """Where an execution stands, read from the end of its history; None when it has just ended."""
        return self._last_entered(execution.name, execution.arn, None)

    def stopped_at(self, name: str, error: str) -> Place | None:
        """Where an execution stood that was stopped with this error; None when there is none such."""
        arn = f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
        try:
            return self._last_entered(name, arn, error)
        except self.client.exceptions.ExecutionDoesNotExist:
            return None

    def _last_entered(self, name: str, arn: str, error: str | None) -> Place | None:
        more: dict[str, str] = {}
        while True:
            page = self.client.get_execution_history(
                executionArn=arn, reverseOrder=True, maxResults=EVENTS_AT_ONCE, **more
            )
            for event in page["events"]:
                if event["type"] in ENDS and (error is None or _error_of(event) != error):
                    return None
                if entered := event.get("stateEnteredEventDetails"):
                    at = event["timestamp"].astimezone(UTC)
                    return Place(name, entered["name"], at, json.loads(entered["input"]))
            if not page.get("nextToken"):
                return None
            more = {"nextToken": page["nextToken"]}


def _error_of(event: Mapping[str, Any]) -> str | None:
    found: str | None = event.get("executionAbortedEventDetails", {}).get("error")
    return found


ENDS = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
