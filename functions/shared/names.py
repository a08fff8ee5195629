"""The identifiers that travel between capabilities, each a type of its own."""

from typing import Literal, NewType

ProfileId = NewType("ProfileId", str)
EnrolmentId = NewType("EnrolmentId", str)
MessageId = NewType("MessageId", str)
"""The id of one planned message (32 hex of the send key), not of an event."""
ContactKey = NewType("ContactKey", str)
"""``<namespace>#<32 hex>``: an address without its clear text, the key of consent and suppression."""

Channel = Literal["email", "sms", "push"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "push")
MessageClass = Literal["marketing", "service", "transactional"]
