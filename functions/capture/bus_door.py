"""What happens to events from the bus? A delivery is passed on in one request; what cannot be comes again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from functions.capture.accept import accept
from functions.capture.delivery import items_of
from functions.capture.model import Item
from functions.capture.policy import NO_PLAN
from functions.capture.sqs import Intake
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.delivery import Record, first_sent, whole_delivery

SERVICE = "accept-bus-events"


@dataclass(frozen=True, slots=True)
class BusDoor:
    """Takes SQS deliveries of the bus rule. Bad events go to quarantine; a refusing queue and a bug return theirs."""

    intake: Intake
    plan: TrackingPlan = NO_PLAN

    def take(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """Lambda's partial batch response: nothing, every record, or those that hold something unforeseen."""

        def work(records: Mapping[str, Sequence[Item]]) -> Collection[str]:
            accept(chain.from_iterable(records.values()), self.intake, SERVICE, self.plan)
            return ()

        return whole_delivery(delivery, list, work, SERVICE, read=_items)


def _items(record: Record) -> Sequence[Item]:
    """The bus had them received when it put them on the queue: a delivery that comes days late is of the same time.

    What is no JSON is quarantined like anything else that breaks a rule, and is an item too.
    """
    return items_of([record["body"]], first_sent(record))
