"""Which events become a function's work? Those a rule of EventBridge puts on its queue."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk.aws_events import CfnRule, EventBus, EventPattern, IEventBus, Rule, Schedule
from aws_cdk.aws_events_targets import SqsQueue

from infra.constructs.capability import Capability, titled
from infra.constructs.consumer import Consumer


def events_of_our_bus(stack: Capability, consumer: Consumer, handler: str, pattern: Mapping[str, Any]) -> None:
    """Events that apps, or we ourselves, put on the bus of this stage."""
    bus = EventBus.from_event_bus_name(stack, "Bus", stack.stage.bus_name)
    _rule(stack, consumer, handler, bus=bus, pattern=pattern)


def events_of_aws(stack: Capability, consumer: Consumer, handler: str, pattern: Mapping[str, Any]) -> None:
    """Events that AWS services tell the account's default bus."""
    _rule(stack, consumer, handler, pattern=pattern)


def every(stack: Capability, consumer: Consumer, handler: str, duration: Duration) -> None:
    """A message each time the duration has passed."""
    _rule(stack, consumer, handler, schedule=Schedule.rate(duration))


def _rule(
    stack: Capability,
    consumer: Consumer,
    handler: str,
    *,
    bus: IEventBus | None = None,
    pattern: Mapping[str, Any] | None = None,
    schedule: Schedule | None = None,
) -> None:
    rule = Rule(
        stack,
        f"{titled(handler)}Rule",
        rule_name=stack.named(handler),
        event_bus=bus,
        schedule=schedule,
        # CDK wants some pattern; the real one follows, since its type knows no nested content filters.
        event_pattern=EventPattern(source=["segue"]) if pattern else None,
        # What the queue does not take is set aside where what the function does not take is.
        targets=[SqsQueue(consumer.queue, dead_letter_queue=consumer.dead_letters)],
    )
    if pattern:
        made = rule.node.default_child
        assert isinstance(made, CfnRule)
        made.event_pattern = pattern
