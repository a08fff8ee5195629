"""What became of runs whose execution ended without saying so? Step Functions tells, and an open row is closed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.journeys.api import Enrolments
from functions.journeys.model import EnrolmentStatus
from functions.shared.names import EnrolmentId, ProfileId

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


def ended(envelope: Mapping[str, Any]) -> Ended:
    """Reads a "Step Functions Execution Status Change" of EventBridge; raises ``KeyError`` on anything else.

    Source: Step Functions developer guide, "Automating event delivery". The cause is not read: it may quote a person.
    """
    detail = envelope["detail"]
    said = json.loads(detail["input"])
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


def close_enrolment(envelope: Mapping[str, Any], enrolments: Enrolments) -> bool:
    """Closes the run of an execution that ended; False when it was closed before."""
    found = ended(envelope)
    return enrolments.close(
        found.profile, found.enrolment, run=found.run, status=found.status, reason=found.reason, at=found.at
    )


def _in_words(error: str) -> str:
    """``UnreadableDate`` as ``unreadable_date``, ``States.DataLimitExceeded`` as ``data_limit_exceeded``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.rpartition(".")[2]).lower()
