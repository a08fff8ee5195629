"""Stack: whose is this event?"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack

from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.table import Table

# What 1 s brings of one event each; larger deliveries end at Lambda's 6 MB.
RECORDS = 100


class Identity(Capability):
    """Identifiers and the people they lead to; every event passes here once."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "whose an event is", after)
        Table(self, "identity", sort_key="sk")
        Consumer(
            self,
            "recognise_people",
            environment={
                "identity_table": self.stage.named("identity"),
                "profiles_table": self.stage.named("profiles"),
                "identity_queue_url": self.queue_url("recognise_people"),
                "journeys_queue_url": self.queue_url("advance_people"),
                "permissions_queue_url": self.queue_url("record_consent"),
                "bus_name": self.stage.bus_name,
                "deployment_key_secret": self.secret_name("deployment-key"),
                "publication_path": PUBLICATION_PATH,
            },
            may=[
                access.reads(self, "identity", "profiles"),
                access.writes(self, "identity", "profiles"),
                access.sends_to(self, "advance_people", "record_consent", "recognise_people"),
                access.puts_events(self),
                access.reads_secret(self, "deployment-key"),
            ],
            batch_size=RECORDS,
            window=Duration.seconds(1),
            timeout=Duration.minutes(1),
        )
