"""What changes when something new is said of identifiers? Every row of it, decided from the rows that were read.

Nothing is read or written here. Rows that turn out to be wanted are named (``Wanted``), and the caller asks again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from functions.identity.attribution import ALWAYS, Anonymous, Owner, Span, constant_owner, owner_at, spans
from functions.identity.keys import OWN, anonymous_profile, founded_profile, is_hash, namespace_of, own_home
from functions.identity.ledger import NOTHING, Ledger, Stamp, milliseconds
from functions.identity.model import Rules
from functions.identity.partition import Partition, partition, shared_among
from functions.identity.records import NEVER, Audit, Deed, Head, Link, Member, Pointer
from functions.profiles.api import Arrival, Person, State, StoredPerson, home_of
from functions.shared.names import ProfileId

DAY_MS = 86_400_000
# The row of an identifier outlives its profile, so that a late event makes the same profile again.
LATE_DAYS = 7
# An event is on its way for 14 days at most, SQS keeps none longer; so long it must be known what has left a person.
MARK_DAYS = 15
CONTACTS = frozenset({"email", "phone", "push_token"})
# A profile that gave way is read again in as many reads at most, as far as a merge has rows left to see to it.
HOPS = 2
# A merge rewrites as many rows besides those of the identifiers it names and moves, whatever the histories.
ROWS_BESIDE = 6
# Of what crosses to other people an identifier keeps the newest; more than makes it shared.
CROSSING_EDGES = 64


class Adding(Protocol):
    """How events add up to a layer, and layers to a person; profiles know what is counted."""

    def state_of(self, arrivals: Collection[Arrival]) -> State | None:
        """What these events add up to."""

    def both(self, one: State, other: State) -> State:
        """Two disjoint sets of events together."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Something new: what it adds to the ledger, the canonical text of the identifiers it names, its cause in words."""

    adds: Ledger
    values: Mapping[str, str]
    at: Stamp
    cause: str
    seen: bool = True


