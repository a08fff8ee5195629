"""What may a function do? Words for the statements of its role, so that a capability's file reads as its rights."""

from aws_cdk import Aws
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_s3 import IBucket

from infra.constructs.capability import Capability


def reads(stack: Capability, *tables: str) -> PolicyStatement:
    """Rows by key, one or many, also in transactions and through indexes."""
    actions = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
    return PolicyStatement(actions=actions, resources=[stack.table_arn(table) for table in tables])


def reads_index(stack: Capability, table: str, index: str) -> PolicyStatement:
    """The rows of one index."""
    return PolicyStatement(actions=["dynamodb:Query"], resources=[f"{stack.table_arn(table)}/index/{index}"])


def scans(stack: Capability, table: str) -> PolicyStatement:
    """Every row of a table; only what learns from everybody needs it."""
    return PolicyStatement(actions=["dynamodb:Scan"], resources=[stack.table_arn(table)])


def writes(stack: Capability, *tables: str) -> PolicyStatement:
    """Rows, also in transactions, and checks of rows that a transaction rests on."""
    actions = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"]
    return PolicyStatement(actions=actions, resources=[stack.table_arn(table) for table in tables])


def takes_back(stack: Capability, *tables: str) -> PolicyStatement:
    """Rows that were written before it was known whether they would stand, such as claims; and what is erased."""
    return PolicyStatement(actions=["dynamodb:DeleteItem"], resources=[stack.table_arn(table) for table in tables])


def checks(stack: Capability, *tables: str) -> PolicyStatement:
    """Only that a row is still as it was read, inside a transaction on other rows."""
    resources = [stack.table_arn(table) for table in tables]
    return PolicyStatement(actions=["dynamodb:ConditionCheckItem"], resources=resources)


def sends_to(stack: Capability, *functions: str) -> PolicyStatement:
    """Work for other functions, put on their queues."""
    resources = [stack.queue_arn(function) for function in functions]
    return PolicyStatement(actions=["sqs:SendMessage"], resources=resources)


def puts_objects(bucket: IBucket, folder: str) -> PolicyStatement:
    """Objects in a folder of a bucket of the stack's own; nothing is read back."""
    return PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects(f"{folder}/*")])


def deletes_objects(stack: Capability, bucket: str, folder: str) -> PolicyStatement:
    """Objects in a folder of any capability's bucket: what a person's events left there goes with them."""
    arn = f"arn:{Aws.PARTITION}:s3:::{stack.bucket_name(bucket)}/{folder}/*"
    return PolicyStatement(actions=["s3:DeleteObject"], resources=[arn])


def reads_secret(stack: Capability, secret: str) -> PolicyStatement:
    """The value of one secret."""
    return PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[stack.secret_arn(secret)])


def puts_events(stack: Capability, source: str) -> PolicyStatement:
    """Events of one source on the bus of this stage."""
    return PolicyStatement(
        actions=["events:PutEvents"],
        resources=[stack.bus_arn()],
        # The sources of a request may be several; see "ArrayOfString" in AWS's list of EventBridge's condition keys.
        conditions={"ForAllValues:StringEquals": {"events:source": [source]}},
    )


def puts_records(stack: Capability, stream: str) -> PolicyStatement:
    """Records on a delivery stream, many at once."""
    arn = stack.arn("firehose", "deliverystream", stack.stage.named(stream))
    return PolicyStatement(actions=["firehose:PutRecordBatch"], resources=[arn])


def starts_and_stops_journeys(stack: Capability) -> list[PolicyStatement]:
    """Runs of journeys. Machines are named by pattern: a reference would tie the stacks into a circle."""
    return [
        PolicyStatement(actions=["states:StartExecution"], resources=[f"{stack.machine_prefix()}*"]),
        PolicyStatement(
            actions=["states:StopExecution", "states:DescribeExecution"], resources=[stack.executions_arn()]
        ),
    ]


def looks_up_executions(stack: Capability) -> PolicyStatement:
    """What an execution began with, where the event that tells its end leaves that out."""
    return PolicyStatement(actions=["states:DescribeExecution"], resources=[stack.executions_arn()])


def ends_runs(stack: Capability) -> list[PolicyStatement]:
    """A run that gives way after a merge is ended by whoever notices: first its row, then its execution."""
    return [
        PolicyStatement(actions=["dynamodb:UpdateItem"], resources=[stack.table_arn("enrolments")]),
        PolicyStatement(actions=["states:StopExecution"], resources=[stack.executions_arn()]),
    ]


def goes_on(stack: Capability) -> PolicyStatement:
    """A run whose execution is full goes on in a new one, of the version it is in."""
    actions = ["states:StartExecution", "states:ListStateMachineVersions", "states:DescribeStateMachine"]
    return PolicyStatement(actions=actions, resources=[f"{stack.machine_prefix()}*"])


def answers_journeys(stack: Capability) -> PolicyStatement:
    """Steps that wait for an answer."""
    actions = ["states:SendTaskSuccess", "states:SendTaskFailure"]
    return PolicyStatement(actions=actions, resources=[f"{stack.machine_prefix()}*"])


def invokes(stack: Capability, *functions: str) -> PolicyStatement:
    """Functions that answer at once."""
    resources = [stack.function_arn(function) for function in functions]
    return PolicyStatement(actions=["lambda:InvokeFunction"], resources=resources)
