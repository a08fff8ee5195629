"""What does work that others hand on? A function with its own queue, dead letters, alarms and limit of concurrency."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption, RedriveAllowPolicy, RedrivePermission

from infra.constructs import alarms
from infra.constructs.capability import Capability, titled
from infra.constructs.function import TIMEOUT, Function

# SQS takes 1 MiB since 2025-08; packed batches use it.
MESSAGE_BYTES = 1_048_576
# Times the function's timeout, as AWS advises, so that a batch never comes twice while it is still worked on.
VISIBLE_AFTER = 6
RETENTION = Duration.days(14)
MAX_RECEIVES = 5
OLDEST = Duration.minutes(15)
CONCURRENCY = 10
# In five minutes: more than a burst leaves behind.
MANY_HELD_BACK = 100


class Consumer(Function):
    """A function fed by the queue of its own name; records that fail alone come again alone.

    More than ten records at once need a ``window`` of a second (AWS, event source mappings of standard queues).
    ``holds_back`` says that it sends back to its queue what it has no time for.
    ``concurrency`` limits the event source, not the function: reserved concurrency would take from the account's pool.
    """

    def __init__(
        self,
        stack: Capability,
        handler: str,
        *,
        environment: Mapping[str, str],
        may: Sequence[PolicyStatement],
        batch_size: int = 10,
        window: Duration | None = None,
        concurrency: int = CONCURRENCY,
        oldest: Duration = OLDEST,
        timeout: Duration = TIMEOUT,
        holds_back: bool = False,
    ) -> None:
        super().__init__(stack, handler, environment=environment, may=may, timeout=timeout)
        name, construct_id = stack.named(handler), titled(handler)
        self.dead_letters = Queue(
            stack,
            f"{construct_id}DeadLetters",
            queue_name=f"{name}-dlq",
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            max_message_size_bytes=MESSAGE_BYTES,
            retention_period=RETENTION,
            redrive_allow_policy=RedriveAllowPolicy(
                redrive_permission=RedrivePermission.BY_QUEUE,
                source_queues=[Queue.from_queue_arn(stack, f"{construct_id}Source", stack.queue_arn(handler))],
            ),
        )
        self.queue = Queue(
            stack,
            f"{construct_id}Queue",
            queue_name=name,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            max_message_size_bytes=MESSAGE_BYTES,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(VISIBLE_AFTER * int(timeout.to_seconds())),
            dead_letter_queue=DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
        )
        self.add_event_source(
            SqsEventSource(
                self.queue,
                batch_size=batch_size,
                max_batching_window=window,
                max_concurrency=concurrency,
                report_batch_item_failures=True,
            )
        )
        alarms.on_given_up_work(stack, handler, self.dead_letters)
        alarms.on_old_work(stack, handler, self.queue, oldest)
        if holds_back:
            alarms.on_held_back_work(stack, handler, MANY_HELD_BACK)
