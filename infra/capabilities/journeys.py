"""Stack: where does this person stand in which journey, and what comes next?"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack

from functions.journeys.acts import SOURCE as JOURNEYS
from infra.application import Application
from infra.constructs import access, alarms
from infra.constructs.capability import Capability
from infra.constructs.consumer import CONCURRENCY, Consumer
from infra.constructs.function import Function
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.rule import events_of_aws, every
from infra.constructs.table import Table


class Journeys(Capability):
    """Who enters, leaves and wakes; what machines ask while a person is under way."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "who enters, leaves and goes on in a journey", after)
        table = Table(self, "enrolments", sort_key="sk")
        table.indexed_by("by_start", partition_key="starting", sort_key="entered_at", keys_only=True)
        enrolments, profiles = self.stage.named("enrolments"), self.stage.named("profiles")
        Consumer(
            self,
            "advance_people",
            environment={
                "enrolments_table": enrolments,
                "profiles_table": profiles,
                "machine_prefix": self.machine_prefix(),
                "deployment_key_secret": self.secret_name("deployment-key"),
                "publication_path": PUBLICATION_PATH,
                "journeys_queue_url": self.queue_url("advance_people"),
                # Each takes its part of the rate at which runs may start.
                "processes": str(CONCURRENCY),
            },
            may=[
                access.reads(self, "enrolments", "profiles"),
                access.writes(self, "enrolments"),
                access.sends_to(self, "advance_people"),
                access.reads_secret(self, "deployment-key"),
                access.answers_journeys(self),
                *access.starts_and_stops_journeys(self),
            ],
        )
        sweep_enrolments = Consumer(
            self,
            "sweep_enrolments",
            environment={"enrolments_table": enrolments, "journeys_queue_url": self.queue_url("advance_people")},
            may=[access.reads_index(self, "enrolments", "by_start"), access.sends_to(self, "advance_people")],
            concurrency=2,
        )
        every(self, sweep_enrolments, "sweep_enrolments", Duration.minutes(15))
        evaluate_step = Function(
            self,
            "evaluate_step",
            environment={
                "enrolments_table": enrolments,
                "profiles_table": profiles,
                "decisioning_table": self.stage.named("decisioning"),
                "machine_prefix": self.machine_prefix(),
                "bus_name": self.stage.bus_name,
                "publication_path": PUBLICATION_PATH,
            },
            may=[
                access.reads(self, "enrolments", "profiles", "decisioning"),
                *access.ends_runs(self),
                access.goes_on(self),
                access.puts_events(self, JOURNEYS),
            ],
        )
        alarms.on_errors(self, "evaluate_step", evaluate_step)
        register_wait = Function(
            self,
            "register_wait",
            environment={
                "enrolments_table": enrolments,
                "profiles_table": profiles,
                "machine_prefix": self.machine_prefix(),
                "publication_path": PUBLICATION_PATH,
            },
            may=[
                access.reads(self, "enrolments", "profiles"),
                access.writes(self, "enrolments"),
                access.answers_journeys(self),
                *access.ends_runs(self),
            ],
        )
        alarms.on_errors(self, "register_wait", register_wait)
        close_enrolments = Consumer(
            self,
            "close_enrolments",
            environment={"enrolments_table": enrolments},
            may=[
                access.reads(self, "enrolments"),
                access.writes(self, "enrolments"),
                access.looks_up_executions(self),
            ],
        )
        events_of_aws(
            self,
            close_enrolments,
            "close_enrolments",
            pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [{"prefix": self.machine_prefix()}],
                },
            },
        )
