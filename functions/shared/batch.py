"""Which records of a delivered SQS batch must come again? Only those that failed."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.shared.errors import TransientError
from functions.shared.observability import logger

T = TypeVar("T")


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


def delivered_again(event: Mapping[str, Any]) -> frozenset[str]:
    """The records of a delivery that were delivered before, by SQS's count: whoever took them did not finish."""
    counts = {
        one["messageId"]: one.get("attributes", {}).get("ApproximateReceiveCount", "1") for one in event["Records"]
    }
    return frozenset(record for record, receives in counts.items() if int(receives) > 1)


def whole_delivery(
    event: dict[str, Any],
    decode: Callable[[Any], T],
    work: Callable[[Mapping[str, T]], Collection[str]],
    service: str,
    read: Callable[[str], Any] = json.loads,
) -> dict[str, Any]:
    """Calls ``work`` once with all records of a delivery, so that its reads and writes are shared between them.

    ``read`` makes a body of its text, ``decode`` something of the body; ``work`` gets ``{record id: decoded}`` and
    answers the ids that must come again. When it raises something unforeseen, each record is tried alone, so that one
    bad record never holds up the others.
    """
    decoded: dict[str, T] = {}
    failed: set[str] = set()
    for record in event["Records"]:
        try:
            decoded[record["messageId"]] = decode(read(record["body"]))
        except Exception as error:
            logger(service).error("record cannot be read", extra={"error": type(error).__name__})
            failed.add(record["messageId"])
    failed.update(_isolated(decoded, work, service) if decoded else ())
    return {"batchItemFailures": [{"itemIdentifier": record} for record in sorted(failed)]}


def _isolated(records: Mapping[str, T], work: Callable[[Mapping[str, T]], Collection[str]], service: str) -> set[str]:
    try:
        return set(work(records))
    except TransientError as error:
        logger(service).warning("delivery will be retried", extra={"why": str(error)})
        return set(records)
    except Exception as error:
        # The class only: the text of a foreign error may hold a person's data.
        logger(service).error("delivery failed", extra={"error": type(error).__name__, "records": len(records)})
        if len(records) == 1:
            return set(records)
        return {one for record, body in records.items() for one in _isolated({record: body}, work, service)}
