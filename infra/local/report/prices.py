"""What would the run have cost on AWS? Counted units times list prices; nothing else is in the sum."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.report.model import DemoResult

DATED = "November 2026"
REGION = "US East (N. Virginia)"
SOURCES = ("aws.amazon.com/{eventbridge,sqs,lambda,dynamodb,step-functions,ses,s3}/pricing",)


@dataclass(frozen=True, slots=True)
class CostLine:
    """``quantity`` of ``unit`` at ``per_million`` US dollars a million."""

    name: str
    unit: str
    quantity: float
    per_million: float

    @property
    def dollars(self) -> float:
        """US dollars."""
        return self.quantity * self.per_million / 1_000_000


def cost_lines(result: DemoResult) -> list[CostLine]:
    """The lines of the bill that the meter counts; compute time and SMS or push fees are not simulated."""
    email = sum(page.funnel.sent_by_channel.get("email", 0) for page in result.journeys)
    lines = [
        CostLine("EventBridge", "events put on the bus", result.events, 1.00),
        CostLine("SQS", "requests", _requests(result, "sqs"), 0.40),
        CostLine("DynamoDB", "write units", result.write_units, 0.625),
        CostLine("DynamoDB", "read units", result.read_units, 0.125),
        CostLine("Step Functions", "state transitions", result.state_transitions, 25.00),
        CostLine("SES", "e-mails", email, 100.00),
        CostLine("S3", "objects put", _requests(result, "s3"), 5.00),
    ]
    return [line for line in lines if line.quantity]


def total(lines: Iterable[CostLine]) -> float:
    """US dollars of all lines."""
    return sum(line.dollars for line in lines)


def _requests(result: DemoResult, service: str) -> int:
    return sum(call.requests for call in result.calls if call.operation.split(".")[0].lower() == service)
