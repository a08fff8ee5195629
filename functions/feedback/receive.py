"""What follows when a provider speaks of a message? Its status, a suppression, and an event that journeys hear."""

from collections.abc import Mapping
from typing import Any

from functions.dispatch.api import Messages
from functions.feedback.policy import receipt, track
from functions.permissions.api import Permissions
from functions.shared.bus import Bus, BusEvent
from functions.shared.observability import logger

SERVICE = "receive-email-events"


def receive_email_event(envelope: Mapping[str, Any], messages: Messages, permissions: Permissions, bus: Bus) -> str:
    """Handles one EventBridge envelope of SES; the name of the count it adds to.

    Every step may be repeated: the status only moves forward, a suppression is recorded once, the event keeps its id.
    """
    word = receipt(envelope["detail"])
    if word is None:
        return "receipts_ignored"
    if word.message is None:
        return "receipts_foreign"
    message = messages.advance(word.message, word.status, word.at, word.provider_event)
    if message is None:
        logger(SERVICE).warning("receipt for a message that is not ours", extra={"status": word.status})
        return "receipts_unknown_message"
    if word.suppress is not None and message.contact is not None:
        permissions.suppress(message.contact, word.suppress, word.at, word.provider_event)
    if word.event is not None:
        bus.publish([BusEvent(word.event, track(message, word), word.at)])
    return f"receipts_{word.status}"
