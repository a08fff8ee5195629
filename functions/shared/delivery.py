"""How is a large delivery done as one piece of work? In portions that share reads and writes, while time lasts."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from functions.shared.errors import TransientError
from functions.shared.observability import count, logger
from functions.shared.sqs import FIRST_SENT, Queue, sent_anew

T = TypeVar("T")
Work = Callable[[Mapping[str, T]], Collection[str]]
"""Gets ``{record id: decoded}`` and answers the ids that must come again."""
Record = Mapping[str, Any]
# Until somebody who is short of time now may have some.
HELD_BACK_SECONDS = 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Portions:
    """How much is worked on at once, and what becomes of the rest when time runs short.

    A portion holds records of ``most`` together, as ``size`` counts them, or a single larger one. Every further one
    begins only while ``milliseconds_left`` says that there are ``seconds_needed``; what is left then goes back to its
    ``queue`` as new messages, to be there in a minute. Given back as failures they would stand among the dead letters
    after some rounds, without ever having been tried.
    """

    most: int
    size: Callable[[Any], int]
    seconds_needed: float
    queue: Queue
    milliseconds_left: Callable[[], int]


def delivered_again(event: Mapping[str, Any]) -> frozenset[str]:
    """The records of a delivery that were delivered before: whoever took them did not finish."""
    return frozenset(one["messageId"] for one in event["Records"] if _is_again(one))


def first_sent(record: Record) -> datetime:
    """When a record's message was first put on its queue, however often it was delivered or put back since."""
    stated = record.get("messageAttributes", {}).get(FIRST_SENT)
    return EPOCH + timedelta(
        milliseconds=int(stated["stringValue"] if stated else record["attributes"]["SentTimestamp"])
    )


def _is_again(record: Record) -> bool:
    """By SQS's count, which begins anew with a message that is sent in place of another."""
    receives = record.get("attributes", {}).get("ApproximateReceiveCount", "1")
    return int(receives) > 1 or FIRST_SENT in record.get("messageAttributes", {})


def text_of(record: Record) -> str:
    """A record's body as it travelled, for who reads it in a way of its own."""
    return str(record["body"])


def body_of(record: Record) -> Any:
    """What a record's body says in JSON."""
    return json.loads(record["body"])


def whole_delivery(
    event: dict[str, Any],
    decode: Callable[[Any], T],
    work: Work[T],
    service: str,
    *,
    read: Callable[[Record], Any] = body_of,
    portions: Portions | None = None,
) -> dict[str, Any]:
    """Calls ``work`` once with all records of a delivery, or once a portion; answers Lambda's partial batch response.

    ``read`` makes a body of a record, ``decode`` something of the body. When ``work`` raises something unforeseen, each
    record is tried alone, so that one bad record never holds up the others.
    """
    records: Sequence[Record] = event["Records"]
    failed: set[str] = set()
    portion: dict[str, T] = {}
    size = 0
    for n, record in enumerate(records):
        try:
            one = decode(read(record))
        except Exception as error:
            logger(service).error("record cannot be read", extra={"error": type(error).__name__})
            failed.add(record["messageId"])
            continue
        more = 0 if portions is None else portions.size(one)
        if portions is not None and portion and size + more > portions.most:
            failed |= _isolated(portion, work, service)
            portion, size = {}, 0
            if portions.milliseconds_left() < portions.seconds_needed * 1000:
                failed |= _held_back(records[n:], portions, service)
                break
        portion[record["messageId"]] = one
        size += more
    failed |= _isolated(portion, work, service) if portion else set()
    return {"batchItemFailures": [{"itemIdentifier": record} for record in sorted(failed)]}


def _held_back(left: Sequence[Record], portions: Portions, service: str) -> set[str]:
    logger(service).info("time is short, records held back", extra={"records": len(left)})
    # Each is a new message, whose age begins anew: no alarm on ages ever sees them.
    count(service, {"held_back": len(left)})
    try:
        for record in left:
            portions.queue.send_later(
                record["body"], HELD_BACK_SECONDS, _as_old_as(record) if _is_again(record) else {}
            )
    except Exception as error:
        logger(service).warning("records will be retried", extra={"error": type(error).__name__})
        return {record["messageId"] for record in left}
    return set()


def _as_old_as(record: Record) -> Mapping[str, Any]:
    return sent_anew((first_sent(record) - EPOCH) // timedelta(milliseconds=1))


def _isolated(records: Mapping[str, T], work: Work[T], service: str) -> set[str]:
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
