"""How do a delivery's events become part of their people? Each once, however often they are delivered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from functions.profiles.model import Snapshot
from functions.profiles.packing import Packed, day_of, days_to_search, filed, same_content
from functions.profiles.policy import Arrival, fold, snapshot
from functions.profiles.store import Day, DayChange, ProfileStore, Stored
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId

ATTEMPTS = 6
# A transaction takes 100 rows and 4 MB (DynamoDB quotas); a person's backlog is written in slices well below both.
SLICE_DAYS = 20
SLICE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """A person after a batch: what decisions see, which events were new, and how many were not."""

    snapshot: Snapshot
    added: Sequence[Event]
    duplicates: int = 0
    conflicting: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch held against what is stored: new events, copies, and other contents under a known id."""

    fresh: Sequence[Arrival]
    copies: int
    conflicting: Sequence[Event]


def record_people(
    store: ProfileStore, series: Mapping[str, Sequence[str]], people: Mapping[ProfileId, Sequence[Arrival]]
) -> dict[ProfileId, Recorded | TransientError]:
    """One read for everybody, one write per person; a person that cannot be written answers with its error."""
    slices = {profile: _slices(arrivals) for profile, arrivals in people.items() if arrivals}
    found = store.read({profile: _days(parts[0]) for profile, parts in slices.items()})
    outcome: dict[ProfileId, Recorded | TransientError] = {}
    for profile, parts in slices.items():
        try:
            outcome[profile] = _record_slices(store, series, profile, parts, found[profile])
        except TransientError as error:
            outcome[profile] = error
    return outcome


def _record_slices(
    store: ProfileStore,
    series: Mapping[str, Sequence[str]],
    profile: ProfileId,
    parts: Sequence[Sequence[Arrival]],
    found: Stored,
) -> Recorded:
    done = _record(store, series, profile, parts[0], found)
    for part in parts[1:]:
        after = _record(store, series, profile, part, _read(store, profile, part))
        done = Recorded(
            snapshot=after.snapshot,
            added=(*done.added, *after.added),
            duplicates=done.duplicates + after.duplicates,
            conflicting=(*done.conflicting, *after.conflicting),
        )
    return done


def _record(
    store: ProfileStore,
    series: Mapping[str, Sequence[str]],
    profile: ProfileId,
    arrivals: Sequence[Arrival],
    found: Stored,
) -> Recorded:
    for _attempt in range(ATTEMPTS):
        batch = _held_against(arrivals, found)
        state = fold(found.state, batch.fresh, series)
        assert state is not None, "a person without a single event"
        added = [arrival.event for arrival in batch.fresh]
        if not added or store.write(profile, found, state, _changes(found, added)):
            return Recorded(snapshot(profile, state), added, batch.copies, batch.conflicting)
        found = _read(store, profile, arrivals)
    raise TransientError(f"profile still contended after {ATTEMPTS} attempts")


def _held_against(arrivals: Sequence[Arrival], found: Stored) -> Sorted:
    rows = [*found.closed_rows, *(day.open_row for day in found.days.values())]
    known: dict[str, Event] = {}
    fresh: list[Arrival] = []
    copies = 0
    conflicting: list[Event] = []
    for arrival in sorted(arrivals, key=lambda one: one.event.order):
        event = arrival.event
        first = known.get(event.message_id) or _first_copy(rows, event.message_id)
        if first is None:
            fresh.append(arrival)
        elif same_content(first, event):
            copies += 1
        else:
            conflicting.append(event)
        known.setdefault(event.message_id, first or event)
    return Sorted(fresh, copies, conflicting)


def _first_copy(rows: Sequence[Packed], message_id: str) -> Event | None:
    for row in rows:
        if row.may_hold(message_id):
            for event in row.events():
                if event.message_id == message_id:
                    return event
    return None


def _changes(found: Stored, added: Sequence[Event]) -> dict[str, DayChange]:
    changes = {day: DayChange(seen=seen) for day, seen in found.days.items()}
    for day in {day_of(event) for event in added}:
        seen = found.days.get(day, Day())
        closing, open_row = filed(seen.open_row, [event for event in added if day_of(event) == day])
        changes[day] = replace(changes[day], closing=closing, open_row=open_row)
    return changes


def _read(store: ProfileStore, profile: ProfileId, arrivals: Sequence[Arrival]) -> Stored:
    return store.read({profile: _days(arrivals)})[profile]


def _days(arrivals: Sequence[Arrival]) -> set[str]:
    return {day for arrival in arrivals for day in days_to_search(arrival.event)}


def _slices(arrivals: Sequence[Arrival]) -> list[Sequence[Arrival]]:
    slices: list[Sequence[Arrival]] = []
    part: list[Arrival] = []
    days: set[str] = set()
    size = 0
    for arrival in sorted(arrivals, key=lambda one: one.event.order):
        length = len(json.dumps(arrival.event.body))
        if part and (size + length > SLICE_BYTES or len(days | {day_of(arrival.event)}) > SLICE_DAYS):
            slices.append(part)
            part, days, size = [], set(), 0
        part.append(arrival)
        days.add(day_of(arrival.event))
        size += length
    return [*slices, part]
