"""What must a world be able to do, so that a scenario can be told to it? moto's can, and so can the runner's."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from functions.dispatch.api import Message
from functions.journeys.api import DecisionLine, Enrolment
from functions.journeys.switches.model import Command, Target
from functions.shared.names import Channel, MessageId, ProfileId
from infra.local.providers import Answer, ReceiptKind, SentMessage


@dataclass(frozen=True, slots=True)
class Seen:
    """All that happened in a world so far.

    ``outbox`` = what providers took, in order; ``lines`` = the decision line of every message; ``enrolments`` = every
    run; ``users`` = the customer id behind each profile id that a person has or had; ``refusals`` = why somebody did
    not enter; ``given_up`` = how many messages of each function stand among its dead letters.
    """

    outbox: Sequence[SentMessage]
    lines: Sequence[Message]
    enrolments: Sequence[Enrolment]
    users: Mapping[ProfileId, str]
    refusals: Sequence[DecisionLine] = ()
    given_up: Mapping[str, int] = field(default_factory=dict)


class World(Protocol):
    """One deployment in virtual time, with its own journeys and nobody in it at first."""

    def now(self) -> datetime:
        """The clock: aware UTC."""
        ...

    def put_events(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Takes Segment messages, consents and audience messages as an app's server puts them on the bus, now.

        Nothing needs to run yet. A message that breaks a rule is one of ``quarantined``.
        """
        ...

    def quarantined(self) -> Sequence[Mapping[str, Any]]:
        """The messages that were refused, each with ``messageId``, ``field`` and ``rule``."""
        ...

    def tell_receipt(self, message: MessageId, kind: ReceiptKind) -> None:
        """The provider tells, now, what became of a message that stands in the outbox."""
        ...

    def opt_out(self, profile: ProfileId, channel: Channel | None) -> None:
        """The person leaves a channel, or all of them, now (functions/permissions: a withdrawal without a topic)."""
        ...

    def set_provider(self, channel: Channel, answer: Answer) -> None:
        """From now on the channel's provider answers so; ``accepted`` is how every world begins."""
        ...

    def switch(self, word: Command, target: Target) -> None:
        """Somebody says it of a journey or a channel, now; ``ValueError`` to stop a channel."""
        ...

    def run_until(self, instant: datetime) -> None:
        """Lets time pass up to and including ``instant``, with everything that is due on the way."""
        ...

    def stand_still_until(self, instant: datetime) -> None:
        """An outage: time passes, machines wait and ask as Step Functions would, and nobody takes anything off a queue.

        What they asked for meanwhile comes late when ``run_until`` goes on.
        """
        ...

    def seen(self) -> Seen:
        """What happened so far, read anew."""
        ...


OpenWorld: TypeAlias = Callable[[Path, datetime], AbstractContextManager[World]]
"""Opens a world of a folder of journeys (with its policy.yaml) at an instant; raises ``FaultsFound``."""
