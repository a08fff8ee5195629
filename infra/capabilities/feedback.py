"""Stack: what became of a message?"""

from collections.abc import Sequence

from aws_cdk import Stack

from functions.feedback.policy import SOURCE as FEEDBACK
from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.rule import events_of_aws


class Feedback(Capability):
    """The providers' word, as a status, as a suppression, and as an event journeys can wait for."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "what became of a message", after)
        receive_email_events = Consumer(
            self,
            "receive_email_events",
            environment={
                "messages_table": self.stage.named("messages"),
                "permissions_table": self.stage.named("permissions"),
                "bus_name": self.stage.bus_name,
            },
            may=[
                access.reads(self, "messages", "permissions"),
                access.writes(self, "messages", "permissions"),
                access.puts_events(self, FEEDBACK),
            ],
        )
        # The default bus is the whole account's: other senders and other stages report there too.
        events_of_aws(
            self,
            receive_email_events,
            "receive_email_events",
            pattern={
                "source": ["aws.ses"],
                "detail": {"mail": {"tags": {"ses:configuration-set": [self.stage.bus_name]}}},
            },
        )
