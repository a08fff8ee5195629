"""What journeys ask of Step Functions, and how much of its answers they read."""

import json

import boto3
from moto import mock_aws

from functions.journeys.machines import Machines
from infra.local.versions import versioned_step_functions
from tests.functions.journeys.published import NOON

PREFIX = "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-test-"
DEFINITION = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}


def test_a_version_is_known_by_its_hash_however_many_are_newer():
    with mock_aws(), versioned_step_functions(lambda: NOON):
        client = boto3.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/machine"
        arn = client.create_state_machine(
            name="segue-test-welcome",
            definition=json.dumps(DEFINITION),
            roleArn=role,
            publish=True,
            versionDescription="v1",
        )["stateMachineArn"]
        for number in range(2, 103):
            definition = json.dumps({**DEFINITION, "Comment": str(number)})
            client.update_state_machine(
                stateMachineArn=arn, definition=definition, publish=True, versionDescription=f"v{number}"
            )
        [newest] = client.list_state_machine_versions(stateMachineArn=arn, maxResults=1)["stateMachineVersions"]
        assert newest["stateMachineVersionArn"] == f"{arn}:102"
        assert Machines(PREFIX).number("welcome", "v102") == 102
        machines = Machines(PREFIX)
        assert machines.number("welcome", "v1") == 1
        client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:50")
        assert machines.number("welcome", "v50") == 50, "which was met on the way, and is asked for no more"
        assert machines.number("welcome", "v0") is None
