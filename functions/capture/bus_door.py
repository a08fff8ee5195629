"""What happens to events from the bus? A delivery is passed on in one request, or comes again as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.capture.accept import accept
from functions.capture.envelope import items_of
from functions.capture.sqs import Intake
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.observability import logger

SERVICE = "accept-bus-events"


@dataclass(frozen=True, slots=True)
class BusDoor:
    """Takes SQS deliveries of the bus rule. Bad events go to quarantine; only a queue that refuses returns them."""

    intake: Intake
    clock: Clock

    def take(self, delivery: Mapping[str, Any]) -> dict[str, Any]:
        """Lambda's partial batch response: nothing, or every record."""
        records = delivery["Records"]
        try:
            accept(items_of([record["body"] for record in records], self.clock()), self.intake, SERVICE)
        except TransientError as error:
            logger(SERVICE).warning("delivery will be retried", extra={"why": str(error)})
            return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}
        return {"batchItemFailures": []}
