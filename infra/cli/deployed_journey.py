"""Which machine is a journey of a deployed stage, and where are its enrolments?"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.cli.aws import asking, client_of
from infra.cli.problems import Absent, Lacking

if TYPE_CHECKING:
    from functions.journeys.api import Enrolments
    from infra.in_flight.step_functions import StepFunctions

RIGHTS = (
    "states:ListStateMachines, ListStateMachineVersions, DescribeStateMachine, ListExecutions and GetExecutionHistory"
)


@dataclass(frozen=True, slots=True)
class DeployedJourney:
    """A journey of a stage: its machine and the table its enrolments stand in."""

    name: str
    stage: str
    machine: "StepFunctions"
    enrolments: "Enrolments"


@contextmanager
def deployed_journey(journey: str, stage: str, rights: str = RIGHTS) -> Iterator[DeployedJourney]:
    """The journey, and what goes wrong while it is read or written said as a ``Lacking``; ``Absent`` when there is no
    such machine."""
    from infra.in_flight.step_functions import StepFunctions

    with deployed_stage(stage, journey, rights) as (client, enrolments):
        machine = StepFunctions(machines_of(stage, client)[journey], client)
        yield DeployedJourney(journey, stage, machine, enrolments)


@contextmanager
def deployed_stage(stage: str, journey: str | None, rights: str) -> Iterator[tuple[Any, "Enrolments"]]:
    """A client of Step Functions and the enrolments of a stage, which has machines, and one of ``journey`` if it is
    named."""
    from functions.journeys.api import Enrolments
    from functions.journeys.language.faults import did_you_mean
    from functions.shared.errors import TransientError

    client = client_of("stepfunctions", patient=True)
    with asking(client, rights, {}):
        known = machines_of(stage, client)
        if not known or (journey is not None and journey not in known):
            what = (
                f"stage {stage} has no machine of a journey {journey}" if journey else f"stage {stage} has no journeys"
            )
            nothing = f"no journey is deployed to stage {stage}; deploy, or name another --stage"
            raise Absent(what, did_you_mean(journey or "", known, nothing))
        try:
            yield client, Enrolments(f"segue-{stage}-enrolments")
        except TransientError as error:
            fix = "the same command goes on; is the stage deployed, and may you use its enrolments table?"
            raise Lacking(str(error), fix) from error


def under_way_without_files(stage: str, journeys: Collection[str]) -> dict[str, int]:
    """How many are under way in each deployed journey that is none of these: running rows, or executions if they are
    more."""
    client = client_of("stepfunctions", patient=True)
    with asking(client, RIGHTS, {}):
        gone = sorted(machines_of(stage, client).keys() - journeys)
    found = {}
    for name in gone:
        with deployed_journey(name, stage) as deployed:
            rows = sum(row.running for row in deployed.enrolments.scan(name))
            found[name] = max(rows, sum(1 for _ in deployed.machine.running()))
    return found


def machines_of(stage: str, client: Any) -> Mapping[str, str]:
    """The ARN of each journey's machine of a stage, by the journey's name."""
    prefix = f"segue-{stage}-"
    pages = client.get_paginator("list_state_machines").paginate()
    return {
        one["name"].removeprefix(prefix): one["stateMachineArn"]
        for page in pages
        for one in page["stateMachines"]
        if one["name"].startswith(prefix)
    }


@contextmanager
def progress(*whats: str) -> Iterator[list[Any]]:
    """A bar for each on a terminal, nothing elsewhere; call what it gives with how many more are done, and with
    ``total=`` once it is known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = [bar.add_task(what, total=None) for what in whats]

        def advance(task: Any, number: int = 0, total: int | None = None) -> None:
            bar.update(task, advance=number, total=total)

        yield [partial(advance, task) for task in tasks]
