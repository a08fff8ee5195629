"""Where do a door's messages go? The good ones to identity, the others to quarantine; each in one request.

What is too large for a queue goes to the claims' bucket first.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.capture.model import Rejection
from functions.shared import aws
from functions.shared.bucket import Bucket
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.side_by_side import side_by_side
from functions.shared.sqs import Queue

# Of original text per quarantine line: its JSON escapes may make it six times as long, and SQS takes 1 MiB.
PART_CHARACTERS = 150_000
# A door that waited botocore's own minute would be ended by Lambda after half of it: a bare 502 for its client.
PROMPT = Config(connect_timeout=2, read_timeout=4, retries={"total_max_attempts": 2, "mode": "standard"})
# For all of a request's large messages together: of the door's 30 seconds two patient sends take 24.
KEEP_SECONDS = 6.0


def prompt_intake(identity_url: str, quarantine_url: str, claims_bucket: str) -> "Intake":
    """An intake that says within seconds when it cannot reach AWS, or when AWS is too slow for what it has to keep."""
    queues = prompt_queue(identity_url), prompt_queue(quarantine_url)
    return Intake(*queues, Bucket(claims_bucket, PROMPT), KEEP_SECONDS)


def prompt_queue(url: str) -> Queue:
    """A queue that says within seconds when it cannot be reached."""
    return Queue(url, aws.client("sqs", PROMPT))


class Intake:
    """The two queues behind the doors, and the bucket beside them.

    ``keep_seconds`` = how long it may take to keep a batch's large messages; None for whoever is retried in any case.
    """

    def __init__(
        self,
        identity: Queue,
        quarantine: Queue,
        claims: Bucket,
        keep_seconds: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._quarantine = quarantine
        self._claims = claims
        self._keep_seconds = keep_seconds
        self._monotonic = monotonic

    def keep(self, wholes: Mapping[str, str]) -> None:
        """Returns once S3 has each text under its key; raises ``TransientError`` when it refuses one or is too slow."""
        started = self._monotonic()

        def keep(key: str) -> None:
            self._claims.put_json(key, wholes[key])
            if self._keep_seconds is not None and self._monotonic() - started > self._keep_seconds:
                raise TransientError("claims kept too slowly")

        side_by_side(keep, list(wholes))

    def take(self, events: Sequence[Event], rejections: Sequence[Rejection]) -> None:
        """Returns once SQS has everything; raises ``TransientError`` when it refuses anything."""
        try:
            if events:
                self._identity.send_packed("events", [event.to_json() for event in events])
            if rejections:
                self._quarantine.send_packed("rejected", list(_lines(rejections)))
        except (BotoCoreError, ClientError, OSError) as error:
            raise TransientError(f"queue refused: {type(error).__name__}") from error


def _lines(rejections: Sequence[Rejection]) -> Iterator[dict[str, Any]]:
    """One line each; a body too long for a queue message is spread over lines with ``part`` and ``parts``.

    Queue messages part such lines; ``whole``, a hash of the body, is how they are found again.
    """
    for rejection in rejections:
        text = rejection.body
        parts = [text[start : start + PART_CHARACTERS] for start in range(0, len(text), PART_CHARACTERS)]
        if len(parts) <= 1:
            yield rejection.to_json()
            continue
        whole = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        for number, part in enumerate(parts, start=1):
            yield {**replace(rejection, body=part).to_json(), "whole": whole, "part": number, "parts": len(parts)}


def original_text(raw: object) -> str:
    """The JSON of a message that was rejected, to be kept."""
    return json.dumps(raw, separators=(",", ":"))
