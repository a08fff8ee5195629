"""How do several rows change together, or not at all? One DynamoDB transaction under a client token."""

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from pynamodb.connection import Connection
from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.transactions import TransactGet, TransactWrite

from functions.shared.errors import TransientError

__all__ = ["TransactGet", "TransactWrite", "Transactions"]

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 1.6
CONDITION_FAILED = "ConditionalCheckFailed"
PASSING = frozenset(
    {
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "InternalServerError",
    }
)


PASSING_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Transactions:
    """Commits on one connection. ``pause`` waits so many seconds (tests pass a fake)."""

    connection: Connection
    pause: Pause = time.sleep

    def commit(self, plan: str, add: Callable[[TransactWrite], None]) -> bool:
        """True when the rows ``add`` names changed; False when a condition failed: read again, decide again.

        ``plan`` spells everything the transaction says; its hash is the client token, so a retry after an unknown
        outcome changes nothing twice (36 characters at most; AWS, TransactWriteItems). Conflict and throttling are
        waited out with full jitter, then raise ``TransientError``.
        """
        token = hashlib.sha256(plan.encode()).hexdigest()[:32]
        for attempt in range(ATTEMPTS):
            try:
                with TransactWrite(connection=self.connection, client_request_token=token) as transaction:
                    add(transaction)
            except TransactWriteError as error:
                if any(reason and reason.code == CONDITION_FAILED for reason in _reasons(error)):
                    return False
                if not _passing(error):
                    raise TransientError(f"transaction refused: {error.cause_response_code}") from error
                self.back_off(attempt)
            else:
                return True
        raise TransientError(f"transaction still contended after {ATTEMPTS} attempts")

    def back_off(self, attempt: int) -> None:
        """Waits a random part of 25 ms doubled per attempt, 1.6 s at most (AWS, exponential backoff and jitter)."""
        self.pause(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))


def _passing(error: TransactWriteError) -> bool:
    codes = {reason.code for reason in _reasons(error) if reason}
    return error.cause_response_code in PASSING and codes <= PASSING_REASONS


def _reasons(error: TransactWriteError) -> list[CancellationReason | None]:
    return list(getattr(error.cause, "cancellation_reasons", ()))
