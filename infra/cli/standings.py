"""What do the commands about audiences read from a deployed stage, and put on its queue?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.cli.problems import Lacking

if TYPE_CHECKING:
    from functions.audiences.api import Standing, Standings
    from functions.profiles.model import Snapshot

PEOPLE_PER_MESSAGE = 50
TRAITS = "TRAITS"


def standing_of(stage: str, person: "Snapshot") -> "Standing":
    """Where a person stands, as it was last written down."""
    with _explained(stage):
        return _standings(stage).read([person.profile])[person.profile]


def standings_of(stage: str) -> "Iterator[tuple[str, Standing]]":
    """Everybody who stands anywhere; one pass over the table, with a progress bar."""
    with _explained(stage), _progress("people read") as advance:
        for who, standing in _standings(stage).scan():
            advance(1)
            yield who, standing


def everybody_looked_at(stage: str, after: str | None) -> int:
    """Puts every profile on the audiences queue, in the order of the table; answers how many.

    Interrupted, it says after which profile to go on.
    """
    import boto3

    from functions.shared.sqs import Queue

    table, last, number = f"segue-{stage}-profiles", after, 0
    with _explained(stage), _progress("people on the queue") as advance:
        queue = Queue(boto3.client("sqs").get_queue_url(QueueName=f"segue-{stage}-update-audiences")["QueueUrl"])
        try:
            for people in _pages(boto3.client("dynamodb"), table, after):
                for start in range(0, len(people), PEOPLE_PER_MESSAGE):
                    part = people[start : start + PEOPLE_PER_MESSAGE]
                    queue.send({"again": part})
                    last, number = part[-1], number + len(part)
                    advance(len(part))
        except KeyboardInterrupt as error:
            raise Lacking(f"interrupted after {number} people", f"go on with --after {last}") from error
    return number


def _pages(client: Any, table: str, after: str | None) -> Iterator[list[str]]:
    """The profiles that were not merged away, page by page."""
    start = {} if after is None else {"ExclusiveStartKey": {"pk": {"S": after}, "sk": {"S": TRAITS}}}
    while True:
        page = client.scan(
            TableName=table,
            FilterExpression="sk = :kind and attribute_not_exists(profile)",
            ExpressionAttributeValues={":kind": {"S": TRAITS}},
            ProjectionExpression="pk",
            **start,
        )
        yield [one["pk"]["S"] for one in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _standings(stage: str) -> "Standings":
    from functions.audiences.api import Standings
    from functions.shared.store import DynamoRows

    return Standings(DynamoRows(), f"segue-{stage}-audiences")


@contextmanager
def _progress(what: str) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} {task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda number: bar.advance(task, number)


@contextmanager
def _explained(stage: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.errors import TransientError

    fix = "deploy the stage first, or name another with --stage"
    try:
        yield
    except ClientError as error:
        raise Lacking(f"stage {stage} cannot be reached: {error.response['Error']['Code']}", fix) from error
    except TransientError as error:
        raise Lacking(f"stage {stage} cannot be read: {error}", fix) from error
    except BotoCoreError as error:
        raise Lacking(f"no AWS account: {error}", "set AWS_PROFILE and AWS_REGION") from error
