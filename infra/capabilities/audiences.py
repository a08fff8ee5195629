"""Stack: which group does this person belong to right now?"""

import json
from collections.abc import Sequence

from aws_cdk import Duration, Stack

from functions.audiences.policy import SOURCE as AUDIENCES
from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.rule import every
from infra.constructs.schedule import schedules
from infra.constructs.table import Table
from infra.publication import published


class Audiences(Capability):
    """Who is in which audience, told as events, also when only time has passed."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "which groups a person belongs to", after)
        Table(self, "audiences", sort_key="sk")
        audiences = self.stage.named("audiences")
        Consumer(
            self,
            "update_audiences",
            environment={
                "audiences_table": audiences,
                "audiences_queue_url": self.queue_url("update_audiences"),
                "profiles_table": self.stage.named("profiles"),
                "decisioning_table": self.stage.named("decisioning"),
                "bus_name": self.stage.bus_name,
                "publication_path": PUBLICATION_PATH,
            },
            may=[
                access.reads(self, "audiences", "profiles", "decisioning"),
                access.writes(self, "audiences"),
                access.takes_back(self, "audiences"),
                access.checks(self, "profiles"),
                access.sends_to(self, "update_audiences"),
                access.puts_events(self, AUDIENCES),
            ],
            window=Duration.seconds(1),
            timeout=Duration.minutes(1),
            holds_back=True,
        )
        find_due_people = Consumer(
            self,
            "find_due_people",
            environment={"audiences_table": audiences, "audiences_queue_url": self.queue_url("update_audiences")},
            may=[access.reads(self, "audiences"), access.sends_to(self, "update_audiences")],
            concurrency=2,
        )
        enter_scheduled = Consumer(
            self,
            "enter_scheduled",
            environment={
                "audiences_table": audiences,
                "journeys_queue_url": self.queue_url("advance_people"),
                "schedules_queue_url": self.queue_url("enter_scheduled"),
                "publication_path": PUBLICATION_PATH,
            },
            may=[access.scans(self, "audiences"), access.sends_to(self, "advance_people", "enter_scheduled")],
            concurrency=2,
        )
        schedules(self, enter_scheduled, json.loads(published().text)["journeys"])
        every(self, find_due_people, "find_due_people", Duration.minutes(15))
