"""How does a run outlive its execution? Its row counts one more, and a new execution takes over from this one."""

from collections.abc import Mapping
from typing import Any

from functions.journeys.api import Enrolments
from functions.journeys.machines import Machines
from functions.shared.names import EnrolmentId, ProfileId


def go_on(task: Mapping[str, Any], enrolments: Enrolments, machines: Machines) -> dict[str, Any]:
    """Starts the next execution of a run, once however often it is asked; ``{"run": n}`` = its number.

    Row first, as everywhere: an execution of another number than the row's is nobody's.
    """
    profile, enrolment = ProfileId(task["profile"]), EnrolmentId(task["enrolment"])
    run = int(task["execution"].rpartition("-")[2])
    ahead = enrolments.go_on(profile, enrolment, run) or enrolments.get(profile, enrolment)
    if ahead is None or not ahead.running or (ahead.run, ahead.version) != (run + 1, task["version"]):
        return {"run": run}
    machines.go_on(
        ahead,
        contacts=task["contacts"],
        loops=task["loops"],
        steps=task["steps"],
        resume_at=task["resume_at"],
        # The newest machine may have no such state to resume at.
        version=machines.number(ahead.journey, task["version"]),
    )
    now = enrolments.get(profile, enrolment)
    if now is None or not now.running:
        # An exit came in between: it ended the row and found nothing to stop.
        machines.stop(ahead, "ended" if now is None else now.reason or now.status)
    return {"run": ahead.run}
