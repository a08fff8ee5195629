"""Lambda: takes SES's events off their queue; each moves a message on, and comes back as an event of the customer."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.dispatch.api import Messages
from functions.feedback.policy import SOURCE
from functions.feedback.receive import SERVICE, receive_email_event
from functions.permissions.api import Permissions
from functions.shared.batch import each_record
from functions.shared.bus import Bus
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class ReceiveEmailEventsSettings(Settings):
    """Environment of the function."""

    messages_table: str
    permissions_table: str
    bus_name: str


def build(settings: ReceiveEmailEventsSettings, clock: Clock) -> Handler:
    """Builds the handler on the messages, the permissions and the bus."""
    messages = Messages(settings.messages_table)
    permissions = Permissions(settings.permissions_table)
    bus = Bus(settings.bus_name, SOURCE)

    def handle(event: dict[str, Any], context: Any) -> Any:
        counts = Counter(receipts_unknown_message=0)

        def receive(envelope: dict[str, Any]) -> None:
            counts[receive_email_event(envelope, messages, permissions, bus)] += 1

        answer = each_record(event, receive, SERVICE)
        count(SERVICE, counts)
        return answer

    return handle


handler = wire(build, ReceiveEmailEventsSettings)
