"""What is a journey on AWS? A Standard state machine: the compiled definition, its versions, its log, and an alarm."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk.aws_iam import IRole
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_stepfunctions import (
    CfnStateMachineVersion,
    DefinitionBody,
    LogLevel,
    LogOptions,
    StateMachineType,
)
from aws_cdk.aws_stepfunctions import StateMachine as StandardStateMachine

from infra.constructs import alarms
from infra.constructs.capability import Capability, titled


class StateMachine(StandardStateMachine):
    """The machine of one journey; ``substitutions`` fill the placeholders of its definition, ``version`` is its hash.

    The definition is uploaded as a file: a template holds 1 MB, and journeys are many.
    """

    def __init__(
        self,
        stack: Capability,
        journey: str,
        definition: Mapping[str, Any],
        substitutions: Mapping[str, str],
        role: IRole,
        *,
        version: str,
    ) -> None:
        name = stack.stage.named(journey)
        log = LogGroup(
            stack,
            f"{titled(journey)}Log",
            # This prefix keeps the account's one policy for log delivery from filling up with a line per machine.
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=stack.stage.log_retention,
            removal_policy=stack.stage.removal,
        )
        with TemporaryDirectory() as folder:
            path = Path(folder, f"{journey}.asl.json")
            path.write_text(json.dumps(definition, indent=1), encoding="utf-8")
            super().__init__(
                stack,
                titled(journey),
                state_machine_name=name,
                state_machine_type=StateMachineType.STANDARD,
                definition_body=DefinitionBody.from_file(str(path)),
                definition_substitutions=substitutions,
                role=role,
                # Never with execution data: the input of a run names a person.
                logs=LogOptions(destination=log, level=LogLevel.ALL, include_execution_data=False),
            )
        alarms.on_failed_runs(stack, journey, self)
        # A new hash is a new resource, so that CloudFormation publishes; the version before is kept, since people who
        # are under way are counted by it and may be moved back to it.
        published = CfnStateMachineVersion(
            stack,
            f"{titled(journey)}Version{version}",
            state_machine_arn=self.state_machine_arn,
            description=version,
        )
        published.apply_removal_policy(RemovalPolicy.RETAIN)
