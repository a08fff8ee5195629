"""What became of runs whose execution ended without saying so? Step Functions tells, and an open row is closed."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.journeys.api import Enrolments
from functions.journeys.model import EnrolmentStatus
from functions.shared.names import EnrolmentId, ProfileId

# Answers what an execution began with, by its ARN.
InputOf = Callable[[str], Mapping[str, Any]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that ended, and how its run is to be closed if nobody has closed it."""

    profile: ProfileId
    enrolment: EnrolmentId
    run: int
    status: EnrolmentStatus
    reason: str
    at: datetime


def ended(envelope: Mapping[str, Any], input_of: InputOf) -> Ended:
    """Reads a "Step Functions Execution Status Change" of EventBridge; raises ``KeyError`` on anything else.

    Source: Step Functions developer guide, "Automating event delivery". The cause is not read: it may quote a person.
    The event leaves out an input that is large, as of a run that goes on with the answers of its steps: then
    ``input_of`` is asked.
    """
    detail = envelope["detail"]
    text = detail.get("input")
    said = input_of(detail["executionArn"]) if text is None else json.loads(text)
    status, reason = READINGS[detail["status"]]
    return Ended(
        profile=ProfileId(said["profile"]),
        enrolment=EnrolmentId(said["enrolment"]),
        run=int(detail["name"].rpartition("-")[2]),
        status=status,
        reason=reason if reason else _in_words(detail.get("error") or "failed"),
        at=EPOCH + timedelta(milliseconds=detail["stopDate"]),
    )


# An execution stopped by hand is a run somebody ended; one we stopped has its row closed already.
READINGS: Mapping[str, tuple[EnrolmentStatus, str | None]] = {
    "FAILED": ("failed", None),
    "TIMED_OUT": ("failed", "timed_out"),
    "ABORTED": ("exited", "stopped"),
}


def close_enrolment(envelope: Mapping[str, Any], enrolments: Enrolments, input_of: InputOf) -> bool:
    """Closes the run of an execution that ended; False when it was closed before."""
    found = ended(envelope, input_of)
    return enrolments.close(
        found.profile, found.enrolment, run=found.run, status=found.status, reason=found.reason, at=found.at
    )


def _in_words(error: str) -> str:
    """``UnreadableDate`` as ``unreadable_date``, ``States.DataLimitExceeded`` as ``data_limit_exceeded``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.rpartition(".")[2]).lower()
