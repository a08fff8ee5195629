"""How do a delivery's events become part of their people? Each once, however often they are delivered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeAlias

from functions.profiles.data_keys import DataKey
from functions.profiles.model import Snapshot
from functions.profiles.packing import NEVER, Minutes, Packed, day_of, filed, same_content, times_to_search
from functions.profiles.policy import Arrival, Counted, Person, add
from functions.profiles.store import Day, DayChange, HomeDay, ProfileStore, Stored, StoredPerson
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId

ATTEMPTS = 6
# A transaction takes 100 rows and 4 MB (DynamoDB quotas); a person's backlog is written in slices well below both.
SLICE_DAYS = 20
SLICE_BYTES = 2_000_000
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Recorded:
    """A person after a batch: which events were new, how many were not, and which came too late to be recorded;
    ``keys`` = those of the identifiers its events stand under, where there are keys; ``known`` = somebody had said who
    it is before."""

    see: Callable[[], Snapshot]
    added: Sequence[Event]
    duplicates: int = 0
    conflicting: Sequence[Event] = ()
    past: Sequence[Event] = ()
    keys: Mapping[str, DataKey] = field(default_factory=dict)
    known: bool = False

    def refuses(self, event: Event) -> bool:
        """True of an event, as it was handed in, under whose id another content is known."""
        return id(event) in self._refused

    @cached_property
    def _refused(self) -> frozenset[int]:
        # Such events may be equal to one another in all but what they say.
        return frozenset(map(id, self.conflicting))

    @cached_property
    def snapshot(self) -> Snapshot:
        """What decisions see. Made when somebody asks: most events interest no journey and no audience."""
        return self.see()


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Nothing was recorded: the person, or an identifier, has moved since the events were resolved."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Nothing was recorded, and nothing will be: the person was erased, and the events name them by their id."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch held against what is stored: new events, copies, and other contents under a known id."""

    fresh: Sequence[Arrival]
    copies: int
    conflicting: Sequence[Event]


Outcome: TypeAlias = Recorded | Misplaced | Erased | TransientError


def record_people(
    store: ProfileStore,
    counted: Counted,
    people: Mapping[ProfileId, Sequence[Arrival]],
) -> dict[ProfileId, Outcome]:
    """One read for everybody, one write per person; a person that cannot be written answers with its error."""
    slices = {profile: _slices(arrivals) for profile, arrivals in people.items() if arrivals}
    now_ms = _now_ms([arrival for arrivals in people.values() for arrival in arrivals])
    found = store.read({profile: _searched(parts[0]) for profile, parts in slices.items()}, now_ms)
    outcome: dict[ProfileId, Outcome] = {}
    for profile, parts in slices.items():
        recording = _Recording(store, counted, profile)
        try:
            outcome[profile] = recording.slices(parts, found[profile])
        except TransientError as error:
            outcome[profile] = error
    return outcome


