"""Whose events are these, over all time? A person's timeline, from the identifiers it stands under."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from functions.identity.attribution import ALWAYS, Anonymous, Owner, Span, owner_at, spans
from functions.identity.ledger import stamp_of
from functions.identity.model import Rules
from functions.identity.partition import shared_among
from functions.identity.store import IdentityStore
from functions.profiles.api import Profiles, home_of
from functions.shared.events import Event
from functions.shared.names import ProfileId


@dataclass(frozen=True, slots=True)
class History:
    """Reads timelines; for jobs, operators and replays, since it costs a query for every identifier."""

    identity: IdentityStore
    profiles: Profiles
    rules: Rules

    def timeline(self, profile: ProfileId) -> Iterator[Event]:
        """All events of a person, oldest first."""
        layers = self.profiles.layers(profile)
        return heapq.merge(*(self._events(layer) for layer in sorted(layers)), key=lambda event: event.order)

    def owners(self) -> Mapping[str, ProfileId]:
        """The owner of every event, by message id."""
        people = (snapshot.profile for snapshot in self.profiles.scan())
        return {event.message_id: person for person in people for event in self.timeline(person)}

    def _events(self, layer: str) -> Iterator[Event]:
        home = home_of(layer)
        events = self.profiles.timeline(home)
        if self.rules.kind(home) != "device":
            return events
        found = self._spans(home)
        return (event for event in events if _layer(home, owner_at(found, stamp_of(event))) == layer)

    def _spans(self, device: str) -> tuple[Span, ...]:
        pointer = self.identity.pointers([device], 0).pointers[device]
        head = self.identity.head(pointer.profile) if pointer is not None and pointer.profile is not None else None
        if head is None or device in shared_among(head.ledger, self.rules):
            return ALWAYS
        return spans(device, head.ledger, self.rules, head.members)


def _layer(home: str, owner: Owner) -> str:
    if isinstance(owner, Anonymous):
        return f"-{owner.segment}|{home}"
    return home if owner is None else f"{owner}|{home}"
