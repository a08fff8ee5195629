"""Which findings of cdk-nag do we live with, and why? All of them stand here; any other finding stops synthesis."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

_ACCOUNT = "<AWS::Region>:<AWS::AccountId>"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One finding, where it is lived with (``<capability>/<construct>``, ``*`` for any), and why."""

    where: str
    finding: str
    reason: str


def accepted(stage: str) -> list[Accepted]:
    """Every finding lived with in a stage; names of things are part of findings, so the stage's name is too."""
    states = f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:{_ACCOUNT}:"
    sms = f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sms-voice:{_ACCOUNT}:"
    found = [
        Accepted(
            "*/*Role",
            "AwsSolutions::AwsSolutions-IAM5[Resource::*]",
            "X-Ray's write actions, and for machines the delivery of logs, know no resources; a test holds that no "
            "role has any other action on *.",
        ),
        Accepted(
            "*/*Role",
            f"{states}stateMachine:segue-{stage}-*]",
            "Journeys are named by pattern: a reference would tie the stacks into a circle, and authors add journeys.",
        ),
        *(
            Accepted(
                role,
                f"{states}execution:segue-{stage}-*:*]",
                "An execution's name is known only when it starts; the pattern ends at this stage's journeys.",
            )
            for role in (
                "journeys/AdvancePeopleRole",
                "journeys/CloseEnrolmentsRole",
                "journeys/EvaluateStepRole",
                "journeys/RegisterWaitRole",
                "dispatch/Send*Role",
            )
        ),
        *(
            Accepted(
                "capture/QuarantineEventsRole",
                f"AwsSolutions::AwsSolutions-IAM5[Resource::<Quarantine23FF09FE.Arn>/{part}/*]",
                "Objects are named after days and contents; the function may write any of these and read none.",
            )
            for part in ("rejected", "parts", "index")
        ),
        Accepted(
            "capture/Accept*Role",
            "AwsSolutions::AwsSolutions-IAM5[Resource::<ClaimsE8D96B24.Arn>/claims/*]",
            "One object per message too large to travel; the doors may write any and read none.",
        ),
        Accepted(
            "identity/RecognisePeopleRole",
            f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::segue-{stage}-claims-"
            "<AWS::AccountId>-<AWS::Region>/claims/*]",
            "What an erased person's events left there is found by their timeline; the function may only delete.",
        ),
        Accepted(
            "identity/ArchiveRole",
            "AwsSolutions::AwsSolutions-IAM5[Resource::<ArchiveDA4CB258.Arn>/*]",
            "The stream names its objects by time; it may write any and read none.",
        ),
        Accepted(
            "dispatch/SendEmailRole",
            f"AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:{_ACCOUNT}:identity/*]",
            "The sender stands in the authors' policy.yaml; SES itself takes only identities verified in this account.",
        ),
        *(
            Accepted(
                "dispatch/SendSmsRole",
                f"{sms}{kind}/*]",
                "The sender stands in the authors' policy.yaml; only numbers and ids of this account match.",
            )
            for kind in ("phone-number", "pool", "sender-id")
        ),
        Accepted(
            "*/*",
            "AwsSolutions::AwsSolutions-L1",
            "Python 3.13: what the suite is tested and its layer is locked for. AWS maintains it until 2029.",
        ),
        Accepted(
            "*/*",
            "Serverless::Serverless-LambdaLatestVersion",
            "Python 3.13: what the suite is tested and its layer is locked for. AWS maintains it until 2029.",
        ),
        Accepted(
            "*/*",
            "Serverless::Serverless-LambdaDLQ",
            "No function is invoked asynchronously: queues, machines and the function URL wait for the answer. What a "
            "queue's function gives up goes to that queue's dead letters.",
        ),
        Accepted(
            "*/*",
            "Serverless::Serverless-LambdaEventSourceMappingDestination",
            "Destinations are for streams; an SQS source gives up to the queue's own dead letters.",
        ),
        Accepted(
            "*/*DeadLetters",
            "Serverless::Serverless-SQSRedrivePolicy",
            "This is the queue that others redrive to; an alarm watches it.",
        ),
        Accepted(
            "machines/*",
            "AwsSolutions::AwsSolutions-SF2",
            "Journeys last weeks and X-Ray keeps 30 days; the execution history is the trace.",
        ),
        Accepted(
            "machines/*",
            "Serverless::Serverless-StepFunctionStateMachineXray",
            "Journeys last weeks and X-Ray keeps 30 days; the execution history is the trace.",
        ),
        Accepted(
            "platform/DeploymentKey",
            "AwsSolutions::AwsSolutions-SMG4",
            "Every stored identifier is a hash under this key: another key would make strangers of all people.",
        ),
        Accepted(
            "capture/WriteKeys",
            "AwsSolutions::AwsSolutions-SMG4",
            "Keys stand in customers' apps: a new one is added beside the old, by people, until the old is unused.",
        ),
        Accepted(
            "capture/Quarantine",
            "AwsSolutions::AwsSolutions-S1",
            "One function writes here and operators read; CloudTrail's data events tell who, where wanted.",
        ),
        Accepted(
            "capture/Claims",
            "AwsSolutions::AwsSolutions-S1",
            "The two doors write here and operators read; CloudTrail's data events tell who, where wanted.",
        ),
        Accepted(
            "identity/Archive",
            "AwsSolutions::AwsSolutions-S1",
            "One stream writes here and operators read; CloudTrail's data events tell who, where wanted.",
        ),
    ]
    if stage == "dev":
        found.append(
            Accepted(
                "*/*Table",
                "AwsSolutions::AwsSolutions-DDB3",
                "Stage dev deletes its data with its stacks; stage prod recovers to any second.",
            )
        )
    return found


def acknowledge(app: IConstruct, stage: str) -> None:
    """Answers for every accepted finding, where it was accepted and nowhere else."""
    listed = accepted(stage)
    for path, construct in _constructs(app, stage):
        answers = [Acknowledgment(id=one.finding, reason=one.reason) for one in listed if fnmatchcase(path, one.where)]
        if answers:
            Validations.of(construct).acknowledge(*answers)


def _constructs(app: IConstruct, stage: str) -> Iterator[tuple[str, IConstruct]]:
    """Each construct directly in a stack, as ``<capability>/<construct>``."""
    for stack in app.node.children:
        for construct in stack.node.children:
            yield f"{stack.node.id.removeprefix(f'segue-{stage}-')}/{construct.node.id}", construct
