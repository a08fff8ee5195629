"""Whom must audiences look at? Those of whom something changed that an audience mentions, by events or by moving."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.audiences.api import Look, looks_after_moving, news
from functions.profiles.api import Profiles, Recorded
from functions.shared.events import Event
from functions.shared.names import ProfileId

Moved = frozenset[ProfileId]
"""Profiles that have given parts of themselves to one another in one settlement."""


@dataclass(frozen=True, slots=True)
class Lookout:
    """Keeps what moved until it is told: a delivery that failed after its settlement settles nothing the second time.

    ``mentions`` = what audiences mention (``publication.mentions``); with nothing of it, nothing is done.
    """

    mentions: Collection[str]
    profiles: Profiles
    _untold: list[Moved] = field(default_factory=list)

    def note(self, moved: Iterable[Moved]) -> None:
        """Remembers what moved, until ``told``."""
        if self.mentions:
            self._untold.extend(moved)

    def looks(
        self, recorded: Mapping[ProfileId, Recorded], events: Mapping[ProfileId, Sequence[Event]]
    ) -> list[dict[str, Any]]:
        """What to put on the audiences queue; ``events`` = what of each person was taken, copies included."""
        looks: dict[ProfileId, Look] = {}
        for who, result in recorded.items() if self.mentions else ():
            # Of a copy nobody can tell whether it was the first to say who this is.
            newly_known = not result.known or result.duplicates > 0
            changed = news(self.mentions, result.snapshot, events[who], newly_known)
            if changed:
                looks[who] = Look(who, result.snapshot, changed)
        for look in self._after_moving(recorded):
            looks[look.profile] = looks[look.profile].joined(look) if look.profile in looks else look
        return [look.to_json() for look in looks.values()]

    def told(self) -> None:
        """The queue has everything."""
        self._untold.clear()

    def _after_moving(self, recorded: Mapping[ProfileId, Recorded]) -> list[Look]:
        ids = {one for moved in self._untold for one in moved}
        known = {who: recorded[who].snapshot for who in ids & recorded.keys()}
        # Those of whom this delivery brings no event, and those who stand for another by now.
        silent = self.profiles.snapshots(ids - known.keys()) if ids - known.keys() else {}
        people = {**silent, **known}
        groups = ({people[one].profile: people[one] for one in moved if one in people} for moved in self._untold)
        return [look for group in groups for look in looks_after_moving(self.mentions, list(group.values()))]
