"""What is one message, from the request of a journey to the last word of the provider?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from functions.dispatch.send_key import message_id
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import Channel, ContactKey, EnrolmentId, MessageClass, MessageId, ProfileId

Phase = Literal["planned", "claimed", "sending", "sent", "unknown", "failed", "withheld"]
Decision = Literal["sent", "withheld", "deferred", "failed"]
Status = Literal[
    "queued", "sent", "bounced_soft", "delivered", "opened", "clicked", "failed", "bounced_hard", "complained"
]

SPEAKING: frozenset[Phase] = frozenset({"claimed", "sending", "sent", "unknown"})
"""Of a message that went, or that nobody knows not to have gone."""

STATUS_ORDER: tuple[Status, ...] = (
    "queued",
    "sent",
    # A soft bounce may be overtaken by a delivery; a click proves an opening that was not seen.
    "bounced_soft",
    "delivered",
    "opened",
    "clicked",
    # Terminal.
    "failed",
    "bounced_hard",
    "complained",
)


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What a journey's ``send`` step puts on a channel's queue.

    ``message`` is the id of the message it asks for, ``contacts`` a hint (channel -> contact key at entry),
    ``fallback`` the channels to try after this one, ``steps`` the outcomes of the steps so far, ``body`` the queue
    message as it came. ``late_after`` = how much later than planned it may go; None: whenever. ``preferred`` = the
    person's preference has yet to say which channel is first; ``among`` = the channels of which it then may use one.
    """

    token: str
    message: MessageId
    enrolment: EnrolmentId
    profile: ProfileId
    contacts: Mapping[str, ContactKey]
    journey: str
    version: str
    step: str
    visit: str
    channel: Channel
    fallback: tuple[Channel, ...]
    message_class: MessageClass
    topic: str | None
    template: str
    planned_at: datetime
    steps: Mapping[str, Any]
    late_after: timedelta | None
    preferred: bool
    among: tuple[Channel, ...]
    body: Mapping[str, Any] = field(repr=False)

    @property
    def rivals(self) -> tuple[MessageId, ...]:
        """The messages on other channels of which only one of all may be sent."""
        if not self.among:
            return ()
        others = (one for one in self.among if one != self.channel)
        return tuple(message_id(self.enrolment, self.step, self.visit, one) for one in others)

    @property
    def next_body(self) -> dict[str, Any]:
        """The same request for the next channel of the list."""
        return {**self.body, "channel": self.fallback[0], "fallback": list(self.fallback[1:])}

    def in_order(self, preference: Any) -> "SendRequest":
        """The same with the preferred channel first, if it is one of those, and the others as they stand."""
        order = sorted((self.channel, *self.fallback), key=lambda one: one != preference)
        said = {"channel": order[0], "fallback": order[1:], "preferred": False, "among": self.among}
        return SendRequest.from_json({**self.body, **said})

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> "SendRequest":
        """Reads a queue message; raises ``KeyError`` or ``ValueError`` when it is none."""
        skips, preferred = body.get("then") == "skip", body.get("preferred", False)
        channels = (body["channel"], *(body.get("fallback") or ()))
        enrolment, step, visit = EnrolmentId(body["enrolment"]), body["step"], str(body["visit"])
        return SendRequest(
            token=body["token"],
            message=message_id(enrolment, step, visit, channels[0]),
            enrolment=enrolment,
            profile=ProfileId(body["profile"]),
            contacts=body.get("contacts") or {},
            journey=body["journey"],
            version=body["version"],
            step=step,
            visit=visit,
            channel=channels[0],
            fallback=channels[1:],
            message_class=body["class"],
            topic=body.get("topic"),
            template=body["template"],
            planned_at=parse_instant(body["planned_at"]),
            steps=body.get("steps") or {},
            late_after=timedelta(seconds=body["late_after"]) if skips else None,
            preferred=preferred,
            among=tuple(body.get("among") or (channels if preferred else ())),
            body=body,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its decision line: what was decided, by which guard, on which facts, and what became of it.

    ``status`` is None for a message that never went. ``claim`` and ``lease_until`` belong to the delivery
    that claimed it.
    """

    message: MessageId
    profile: ProfileId
    enrolment: EnrolmentId
    journey: str
    version: str
    step: str
    visit: str
    channel: Channel
    message_class: MessageClass
    topic: str | None
    template: str
    planned_at: datetime
    decided_at: datetime
    phase: Phase
    decision: Decision | None = None
    reason: str | None = None
    guard: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    contact: ContactKey | None = None
    until: datetime | None = None
    claim: str | None = None
    lease_until: datetime | None = None
    provider_id: str | None = None
    status: Status | None = None
    status_at: datetime | None = None

    def outcome(self) -> dict[str, Any]:
        """What the execution gets: the ``send`` step's result. ``at`` = when the step began, to which a ``wait_for``
        after it looks back: what happened while the message was held is not missed."""
        return {
            "outcome": self.decision,
            "reason": self.reason,
            "channel": self.channel,
            "message": self.message,
            "at": format_instant(self.planned_at),
        }


def planned(request: SendRequest, now: datetime, began: datetime, **asked: Any) -> Message:
    """The message a request asks for, before anything is decided; ``began`` = when its step did, ``asked`` = what the
    gate looked at."""
    return Message(
        message=request.message,
        profile=request.profile,
        enrolment=request.enrolment,
        journey=request.journey,
        version=request.version,
        step=request.step,
        visit=request.visit,
        channel=request.channel,
        message_class=request.message_class,
        topic=request.topic,
        template=request.template,
        planned_at=began,
        decided_at=now,
        phase="planned",
        **asked,
    )
