"""Stack: may this message go out now, and did it?"""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_ses import (
    ConfigurationSet,
    EmailSendingEvent,
    EventDestination,
)

from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.table import Table

SENDERS = ("send_email", "send_sms", "send_push")
# What SES tells us of a message's way; nothing else would find its way back to a person.
REPORTED = [
    EmailSendingEvent.SEND,
    EmailSendingEvent.DELIVERY,
    EmailSendingEvent.BOUNCE,
    EmailSendingEvent.COMPLAINT,
    EmailSendingEvent.REJECT,
    EmailSendingEvent.RENDERING_FAILURE,
    EmailSendingEvent.DELIVERY_DELAY,
    EmailSendingEvent.OPEN,
    EmailSendingEvent.CLICK,
]


class Dispatch(Capability):
    """One function per channel, each with the one right to send that no other function has."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "the gate, and the ways out", after)
        Table(self, "messages").indexed_by("by_profile", partition_key="profile", sort_key="planned_at")
        configuration_set = self._configuration_set()
        application = str(app.node.try_get_context("push_application_id") or "unset")
        self._sender("send_email", self._may_send_email(configuration_set), configuration_set=configuration_set)
        self._sender("send_sms", self._may_send_sms())
        self._sender("send_push", self._may_send_push(application), push_application_id=application)

    def _sender(self, handler: str, may_send: PolicyStatement, **own: str) -> None:
        others = [sender for sender in SENDERS if sender != handler]
        Consumer(
            self,
            handler,
            environment={
                "enrolments_table": self.stage.named("enrolments"),
                "profiles_table": self.stage.named("profiles"),
                "permissions_table": self.stage.named("permissions"),
                "messages_table": self.stage.named("messages"),
                "machine_prefix": self.machine_prefix(),
                "publication_path": PUBLICATION_PATH,
                "email_queue_url": self.queue_url("send_email"),
                "sms_queue_url": self.queue_url("send_sms"),
                "push_queue_url": self.queue_url("send_push"),
                **own,
            },
            may=[
                access.reads(self, "enrolments", "profiles", "permissions", "messages"),
                access.checks(self, "enrolments", "permissions"),
                access.writes(self, "messages"),
                access.takes_back(self, "messages"),
                access.sends_to(self, *others),
                access.answers_journeys(self),
                *access.ends_runs(self),
                may_send,
            ],
        )

    def _configuration_set(self) -> str:
        name = self.stage.bus_name
        made = ConfigurationSet(self, "EmailReports", configuration_set_name=name, reputation_metrics=True)
        made.add_event_destination(
            "DefaultBus",
            # SES can only tell the account's default bus.
            destination=EventDestination.event_bus(EventBus.from_event_bus_name(self, "DefaultBus", "default")),
            configuration_set_event_destination_name="default-bus",
            events=REPORTED,
        )
        return name

    def _may_send_email(self, configuration_set: str) -> PolicyStatement:
        # A raw message asks for both rights. Which addresses are ours to send from, SES verifies.
        return PolicyStatement(
            actions=["ses:SendEmail", "ses:SendRawEmail"],
            resources=[
                self.arn("ses", "identity", "*"),
                self.arn("ses", "configuration-set", configuration_set),
            ],
        )

    def _may_send_sms(self) -> PolicyStatement:
        return PolicyStatement(
            actions=["sms-voice:SendTextMessage"],
            resources=[self.arn("sms-voice", kind, "*") for kind in ("phone-number", "sender-id", "pool")],
        )

    def _may_send_push(self, application: str) -> PolicyStatement:
        return PolicyStatement(
            actions=["mobiletargeting:SendMessages"],
            resources=[self.arn("mobiletargeting", "apps", f"{application}/messages")],
        )
