"""What of the claims' bucket is nobody's any more? What an event left there goes with it, and what none keeps at once.

Objects are named by their content, so an event and its copies share one, and what is kept under an id keeps its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.identity.model import Rules
from functions.identity.resolve import Message
from functions.profiles.api import Profiles, Recorded
from functions.shared.bucket import Bucket
from functions.shared.events import Event
from functions.shared.names import ProfileId


@dataclass(frozen=True, slots=True)
class Claims:
    """What the doors left of messages too large to travel."""

    bucket: Bucket
    profiles: Profiles
    rules: Rules

    def forget(self, events: Iterable[Event]) -> None:
        """Deletes what these left; raises ``TransientError`` when S3 refuses."""
        self.bucket.delete(str(event.claim["object"]) for event in events if event.claim)

    def forget_dropped(self, messages: Iterable[Message]) -> None:
        """Of events that an erasure dropped: no timeline will ever tell of them."""
        self.forget(one.event for one in messages if one.event.claim and not self._stands(one))

    def forget_refused(
        self, recorded: Mapping[ProfileId, Recorded], messages: Mapping[ProfileId, Sequence[Message]]
    ) -> None:
        """Of what was told and is not kept: other contents under a known id, and what came too late."""
        refused: list[Event] = []
        for who, result in recorded.items():
            late = {event.message_id for event in result.past}
            told = (one.event for one in messages[who])
            refused += [event for event in told if result.refuses(event) or event.message_id in late]
        self.forget(refused)

    def _stands(self, message: Message) -> bool:
        """True of a copy of what somebody else did on a device of the one who was erased; it stays there."""
        best = message.names.linking[0]
        if best.kind != "device":
            return False
        kept = [event.claim["object"] for event in self.profiles.timeline(best.key) if event.claim]
        return message.event.claim is not None and message.event.claim["object"] in kept