@dataclass(slots=True)
class Loaded:
    """The rows that were read. A pointer that was looked for and is not there is None; expired rows count as not there
    (``stale`` keeps what a write of theirs must expect). ``timelines`` = a device's own events, as arrivals.
    ``contended`` = somebody else was faster before, so a profile is looked for before it is founded."""

    pointers: dict[str, Pointer | None] = field(default_factory=dict)
    heads: dict[ProfileId, Head] = field(default_factory=dict)
    people: dict[ProfileId, StoredPerson] = field(default_factory=dict)
    timelines: dict[str, Sequence[Arrival]] = field(default_factory=dict)
    stale: dict[str, Pointer] = field(default_factory=dict)
    contended: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be read before this can be settled."""

    pointers: frozenset[str] = frozenset()
    people: frozenset[ProfileId] = frozenset()
    timelines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A person's row before and after; ``into`` = the profile it is merged into; ``ttl`` = when a row without events
    is forgotten, seconds since 1970 (None: as it was)."""

    seen: StoredPerson
    after: Person
    into: ProfileId | None
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class PointerChange:
    """An identifier's row after; ``expects`` = the profile it must still point at (None: there must be no row)."""

    after: Pointer
    expects: ProfileId | None
    epoch: int | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that changes, together or not at all. ``pointers`` and ``heads`` hold what did not change as well.

    ``checks`` = identifiers that a head lists and their rows deny; the rows must still be so (None: not there).
    """

    pointers: Mapping[str, Pointer]
    heads: Mapping[ProfileId, Head]
    partition: Partition
    rejections: Counter[str] = field(default_factory=Counter)
    pointer_changes: Sequence[PointerChange] = ()
    checks: Mapping[str, Pointer | None] = field(default_factory=dict)
    head_changes: Sequence[Head] = ()
    people: Mapping[ProfileId, PersonChange] = field(default_factory=dict)
    audits: Sequence[tuple[ProfileId, Audit]] = ()
    merges: Mapping[ProfileId, ProfileId] = field(default_factory=dict)

    @property
    def moved(self) -> frozenset[ProfileId]:
        """The profiles that get or lose what events brought: layers, or a profile that stands for them."""
        return frozenset(
            profile
            for profile, one in self.people.items()
            if one.into is not None
            or one.seen.person.layers.keys() != one.after.layers.keys()
            or set(one.seen.person.aka) != set(one.after.aka)
        )

    @property
    def rows(self) -> int:
        """How many rows it writes."""
        return (
            len(self.pointer_changes) + len(self.checks) + len(self.head_changes) + len(self.people) + len(self.audits)
        )


def settle(sayings: Sequence[Saying], loaded: Loaded, rules: Rules, now_ms: int, adding: Adding) -> Settlement | Wanted:
    """Materialises F of the ledger with ``sayings`` added, over the rows that were read.

    An edge to an identifier that was not read is weighed with that identifier alone; only if it would be accepted is
    more wanted, for every ground of rejection stays one when more identifiers are known.
    """
    return _Settling(sayings, loaded, rules, now_ms, adding).answer()


class _Settling:
    def __init__(self, sayings: Sequence[Saying], loaded: Loaded, rules: Rules, now_ms: int, adding: Adding) -> None:
        self._sayings = sayings
        self._loaded = loaded
        self._rules = rules
        self._now = now_ms
        self._adding = adding
        self._named = {key: value for saying in sayings for key, value in saying.values.items()}
        self._heads = {one.profile: one for one in loaded.heads.values() if one.into is None}
        # Who comes back after an erasure is later than the mark it left, which keeps out what was under way then.
        epochs = [head.epoch for head in loaded.heads.values()] + [one.epoch for one in loaded.stale.values()]
        self._epoch = 1 + max(epochs, default=0)
        self._adopted: set[str] = set()
        self._departed: dict[str, Pointer | None] = {}
        self._members, self._at = self._standing()
        self._before = self._ledger_before()
        self._ledger = self._before
        for saying in sayings:
            self._ledger = self._ledger.joined(saying.adds)
        self._present = set(self._members) | set(self._named)
        self._partition = partition(self._ledger, self._present, rules)
        self._shared = shared_among(self._ledger, rules)
        self._to: dict[str, ProfileId] = {}
        self._survives: dict[ProfileId, ProfileId] = {}
        self._revived: dict[ProfileId, Head] = {}
        self._regained: dict[ProfileId, ProfileId] = {}
        self._turned: dict[ProfileId, ProfileId] = {}
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._old: dict[str, tuple[Span, ...]] = {}

    def answer(self) -> Settlement | Wanted:
        unread = {key for one in self._present for key in self._partition.together[one]} - self._present
        if unread:
            return Wanted(pointers=frozenset(unread))
        wanted = self._name_profiles()
        if wanted:
            return wanted
        self._turned = dict(self._shortened())
        self._spans = {
            key: ALWAYS if key in self._shared else spans(key, self._ledger, self._rules, self._partition.together[key])
            for key in self._present
            if self._rules.kind(key) == "device"
        }
        self._old = {key: self._old_spans(key) for key in self._spans}
        people = self._people()
        if isinstance(people, Wanted):
            return people
        changes = list(self._pointer_changes())
        # An identifier is at no epoch that its profile has not reached: the next settlement there would be at it too.
        touched = {change.after.profile for change in changes}
        written = {change.after.key for change in changes}
        changed_heads = [head for head in self._heads_after() if head.profile in touched or self._changed(head)]
        heads = {**self._loaded.heads, **{head.profile: head for head in changed_heads}}
        return Settlement(
            pointers={**dict(self._pointers_known(heads)), **{change.after.key: change.after for change in changes}},
            heads=heads,
            partition=self._partition,
            rejections=self._new_rejections(),
            pointer_changes=changes,
            checks={key: one for key, one in self._departed.items() if key not in written},
            head_changes=changed_heads,
            people=people,
            audits=self._audits() if changed_heads else (),
            merges={pid: to for pid, to in self._survives.items() if pid != to},
        )

    def _new_rejections(self) -> Counter[str]:
        """Why edges that were not known before join nobody, by reason."""
        rejected = self._partition.rejected
        return Counter(reason for pair, reason in rejected.items() if pair not in self._before.edges)

    def _standing(self) -> tuple[dict[str, Member], dict[str, ProfileId]]:
        """The identifiers of the profiles read, less those whose own row says that they have left."""
        members: dict[str, Member] = {}
        at: dict[str, ProfileId] = {}
        for head in self._heads.values():
            for key, member in head.members.items():
                pointer = self._loaded.pointers.get(key)
                if key in self._loaded.pointers and (pointer is None or pointer.profile != head.profile):
                    self._departed[key] = pointer or self._loaded.stale.get(key)
                    continue
                members[key], at[key] = member, head.profile
        for key, pointer in self._loaded.pointers.items():
            if pointer is not None and pointer.profile in self._heads and key not in members:
                # The profile has expired and was founded anew; or one of the two rows was read too early, which shows
                # when both are written.
                members[key], at[key] = Member(pointer.profile), pointer.profile
                self._adopted.add(key)
        return members, at

    def _ledger_before(self) -> Ledger:
        ledger = NOTHING
        for head in self._heads.values():
            ledger = ledger.joined(head.ledger)
        forgotten = {key for key, pointer in self._loaded.pointers.items() if pointer is None}
        erased = {key: one.erased_at for key, one in self._loaded.stale.items() if one.erased_at is not None}
        ledger = ledger.joined(Ledger(erased=erased))
        return ledger.without(forgotten) if forgotten else ledger

    def _name_profiles(self) -> Wanted | None:
        """Decides which profile each component is (rules R16, R17)."""
        claimed: dict[frozenset[str], list[ProfileId]] = {}
        for profile in self._heads:
            mine = [key for key, pid in self._at.items() if pid == profile]
            if mine:
                best = min(mine, key=self._rank)
                claimed.setdefault(self._partition.together[best], []).append(profile)
        components = {self._partition.together[key] for key in self._present}
        unread: set[ProfileId] = set()
        for component in sorted(components, key=lambda one: min(map(self._rank, one))):
            if component in claimed:
                survivor = min(claimed[component], key=self._seniority)
                self._survives.update(dict.fromkeys(claimed[component], survivor))
            else:
                survivor, read = self._revivable(component)
                unread |= set() if read else {survivor}
            self._to.update(dict.fromkeys(component, survivor))
        for head in self._revived.values():
            unread |= head.aka.keys() - self._loaded.heads.keys()
        if unread:
            return Wanted(people=frozenset(unread))
        stood = {one for head in self._revived.values() for one in head.aka} - set(self._revived)
        self._regained = {one: to for one in stood if (to := self._revived_over(one)) is not None}
        return None

    def _revived_over(self, profile: ProfileId) -> ProfileId | None:
        """The profile that lives again for which this one stood. Heads tell, for they are not turned; a list that was
        put away with a profile may name others that have lived since."""
        into = self._loaded.heads[profile].into if profile in self._loaded.heads else None
        if into is None or into in self._revived:
            return into
        return self._revived_over(into)

    def _rank(self, key: str) -> tuple[int, str]:
        return (self._rules.rank(key), key)

    def _seniority(self, profile: ProfileId) -> tuple[bool, int, ProfileId]:
        known = any(self._rules.kind(key) != "device" for key, pid in self._at.items() if pid == profile)
        return (not known, self._heads[profile].first_seen, profile)

    def _revivable(self, component: frozenset[str]) -> tuple[ProfileId, bool]:
        """The earlier profile of identifiers that leave, or a new one; False when it must be read first."""
        stands_for = {aka for head in self._heads.values() for aka in head.aka}
        taken = {pid for pid, head in self._heads.items() if head.members} | set(self._to.values())
        for key in sorted(component, key=self._rank):
            origin = self._members[key].origin if key in self._members else None
            if origin in stands_for and origin is not None and origin not in taken:
                if origin in self._loaded.heads:
                    self._revived[origin] = self._loaded.heads[origin]
                return origin, origin in self._loaded.heads
        best = min(component, key=self._rank)
        count = self._ledger.founded.get(best, 0)
        while (profile := founded_profile(best, count)) in taken | stands_for or self._exists(profile):
            count += 1
        self._ledger = replace(self._ledger, founded={**self._ledger.founded, best: count + 1})
        return profile, not self._loaded.contended or profile in self._loaded.heads

    def _exists(self, profile: ProfileId) -> bool:
        head = self._loaded.heads.get(profile)
        return head is not None and (head.into is not None or bool(head.members))

    def _pointers_known(self, heads: Mapping[ProfileId, Head]) -> Iterator[tuple[str, Pointer]]:
        """Identifiers whose rows stay, each with the epoch at which it is known to be where it is: who moves it at the
        same time, unseen, moves it at a later one."""
        for key in self._present:
            before = self._loaded.pointers.get(key)
            yield key, before or replace(self._pointer(key), epoch=heads[self._to[key]].epoch)

    def _heads_after(self) -> Iterator[Head]:
        for profile in sorted(set(self._to.values())):
            keys = {key for key, pid in self._to.items() if pid == profile}
            before = self._loaded.heads.get(profile, Head(profile))
            yield replace(
                before,
                members={key: self._member(key, profile) for key in sorted(keys)},
                ledger=_within_horizon(self._ledger.touching(keys), keys),
                aka=self._aka(profile),
                into=None,
                first_seen=self._first_seen(profile, keys),
                epoch=self._epoch,
                ttl=self._expiry(keys),
            )
        for profile, survivor in self._survives.items():
            if profile != survivor:
                merged = replace(self._heads[profile], members={}, ledger=NOTHING, into=survivor, ttl=None)
                yield replace(merged, epoch=self._epoch)

    def _member(self, key: str, profile: ProfileId) -> Member:
        origin = self._members[key].origin if key in self._members else profile
        return Member(origin, key in self._partition.soft, self._since(key), self._seen(key))

    def _seen(self, key: str) -> bool:
        if key in self._members and self._members[key].seen:
            return True
        return any(saying.seen and key in saying.values for saying in self._sayings)

    def _aka(self, profile: ProfileId) -> dict[ProfileId, int]:
        """The profiles that stand for this one, with the number of reads from each to here."""
        if profile in self._revived:
            return dict.fromkeys(sorted(one for one, to in self._regained.items() if to == profile), 1)
        gone = {*self._revived, *self._regained}
        aka = {one: hops for one, hops in self._loaded.heads.get(profile, Head(profile)).aka.items() if one not in gone}
        for loser, survivor in self._survives.items():
            if survivor == profile != loser:
                aka[loser] = 1
                aka.update({one: hops + 1 for one, hops in self._heads[loser].aka.items() if one not in gone})
        return {one: 1 if self._turned.get(one) == profile else hops for one, hops in aka.items()}

    def _first_seen(self, profile: ProfileId, keys: set[str]) -> int:
        losers = [head.first_seen for pid, head in self._heads.items() if self._survives.get(pid) == profile]
        said = [saying.at[0] for saying in self._sayings if saying.seen and keys.intersection(saying.values)]
        before = self._loaded.heads.get(profile, Head(profile)).first_seen
        return min([before, *losers, *said], default=before)

    def _expiry(self, keys: set[str]) -> int | None:
        """Seconds since 1970 at which a profile that nothing but devices name is forgotten (rule R26)."""
        kinds = [self._rules.namespace(namespace_of(key)) for key in keys]
        if any(one.kind != "device" or one.expires is None for one in kinds):
            return None
        return (self._now // DAY_MS + max(one.expires or 0 for one in kinds)) * DAY_MS // 1000

    def _since(self, key: str) -> int:
        last = self._spans[key][-1] if key in self._spans else None
        if last is None or (len(self._spans[key]) == 1 and last.owner is None):
            return -NEVER
        if last.owner is not None:
            return NEVER
        return last.start[0] if last.start[1] else last.start[0] - 1

    def _pointer(self, key: str) -> Pointer:
        before = self._loaded.pointers.get(key)
        edges = {
            stronger: (*edge.first, edge.trusted + 2 * edge.verified)
            for (stronger, weaker), edge in self._ledger.edges.items()
            if weaker == key
        }
        link = Link(
            edges,
            self._since(key),
            key in self._partition.soft,
            key in self._shared,
            key in self._ledger.trusted,
            self._seen(key),
        )
        return Pointer(
            key,
            self._to[key],
            self._epoch,
            self._value(key, before),
            link,
            pointer_expiry(key, self._rules, self._now) if key in self._named else before.ttl if before else None,
            self._ledger.erased.get(key),
        )

    def _value(self, key: str, before: Pointer | None) -> str:
        """The canonical text; a clear one takes the place of its hash."""
        known, named = before.value if before else "", self._named.get(key, "")
        return known if known and (not named or not is_hash(known) or is_hash(named)) else named

    def _pointer_changes(self) -> Iterator[PointerChange]:
        for key in sorted(self._present):
            after = self._pointer(key)
            respanned = self._old.get(key) != self._spans.get(key)
            if key in self._loaded.pointers:
                before = self._loaded.pointers[key] or self._loaded.stale.get(key)
                if before is None:
                    yield PointerChange(after, None, None)
                elif (
                    respanned
                    or self._loaded.pointers[key] is None
                    or key in self._adopted
                    or (before.profile, before.link, before.value) != (after.profile, after.link, after.value)
                ):
                    yield PointerChange(after, before.profile, before.epoch)
            else:
                member = self._members[key]
                same = (member.soft, member.since) == (after.link.soft, after.link.since)
                if respanned or self._at[key] != after.profile or not same:
                    yield PointerChange(after, self._at[key], None)

    def _changed(self, head: Head) -> bool:
        before = self._loaded.heads.get(head.profile)
        if before is None or before.version == 0 or before.into != head.into:
            return True
        if any(self._at[key] == head.profile for key in self._adopted):
            return True
        return (before.members, before.ledger, before.aka) != (head.members, head.ledger, head.aka)

    def _audits(self) -> list[tuple[ProfileId, Audit]]:
        """One line for each profile whose identifiers changed."""
        cause = max(self._sayings, key=lambda saying: saying.at)
        lines: list[tuple[ProfileId, Audit]] = []
        for profile in sorted(set(self._to.values())):
            moves = tuple(
                (key, self._at.get(key), profile)
                for key, pid in sorted(self._to.items())
                if pid == profile and self._at.get(key) != profile
            )
            merged = tuple(sorted(one for one, to in self._survives.items() if to == profile != one))
            left = any(pid == profile and self._to[key] != profile for key, pid in self._at.items())
            if not moves and not left:
                continue
            fresh = all(before is None for _key, before, _after in moves)
            new = profile not in self._heads and profile not in self._revived
            deed: Deed
            if merged:
                deed = "merged"
            elif left or profile in self._revived or not fresh:
                deed = "split"
            else:
                deed = "founded" if new else "attached"
            operation = f"{self._epoch:x}-{profile[:8]}"
            revived = tuple(sorted(self._revived))
            lines.append((profile, Audit(deed, cause.at, cause.cause, operation, moves, merged, revived)))
        return lines

    def _people(self) -> dict[ProfileId, PersonChange] | Wanted:
        wanted = {*self._heads, *self._revived, *self._turned} - set(self._loaded.people)
        if wanted:
            return Wanted(people=frozenset(wanted))
        alive = {**self._regained, **{pid: pid for pid in self._revived}}
        found = _Layers(
            loaded=self._loaded,
            rules=self._rules,
            at=self._at,
            to=self._to,
            merged={pid: to for pid, to in self._survives.items() if pid != to},
            alive=alive,
            parted={own_home(old): head.profile for head in self._heads.values() for old in head.aka if old in alive},
            joined={own_home(old): to for old, to in self._gained()},
            old=self._old,
            new=self._spans,
            adding=self._adding,
            epoch=self._epoch,
        ).moved()
        if isinstance(found, Wanted):
            return found
        changes: dict[ProfileId, PersonChange] = {}
        survivors = set(self._to.values())
        for profile in {*found, *survivors, *self._revived}:
            seen = self._loaded.people.get(profile, StoredPerson())
            into = None if profile in survivors else self._survives.get(profile, self._turned.get(profile, seen.into))
            after = found.get(profile, seen.person)
            if profile in survivors:
                keys = [key for key, pid in self._to.items() if pid == profile and namespace_of(key) in CONTACTS]
                contacts = {key: key in self._partition.soft for key in sorted(keys)}
                # Who was erased and is somebody again begins anew, at times under the same id.
                after = replace(after, contacts=contacts, aka=tuple(sorted(self._aka(profile))), erased=False)
            if (after, into) != (seen.person, seen.into):
                waits = profile not in survivors and into is None and not after.layers
                changes[profile] = PersonChange(seen, after, into, last_mark(self._now) if waits else None)
        return changes

    def _gained(self) -> Iterator[tuple[ProfileId, ProfileId]]:
        """Profiles that somebody else stands for from now on."""
        for loser, survivor in self._survives.items():
            if loser != survivor:
                yield from ((old, survivor) for old in (loser, *self._heads[loser].aka))

    def _old_spans(self, key: str) -> tuple[Span, ...]:
        if key not in self._at:
            return self._spans[key]
        if key in shared_among(self._before, self._rules):
            return ALWAYS
        together = {one for one, pid in self._at.items() if pid == self._at[key]}
        return spans(key, self._before, self._rules, together)

    def _shortened(self) -> Iterator[tuple[ProfileId, ProfileId]]:
        """Profiles that are turned straight to the one they stand for: those of a profile that lives again, for they
        may point past it, and as many as a merge has rows left for of those that are too many reads away."""
        yield from self._regained.items()
        losing = {key for key, pid in self._at.items() if self._survives.get(pid, pid) != pid}
        merges = sum(pid != to for pid, to in self._survives.items())
        room = max(0, ROWS_BESIDE - 3 - 2 * merges) + len(losing & set(self._named))
        far = [
            (-hops, one, profile)
            for profile in set(self._to.values()) - set(self._revived)
            for one, hops in self._aka(profile).items()
            if hops > HOPS
        ]
        yield from ((one, profile) for _hops, one, profile in sorted(far)[:room])


@dataclass(slots=True)
class _Layers:
    """Which layers of which person go where, now that identifiers have moved.

    ``alive`` = profiles that live again, and those that stand for them; ``parted``, ``joined`` = whom the events that
    we said ourselves of an old id leave, and to whom they come.
    """

    loaded: Loaded
    rules: Rules
    at: Mapping[str, ProfileId]
    to: Mapping[str, ProfileId]
    merged: Mapping[ProfileId, ProfileId]
    alive: Mapping[ProfileId, ProfileId]
    parted: Mapping[str, ProfileId]
    joined: Mapping[str, ProfileId]
    old: Mapping[str, tuple[Span, ...]]
    new: Mapping[str, tuple[Span, ...]]
    adding: Adding
    epoch: int

    def moved(self) -> dict[ProfileId, Person] | Wanted:
        divided = self._divided()
        if isinstance(divided, Wanted):
            return divided
        layers: dict[ProfileId, dict[str, State]] = {pid: {} for pid in self.loaded.people}
        marks = self._losing()
        unread = marks.keys() - self.loaded.people.keys()
        if unread:
            return Wanted(people=frozenset(unread))
        for profile, stored in self.loaded.people.items():
            for layer, state in stored.person.layers.items():
                home = home_of(layer)
                if home in divided:
                    continue
                place = self._place(profile, layer, state)
                if isinstance(place, Wanted):
                    return place
                to, name = place
                there = layers.setdefault(to, {})
                there[name] = self.adding.both(there[name], state) if name in there else state
                if (to, name) != (profile, layer) and self.old.get(home) != self.new.get(home):
                    marks.setdefault(to, set()).add(home)
        for home in divided:
            wanted = self._refolded(home, layers, marks)
            if wanted is not None:
                return wanted
        return {pid: self._person(pid, mine, marks.get(pid, set())) for pid, mine in layers.items()}

    def _losing(self) -> dict[ProfileId, set[str]]:
        """Devices by the people who had a time of theirs until now. They are told even when nothing of it was recorded:
        somebody who has read the old owner may be about to."""
        marks: dict[ProfileId, set[str]] = {}
        for home, before in self.old.items():
            owners = {span.owner for span in before}
            for owner in owners & _changed_owners(before, self.new[home]):
                profile = self._holder(home, owner)
                if profile is not None:
                    marks.setdefault(profile, set()).add(home)
        return marks

    def _holder(self, home: str, owner: Owner) -> ProfileId | None:
        if isinstance(owner, Anonymous):
            return anonymous_profile(home, owner.segment)
        key = home if owner is None else owner
        pointer = self.loaded.pointers.get(key)
        return self.at.get(key) or (pointer.profile if pointer else None)

    def _person(self, profile: ProfileId, layers: Mapping[str, State], marks: set[str]) -> Person:
        before = self.loaded.people.get(profile, StoredPerson()).person
        elsewhere = dict(before.elsewhere)
        left = {key for key, pid in self.at.items() if pid == profile and self.to.get(key) != profile}
        elsewhere.update(dict.fromkeys(left | (marks - left), self.epoch))
        for key in (key for key, pid in self.to.items() if pid == profile and self.at.get(key, profile) != profile):
            if key in self.new:
                # Who placed an event of a device before it came here may not have known whose it was then.
                elsewhere[key] = self.epoch
            else:
                elsewhere.pop(key, None)
        elsewhere.update({home: self.epoch for home, pid in self.parted.items() if pid == profile})
        for home in (home for home, pid in self.joined.items() if pid == profile):
            elsewhere.pop(home, None)
        if profile in self.merged:
            # What left it stays written, should it live again while somebody still brings an event of before.
            return Person(layers=dict(layers), elsewhere=elsewhere, aka=before.aka)
        return replace(before, layers=dict(layers), elsewhere=elsewhere)

    def _divided(self) -> set[str] | Wanted:
        """Devices whose events, so far in one layer, now belong to several: their timelines are wanted."""
        divided: set[str] = set()
        people: set[ProfileId] = set()
        pointers: set[str] = set()
        for home, now in self.new.items():
            before = self.old[home]
            if before == now:
                continue
            for owner in _changed_owners(before, now):
                if isinstance(owner, Anonymous):
                    if before[0].owner is not None or len(before) > 1:
                        people.add(anonymous_profile(home, owner.segment))
                elif owner is not None and owner not in self.to:
                    pointers.add(owner)
        pointers -= set(self.loaded.pointers)
        people -= set(self.loaded.people)
        if pointers or people:
            return Wanted(frozenset(pointers), frozenset(people))
        for stored in self.loaded.people.values():
            for layer, state in stored.person.layers.items():
                home = home_of(layer)
                if home in self.new and self.old[home] != self.new[home] and self._constant(home, state) is None:
                    divided.add(home)
        for home in divided:
            owners = {span.owner for span in (*self.old[home], *self.new[home])}
            pointers |= {owner for owner in owners if isinstance(owner, str) and owner not in self.to}
            people |= {anonymous_profile(home, one.segment) for one in owners if isinstance(one, Anonymous)}
        pointers -= set(self.loaded.pointers)
        people -= set(self.loaded.people)
        timelines = divided - set(self.loaded.timelines)
        if pointers or people or timelines:
            return Wanted(frozenset(pointers), frozenset(people), frozenset(timelines))
        return divided

    def _constant(self, home: str, state: State) -> tuple[Owner] | None:
        return constant_owner(self.new[home], milliseconds(state.first_seen), milliseconds(state.last_seen))

    def _place(self, profile: ProfileId, layer: str, state: State) -> tuple[ProfileId, str] | Wanted:
        home = home_of(layer)
        constant = self._constant(home, state) if self.old.get(home) != self.new.get(home) else None
        if constant is not None:
            return self._seat(home, constant[0])
        # Whose it was it is still, wherever that one is now.
        owner = layer.partition("|")[0]
        if home.startswith(OWN):
            said_of = ProfileId(home.removeprefix(OWN))
            return self.alive.get(said_of, self.merged.get(profile, profile)), layer
        return self.to.get(owner, self.merged.get(profile, profile)), layer

    def _seat(self, home: str, owner: Owner) -> tuple[ProfileId, str] | Wanted:
        """The profile and the name of the layer of what a device did under an owner."""
        if owner is None:
            return self.to[home], home
        if isinstance(owner, Anonymous):
            profile = anonymous_profile(home, owner.segment)
            if profile not in self.loaded.people:
                return Wanted(people=frozenset({profile}))
            return profile, f"-{owner.segment}|{home}"
        if owner not in self.to:
            if owner not in self.loaded.pointers or self.loaded.pointers[owner] is not None:
                # Not read yet, or read before it moved.
                return Wanted(pointers=frozenset({owner}))
            # Its row has expired: what it did is the holder's.
            return self.to[home], home
        return self.to[owner], f"{owner}|{home}"

    def _refolded(
        self, home: str, layers: dict[ProfileId, dict[str, State]], marks: dict[ProfileId, set[str]]
    ) -> Wanted | None:
        for profile, stored in self.loaded.people.items():
            if any(home_of(layer) == home for layer in stored.person.layers):
                marks.setdefault(profile, set()).add(home)
        by_owner: dict[Owner, list[Arrival]] = {}
        for arrival in self.loaded.timelines[home]:
            at = (milliseconds(arrival.event.timestamp), arrival.event.message_id)
            by_owner.setdefault(owner_at(self.new[home], at), []).append(arrival)
        for owner, arrivals in by_owner.items():
            seat = self._seat(home, owner)
            if isinstance(seat, Wanted):
                return seat
            folded = self.adding.state_of(arrivals)
            if folded is not None:
                layers.setdefault(seat[0], {})[seat[1]] = folded
                marks.setdefault(seat[0], set()).add(home)
        return None


def _within_horizon(ledger: Ledger, keys: Collection[str]) -> Ledger:
    """Everything inside a profile, and of what leads out of it the newest at each identifier."""
    crossing = [(pair, edge) for pair, edge in ledger.edges.items() if not (pair[0] in keys and pair[1] in keys)]
    if len(crossing) <= CROSSING_EDGES:
        return ledger
    newest = sorted(crossing, key=lambda one: (one[1].last or one[1].first, one[0]), reverse=True)
    count: dict[str, int] = {}
    dropped = set()
    for pair, _edge in newest:
        inside = pair[0] if pair[0] in keys else pair[1]
        count[inside] = count.get(inside, 0) + 1
        if count[inside] > CROSSING_EDGES:
            dropped.add(pair)
    return replace(ledger, edges={pair: edge for pair, edge in ledger.edges.items() if pair not in dropped})


def _changed_owners(before: Sequence[Span], now: Sequence[Span]) -> set[Owner]:
    owners = {span.owner for span in (*before, *now)}
    return {owner for owner in owners if _intervals(before, owner) != _intervals(now, owner)}


def _intervals(found: Sequence[Span], owner: Owner) -> list[tuple[Stamp, Stamp]]:
    ends: Iterable[Stamp] = [*(span.start for span in found[1:]), (NEVER, "")]
    return [(span.start, end) for span, end in zip(found, ends, strict=True) if span.owner == owner]


def last_mark(now_ms: int) -> int:
    """Seconds since 1970 at which no event is on its way any more that could be brought to the wrong person now."""
    return (now_ms // DAY_MS + MARK_DAYS) * DAY_MS // 1000


def pointer_expiry(key: str, rules: Rules, now_ms: int) -> int | None:
    """Seconds since 1970 at which a device that is not seen again is forgotten; it moves once a day at most."""
    expires = rules.namespace(namespace_of(key)).expires
    return None if expires is None else (now_ms // DAY_MS + expires + LATE_DAYS) * DAY_MS // 1000
