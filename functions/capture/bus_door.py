"""What happens to events from the bus? A delivery is passed on in one request; what cannot be comes again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from functions.capture.accept import accept
from functions.capture.delivery import items_of
from functions.capture.policy import NO_PLAN
from functions.capture.sqs import Intake
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.clock import Clock
from functions.shared.delivery import whole_delivery

SERVICE = "accept-bus-events"


@dataclass(frozen=True, slots=True)
class BusDoor:
    """Takes SQS deliveries of the bus rule. Bad events go to quarantine; a refusing queue and a bug return theirs."""

    intake: Intake
    clock: Clock
    plan: TrackingPlan = NO_PLAN

    def take(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """Lambda's partial batch response: nothing, every record, or those that hold something unforeseen."""
        received_at = self.clock()

        def work(bodies: Mapping[str, str]) -> Collection[str]:
            accept(items_of(list(bodies.values()), received_at), self.intake, SERVICE, self.plan)
            return ()

        # What is no JSON is quarantined like anything else that breaks a rule, so bodies stay texts here.
        return whole_delivery(delivery, str, work, SERVICE, read=str)
