"""How does work that was given up get another try? Its messages go from the dead letters back to their queue."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from infra.cli.aws import asking, client_of
from infra.cli.numbers import many
from infra.cli.problems import Lacking, Unusable
from infra.cli.quarantined import DEPLOY
from infra.redrive import WITH_ITS_AGE, put_back

DEAD_LETTERS = "-dlq"
AT_ONCE = 10
# Long enough that SQS asks all of its servers before it says there is nothing.
WAIT_SECONDS = 1


def redrive(
    function: Annotated[
        str | None, typer.Argument(metavar="FUNCTION", help="As listed without it, like recognise-people.")
    ] = None,
    *,
    stage: Annotated[str, typer.Option(help="The deployed stage.")] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Give work another try that a function gave up, after its fault is mended.

    Without FUNCTION: how much stands in each function's dead letters. Stopped half-way, the same command goes on; work
    that comes twice is done once. Examples:

    \b
    segue redrive
    segue redrive recognise-people --stage prod
    """
    sqs = client_of("sqs")
    with asking(sqs, f"sqs:ListQueues, and on segue-{stage}-* sqs:GetQueueAttributes", {}):
        queues = dict(_queues(sqs, stage))
        if not queues:
            raise Lacking(f"no functions of stage {stage} in {sqs.meta.region_name}", DEPLOY)
        if function is None:
            _tell({name: _depth(sqs, dead) for name, (_, dead) in sorted(queues.items())}, as_json)
            return
    name = function.replace("_", "-")
    if name not in queues:
        raise Unusable(f"no function {function} takes work", f"name one of: {', '.join(sorted(queues))}")
    rights = "sqs:ReceiveMessage and sqs:DeleteMessage on the dead letters, and sqs:SendMessage on the queue"
    with asking(sqs, rights, {}):
        moved, left = _moved(sqs, *queues[name])
    if as_json:
        typer.echo(json.dumps({"function": name, "moved": moved, "left": left}))
    else:
        typer.echo(f"{many(moved, 'message')} back with {name}{f', {left:,} left' if left else ''}.")
    if left:
        raise typer.Exit(1)


def _queues(sqs: Any, stage: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each function that takes work, with its queue and its dead letters."""
    prefix = f"segue-{stage}-"
    for page in sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix):
        for url in page.get("QueueUrls", []):
            if url.endswith(DEAD_LETTERS):
                queue = url.removesuffix(DEAD_LETTERS)
                yield queue.rpartition("/")[2].removeprefix(prefix), (queue, url)


def _depth(sqs: Any, url: str) -> int:
    """How many stand there; those that a command was stopped with are out of sight for half a minute, and count."""
    asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
    return sum(int(said[one]) for one in asked)


def _moved(sqs: Any, queue: str, dead_letters: str) -> tuple[int, int]:
    """Moves as many as stand there now: what fails anew comes back meanwhile, and would go round for ever."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    moved, total = 0, _depth(sqs, dead_letters)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("messages", total=total)
        while moved < total:
            answer = sqs.receive_message(
                QueueUrl=dead_letters, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=WAIT_SECONDS, **WITH_ITS_AGE
            )
            found = answer.get("Messages", [])
            if not found:
                break
            for message in found:
                # Sent before it is deleted, and one by one: ten of them may be ten mebibytes.
                put_back(sqs, message, dead_letters, queue)
            moved += len(found)
            bar.update(task, completed=moved)
    return moved, max(0, total - moved)


def _tell(depths: dict[str, int], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(depths, indent=2))
    elif any(depths.values()):
        width = max(map(len, depths))
        for name, depth in depths.items():
            if depth:
                typer.echo(f"{name:{width}}  {depth:>7,}")
    else:
        typer.echo(f"No work was given up: {many(len(depths), 'function')} with nothing in their dead letters.")
