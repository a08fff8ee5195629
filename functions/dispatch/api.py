"""What may others ask of dispatch? The messages, their decision lines, and to move a message's status on."""

from functions.dispatch.model import STATUS_ORDER, Message, Status
from functions.dispatch.store import MessageFuture, Messages

__all__ = ["STATUS_ORDER", "Message", "MessageFuture", "Messages", "Status"]
