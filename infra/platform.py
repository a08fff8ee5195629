"""Stack: what all capabilities stand on. The bus, the key that makes identifiers unreadable, the alarms' topic."""

import re
from collections.abc import Sequence

from aws_cdk import Aws, CfnOutput, CfnResource, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator
from aws_cdk.aws_sns import Topic

from functions.capture.model import OWN_SOURCES
from infra.application import Application
from infra.constructs.capability import Capability

PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[\w+=.@/-]+)", re.ASCII)


class Platform(Capability):
    """Deployed first, removed last."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "the bus, the deployment key and the alarms' topic", after)
        bus = EventBus(self, "Bus", event_bus_name=self.stage.bus_name, description="Customer events of Segue")
        named = principals(app.node.try_get_context("principals"))
        # As a bare resource: CDK's own class warns at every synthesis of a property that nobody sets.
        CfnResource(
            self,
            "WhoMayPutEvents",
            type="AWS::Events::EventBusPolicy",
            properties={
                "EventBusName": bus.event_bus_name,
                # A statement of another name replaces the old one, so that nobody stays allowed by mistake.
                "StatementId": "named-principals" if named else "own-account",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": named or f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"},
                    "Action": "events:PutEvents",
                    "Resource": bus.event_bus_arn,
                },
            },
        )
        # What our functions say is believed without a plan and about anybody. A deny, since roles of the own account
        # may be allowed the bus by their own policies. CloudFormation names our roles after their stacks.
        ours = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{self.stage.named('*')}"
        CfnResource(
            self,
            "WhoMaySpeakForUs",
            type="AWS::Events::EventBusPolicy",
            properties={
                "EventBusName": bus.event_bus_name,
                "StatementId": "own-sources",
                "Statement": {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "events:PutEvents",
                    "Resource": bus.event_bus_arn,
                    "Condition": {
                        "ForAnyValue:StringLike": {"events:source": [f"{OWN_SOURCES}*"]},
                        "ArnNotLike": {"aws:PrincipalArn": ours},
                    },
                },
            },
        )
        Secret(
            self,
            "DeploymentKey",
            secret_name=self.secret_name("deployment-key"),
            description="Key of every identifier's hash; without it nobody is recognised again",
            generate_secret_string=SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=self.stage.removal,
        )
        alarms = Topic(self, "Alarms", topic_name=self.stage.named("alarms"), enforce_ssl=True)
        alarms.add_to_resource_policy(
            PolicyStatement(
                principals=[ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[alarms.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        CfnOutput(self, "BusName", value=self.stage.bus_name, description="Bus apps put their events on")
        CfnOutput(self, "AlarmsTopic", value=alarms.topic_arn, description="Subscribe whoever looks after Segue")


def principals(stated: object) -> list[str]:
    """Whom ``-c principals=ARN,ARN`` (or a list in cdk.json) names; empty means everybody whom the own account allows.

    Raises ``SystemExit`` for anything but accounts, roles and users by their ARN: a pattern would let strangers in.
    """
    if stated is None:
        return []
    listed = stated.split(",") if isinstance(stated, str) else stated
    named = [str(one).strip() for one in listed] if isinstance(listed, list) else []
    for one in named or [""]:
        if not PRINCIPAL.fullmatch(one):
            raise SystemExit(
                f"segue: {one!r} in -c principals= is no principal; write ARNs such as "
                "arn:aws:iam::123456789012:root or arn:aws:iam::123456789012:role/shop, with commas between them"
            )
    return sorted(set(named))
