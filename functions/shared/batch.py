"""Which records of a delivered SQS batch must come again? Only those that failed."""

import json
from collections.abc import Callable
from typing import Any

from functions.shared.errors import TransientError
from functions.shared.observability import logger


def each_record(event: dict[str, Any], work: Callable[[dict[str, Any]], None], service: str) -> dict[str, Any]:
    """Calls ``work`` with the decoded body of each record; answers Lambda's partial batch response.

    A record that raises goes back to its queue (after the queue's maxReceiveCount, to its DLQ); the others are done.
    Source: AWS Lambda, "Implementing partial batch responses".
    """
    failed: list[str] = []
    for record in event["Records"]:
        try:
            work(json.loads(record["body"]))
        except TransientError as error:
            logger(service).warning("record will be retried", extra={"why": str(error)})
            failed.append(record["messageId"])
        except Exception as error:
            # The class only: the text of a foreign error may hold a person's data.
            logger(service).error("record failed", extra={"error": type(error).__name__})
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}