@dataclass(frozen=True, slots=True)
class _Recording:
    store: ProfileStore
    counted: Counted
    profile: ProfileId

    def slices(self, parts: Sequence[Sequence[Arrival]], found: Stored) -> Recorded | Misplaced | Erased:
        done = self._record(parts[0], found)
        for part in parts[1:]:
            after = self._record(part, self._read(part))
            # Delivered again, the slices before are copies, wherever the person is then.
            if isinstance(done, Erased) and isinstance(after, Erased):
                continue
            if not (isinstance(done, Recorded) and isinstance(after, Recorded)):
                return Misplaced()
            done = Recorded(
                see=after.see,
                added=(*done.added, *after.added),
                duplicates=done.duplicates + after.duplicates,
                conflicting=(*done.conflicting, *after.conflicting),
                past=(*done.past, *after.past),
                keys={**done.keys, **after.keys},
                known=done.known,
            )
        return done

    def _record(self, arrivals: Sequence[Arrival], found: Stored) -> Recorded | Misplaced | Erased:
        for _attempt in range(ATTEMPTS):
            before = found.found
            if before.into is not None or any(before.person.misplaced(arrival) for arrival in arrivals):
                return Misplaced()
            if before.person.buried:
                if all(arrival.by_id for arrival in arrivals):
                    return Erased()
                # Somebody new begins under the id of the one who was erased.
                before = replace(before, person=replace(before.person, erased=False))
            batch = _held_against([arrival for arrival in arrivals if not arrival.past], found)
            person = add(before.person, batch.fresh, self.counted)
            added = [arrival.event for arrival in batch.fresh]
            keys = self._new_keys(found)
            if not (added or keys) or self.store.write(
                self.profile, found, person, _changes(found, batch.fresh), new_keys=keys, ttl=_expiry(person, arrivals)
            ):
                after = StoredPerson(before.version + bool(added or keys), person)
                past = [arrival.event for arrival in arrivals if arrival.past]
                return Recorded(
                    see=partial(self._seen, after, arrivals[0].event),
                    added=added,
                    duplicates=batch.copies,
                    conflicting=batch.conflicting,
                    past=past,
                    keys={**found.keys, **keys},
                    known=before.person.known,
                )
            found = self._read(arrivals)
        raise TransientError(f"profile still contended after {ATTEMPTS} attempts")

    def _seen(self, after: StoredPerson, event: Event) -> Snapshot:
        # A copy can stand under an identifier that came back to a person who has recorded nothing yet.
        return self.store.seen(self.profile, after) or Snapshot.of_nobody(self.profile, event.timestamp)

    def _new_keys(self, found: Stored) -> dict[str, DataKey]:
        """Keys for the identifiers that have none: with the first event, or the first since keys are kept."""
        new_key = self.store.new_key
        missing = {home for home, _ in found.days} - found.keys.keys() if new_key else set()
        return {home: new_key() for home in sorted(missing)} if new_key else {}

    def _read(self, arrivals: Sequence[Arrival]) -> Stored:
        return self.store.read({self.profile: _searched(arrivals)}, _now_ms(arrivals))[self.profile]


def _expiry(person: Person, arrivals: Sequence[Arrival]) -> int | None:
    """Seconds since 1970 at which an anonymous person is forgotten: whole days, counted from the last receipt."""
    if person.expires is None:
        return None
    return (_now_ms(arrivals) // 1000 // DAY_SECONDS + person.expires) * DAY_SECONDS


def _now_ms(arrivals: Sequence[Arrival]) -> int:
    return max((int(arrival.event.received_at.timestamp() * 1000) for arrival in arrivals), default=0)


def _held_against(arrivals: Sequence[Arrival], found: Stored) -> Sorted:
    rows = [*(row for many in found.closed_rows.values() for row in many)]
    rows += [day.open_row for day in found.days.values()]
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


def _changes(found: Stored, added: Sequence[Arrival]) -> dict[HomeDay, DayChange]:
    changes = {day: DayChange(seen=seen) for day, seen in found.days.items()}
    by_day: dict[HomeDay, list[Event]] = {}
    for arrival in added:
        by_day.setdefault((arrival.home, day_of(arrival.event)), []).append(arrival.event)
    for day, events in by_day.items():
        closing, open_row = filed(found.days.get(day, Day()).open_row, events)
        changes[day] = replace(changes[day], closing=closing, open_row=open_row)
    return changes


def _searched(arrivals: Sequence[Arrival]) -> dict[HomeDay, Minutes]:
    searched: dict[HomeDay, Minutes] = {}
    for one in arrivals:
        for day, minutes in times_to_search(one.event).items():
            searched[one.home, day] = searched.get((one.home, day), NEVER).around(minutes)
    return searched


def _slices(arrivals: Sequence[Arrival]) -> list[Sequence[Arrival]]:
    if len(arrivals) <= SLICE_DAYS:
        # No event is larger than 32 KB.
        return [arrivals]
    slices: list[Sequence[Arrival]] = []
    part: list[Arrival] = []
    days: set[HomeDay] = set()
    size = 0
    for arrival in sorted(arrivals, key=lambda one: one.event.order):
        length = len(arrival.event.to_text())
        day = (arrival.home, day_of(arrival.event))
        if part and (size + length > SLICE_BYTES or len(days | {day}) > SLICE_DAYS):
            slices.append(part)
            part, days, size = [], set(), 0
        part.append(arrival)
        days.add(day)
        size += length
    return [*slices, part]
