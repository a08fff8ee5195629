"""Stack: the journeys themselves, one state machine each, compiled from journeys/."""

from collections.abc import Sequence

from aws_cdk import Annotations, Stack
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal

from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.state_machine import StateMachine
from infra.publication import published


class Machines(Capability):
    """What the console shows of a person's way: one execution per run of a journey."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "one state machine per journey", after)
        role = Role(
            self,
            "MachinesRole",
            assumed_by=ServicePrincipal("states.amazonaws.com"),
            description="What the machines of all journeys may do: hand on messages, ask, and close enrolments",
        )
        update = PolicyStatement(actions=["dynamodb:UpdateItem"], resources=[self.table_arn("enrolments")])
        for statement in (
            access.sends_to(self, "send_email", "send_sms", "send_push"),
            access.invokes(self, "evaluate_step", "register_wait"),
            update,
        ):
            role.add_to_policy(statement)
        substitutions = {
            "EvaluateStepArn": self.function_arn("evaluate_step"),
            "RegisterWaitArn": self.function_arn("register_wait"),
            "EmailQueueUrl": self.queue_url("send_email"),
            "SmsQueueUrl": self.queue_url("send_sms"),
            "PushQueueUrl": self.queue_url("send_push"),
            "EnrolmentsTable": self.stage.named("enrolments"),
        }
        for journey, warning in published().warnings.items():
            # Shown by the CDK command line with every synthesis.
            Annotations.of(self).add_warning_v2(f"segue:removed-{journey}", warning)
        for journey, definition in published().machines.items():
            version = published().versions[journey]
            StateMachine(self, journey, definition, substitutions, role, version=version)
