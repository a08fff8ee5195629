"""Which message is this? One step of one run on one channel is one message, however often it is asked for."""

import hashlib

from functions.shared.names import Channel, EnrolmentId, MessageId


def send_key(enrolment: EnrolmentId, step: str, visit: str, channel: Channel) -> str:
    """``<enrolment>/<step>/<visit>/<channel>``; visit = pass of the loop the step stands in."""
    return f"{enrolment}/{step}/{visit}/{channel}"


def message_id(enrolment: EnrolmentId, step: str, visit: str, channel: Channel) -> MessageId:
    """First 32 hex of the send key's SHA-256: fits a provider's tag and says nothing about the person."""
    key = send_key(enrolment, step, visit, channel)
    return MessageId(hashlib.sha256(key.encode()).hexdigest()[:32])
