"""When must somebody look? When work was given up, waits too long, or fails; subscribers of the topic are told."""

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import (
    Alarm,
    AlarmActionConfig,
    ComparisonOperator,
    IAlarmAction,
    IMetric,
    Metric,
    TreatMissingData,
)
from aws_cdk.aws_lambda import IFunction
from aws_cdk.aws_sqs import IQueue
from aws_cdk.aws_stepfunctions import IStateMachine
from constructs import Construct
from jsii import implements

from functions.shared.observability import NAMESPACE
from infra.constructs.capability import Capability, titled

FIVE_MINUTES = Duration.minutes(5)


def on_given_up_work(stack: Capability, name: str, dead_letters: IQueue) -> None:
    """A message failed so often that it was set aside; none is lost, it waits for a redrive."""
    metric = dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum")
    _alarm(
        stack,
        f"{titled(name)}GaveUp",
        metric,
        1,
        f"{stack.named(name)}: work was given up; fix what the log says, then redrive",
    )


def on_old_work(stack: Capability, name: str, queue: IQueue, oldest: Duration) -> None:
    """Work arrives faster than it is done, or nothing is done at all."""
    metric = queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES, statistic="Maximum")
    said = f"{stack.named(name)}: work waits longer than {int(oldest.to_minutes())} minutes"
    _alarm(stack, f"{titled(name)}FallsBehind", metric, oldest.to_seconds(), said)


def on_held_back_work(stack: Capability, name: str, many: int) -> None:
    """Deliveries hold more than there is time for; what is sent back is young again, so that its age says nothing."""
    said = f"{stack.named(name)}: work is put off for want of time"
    _alarm(stack, f"{titled(name)}HoldsBack", _counted(name, "held_back"), many, said)


def on_errors(stack: Capability, name: str, function: IFunction) -> None:
    """A function without a queue failed in front of its caller."""
    metric = function.metric_errors(period=FIVE_MINUTES, statistic="Sum")
    _alarm(stack, f"{titled(name)}Fails", metric, 1, f"{stack.named(name)}: invocations fail")


def on_refused_messages(stack: Capability, name: str, many: int) -> None:
    """A sender and our rules disagree; every message is kept until it is put back."""
    said = f"{stack.named(name)}: messages are refused; segue quarantine list says which and why"
    _alarm(stack, f"{titled(name)}Refused", _counted(name, "quarantined"), many, said)


def on_undelivered_records(stack: Capability, name: str, oldest: Duration) -> None:
    """A stream does not reach its bucket; what it has taken it keeps for a day, and then drops."""
    stream = stack.stage.named(name)

    def metric(of: str, statistic: str) -> Metric:
        return Metric(
            namespace="AWS/Firehose",
            metric_name=f"DeliveryToS3.{of}",
            dimensions_map={"DeliveryStreamName": stream},
            period=FIVE_MINUTES,
            statistic=statistic,
        )

    waits = f"{stream}: records wait over {int(oldest.to_minutes())} minutes for their bucket; 24 hours lose them"
    _alarm(stack, f"{titled(name)}FallsBehind", metric("DataFreshness", "Maximum"), oldest.to_seconds(), waits)
    fails = f"{stream}: its bucket refuses records; its log says why"
    _alarm(
        stack,
        f"{titled(name)}Fails",
        metric("Success", "Average"),
        1,
        fails,
        comparison=ComparisonOperator.LESS_THAN_THRESHOLD,
    )


def on_failed_runs(stack: Capability, journey: str, machine: IStateMachine) -> None:
    """A run of a journey ended in an error that its own branches did not foresee."""
    metric = machine.metric_failed(period=FIVE_MINUTES, statistic="Sum")
    _alarm(stack, f"{titled(journey)}Fails", metric, 1, f"{stack.stage.named(journey)}: runs of the journey fail")


def _counted(name: str, what: str) -> Metric:
    """How many a function says it counted (``functions.shared.observability.count``)."""
    return Metric(
        namespace=NAMESPACE,
        metric_name=what,
        dimensions_map={"service": name.replace("_", "-")},
        period=FIVE_MINUTES,
        statistic="Sum",
    )


def _alarm(
    stack: Capability,
    name: str,
    metric: IMetric,
    threshold: float,
    said: str,
    *,
    comparison: ComparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
) -> None:
    alarm = Alarm(
        stack,
        f"{name}Alarm",
        metric=metric,
        threshold=threshold,
        comparison_operator=comparison,
        evaluation_periods=1,
        treat_missing_data=TreatMissingData.NOT_BREACHING,
        alarm_description=said,
    )
    alarm.add_alarm_action(_Tell(stack.topic_arn()))


@implements(IAlarmAction)
class _Tell:
    """The topic by its ARN: it stands in another stack, and importing it would tie them together."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn

    def bind(self, scope: Construct, alarm: object) -> AlarmActionConfig:
        """What CDK asks an action for."""
        return AlarmActionConfig(alarm_action_arn=self._topic_arn)
