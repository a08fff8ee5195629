"""What makes a journey's time come? A schedule of EventBridge Scheduler, which tells a function of each tick."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_scheduler import CfnSchedule

from functions.journeys.language.cron import read_cron
from infra.constructs.capability import Capability, titled
from infra.constructs.consumer import Consumer

# The scheduler's own word for the time a tick was due, in a target's input (user guide, "Adding context attributes").
TICK = "<aws.scheduler.scheduled-time>"


def schedules(stack: Capability, consumer: Consumer, journeys: Mapping[str, Mapping[str, Any]]) -> None:
    """One schedule for each journey of a publication that has one; ticks the queue does not take are dead letters."""
    scheduled = {name: one["entry"]["schedule"] for name, one in journeys.items() if "schedule" in one["entry"]}
    if not scheduled:
        return
    role = Role(
        stack,
        "SchedulesRole",
        # Not for a schedule of another account, which the service would serve as well.
        assumed_by=ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        description="What the schedules of journeys may do: tell that it is time",
    )
    queues = [consumer.queue.queue_arn, consumer.dead_letters.queue_arn]
    role.add_to_policy(PolicyStatement(actions=["sqs:SendMessage"], resources=queues))
    for name, schedule in sorted(scheduled.items()):
        made = CfnSchedule(
            stack,
            f"{titled(name)}Schedule",
            name=stack.stage.named(name),
            description=f"Enters people into journey {name}",
            schedule_expression=read_cron(schedule["cron"]).for_scheduler(),
            schedule_expression_timezone=schedule["zone"],
            flexible_time_window=CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=CfnSchedule.TargetProperty(
                arn=consumer.queue.queue_arn,
                role_arn=role.role_arn,
                input=json.dumps({"journey": name, "tick": TICK}),
                dead_letter_config=CfnSchedule.DeadLetterConfigProperty(arn=consumer.dead_letters.queue_arn),
            ),
        )
        made.node.add_dependency(role)
