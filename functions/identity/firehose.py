"""Where does what was recorded go for good? Into a delivery stream, which writes it to the archive's bucket."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import aws

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
RECORDS_PER_CALL = 500
CALL_BYTES = 4 * 1024 * 1024
RECORD_BYTES = 1000 * 1024
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.05


class Stream:
    """Puts records on one delivery stream. ``pause`` waits so many seconds (tests pass a fake)."""

    def __init__(self, name: str, client: Any = None, pause: Callable[[float], None] = time.sleep) -> None:
        self._name = name
        self._client = client or aws.client("firehose")
        self._pause = pause

    def put(self, records: Sequence[bytes]) -> set[int]:
        """Answers which records were not taken, by their place; the others are kept. One request for 4 MiB."""
        return {n for call in _calls(records) for n in self._put(records, call)}

    def _put(self, records: Sequence[bytes], call: Sequence[int]) -> Sequence[int]:
        """A busy stream takes some records and refuses others: only those are put again."""
        waiting = call
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))
            said = [{"Data": records[n]} for n in waiting]
            try:
                answer = self._client.put_record_batch(DeliveryStreamName=self._name, Records=said)
            except (BotoCoreError, ClientError, OSError):
                # botocore has tried several times by then.
                return waiting
            taken = answer["RequestResponses"]
            waiting = [n for n, one in zip(waiting, taken, strict=True) if "ErrorCode" in one]
            if not waiting:
                break
        return waiting


def _calls(records: Sequence[bytes]) -> Iterator[Sequence[int]]:
    call: list[int] = []
    size = 0
    for n, record in enumerate(records):
        if call and (len(call) == RECORDS_PER_CALL or size + len(record) > CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(n)
        size += len(record)
    if call:
        yield call
