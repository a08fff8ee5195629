"""Stack: what all capabilities stand on. The bus, the key that makes identifiers unreadable, the alarms' topic."""

from collections.abc import Sequence

from aws_cdk import Aws, CfnOutput, CfnResource, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator
from aws_cdk.aws_sns import Topic

from infra.application import Application
from infra.constructs.capability import Capability


class Platform(Capability):
    """Deployed first, removed last."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "the bus, the deployment key and the alarms' topic", after)
        bus = EventBus(self, "Bus", event_bus_name=self.stage.bus_name, description="Customer events of Segue")
        # As a bare resource: CDK's own class warns at every synthesis of a property that nobody sets.
        CfnResource(
            self,
            "WhoMayPutEvents",
            type="AWS::Events::EventBusPolicy",
            properties={
                "EventBusName": bus.event_bus_name,
                "StatementId": "own-account",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"},
                    "Action": "events:PutEvents",
                    "Resource": bus.event_bus_arn,
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
