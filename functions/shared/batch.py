"""Which records of a delivered SQS batch must come again? Only those that failed."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.shared.errors import TransientError
from functions.shared.observability import logger


def each_record(event: dict[str, Any], work: Callable[[dict[str, Any]], None], service: str) -> dict[str, Any]:
    """Calls ``work`` with the decoded body of each record; answers Lambda's partial batch response.

    A record that raises goes back to its queue (after the queue's maxReceiveCount, to its DLQ); the others are done.
    Source: AWS Lambda, "Implementing partial batch responses".
    """

    def handle(record: SQSRecord) -> None:
        try:
            work(json.loads(record.body))
        except TransientError as error:
            logger(service).warning("record will be retried", extra={"why": str(error)})
            raise
        except Exception as error:
            # The class only: the text of a foreign error may hold a person's data.
            logger(service).error("record failed", extra={"error": type(error).__name__})
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=event, record_handler=handle, processor=processor, context=None))
