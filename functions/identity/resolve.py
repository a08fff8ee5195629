"""Which profile does each message belong to? Read once, settle what is new, place every message."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from functions.identity.attribution import Anonymous, owner_at, spans
from functions.identity.keys import (
    HASHED,
    anonymous_profile,
    founded_profile,
    identifier_key,
    is_hash,
    namespace_of,
    own_home,
)
from functions.identity.ledger import IDENTIFYING, Stamp, assertion, stamp_of
from functions.identity.model import Identifier, Rules
from functions.identity.naming import Named, own_profile
from functions.identity.records import NEVER, Head, Pointer
from functions.identity.settlement import (
    CROSSING_EDGES,
    Adding,
    Loaded,
    Saying,
    Settlement,
    Wanted,
    pointer_expiry,
    settle,
)
from functions.identity.store import IdentityStore
from functions.profiles.api import Arrival
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.rows import ROWS_PER_TRANSACTION

ATTEMPTS = 6
# How often a settlement may ask for more rows: the profiles it touches are few, or it is given up.
ROUNDS = 12
PEOPLE_PER_SETTLEMENT = 30

Timeline = Callable[[str], Sequence[Arrival]]
"""A device's own events, as arrivals."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a delivery: the record that brought it, and whom it names. ``saying`` = what an operator says."""

    record: str
    event: Event
    names: Named
    saying: Saying | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event belongs (``functions.profiles.policy.Arrival`` says what the parts are)."""

    profile: ProfileId
    home: str
    layer: str
    epoch: int = 0
    owner_epoch: int = 0
    expires: int | None = None


@dataclass(slots=True)
class Resolution:
    """What became of a delivery's messages.

    ``places`` stands beside the messages: None = not placed (``stuck``, ``erased``), or not an event of a person.
    ``merges`` = profiles that now stand for another; ``moved`` = of each settlement the profiles that have given parts
    of themselves to one another.
    """

    places: list[Place | None]
    stuck: set[int] = field(default_factory=set)
    erased: set[int] = field(default_factory=set)
    merges: dict[ProfileId, ProfileId] = field(default_factory=dict)
    moved: list[frozenset[ProfileId]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def silent(self) -> list[int]:
        """Messages that were heard and are no event of a person: logouts and commands."""
        lost = self.stuck | self.erased
        return [n for n, place in enumerate(self.places) if place is None and n not in lost]


@dataclass(slots=True)
class _Known:
    """Rows as this delivery has read or written them."""

    pointers: dict[str, Pointer | None]
    stale: dict[str, Pointer]
    heads: dict[ProfileId, Head] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)


class _TooLarge(TransientError):
    """A settlement of more rows than a transaction takes, or of more people than it may read."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Finds people and settles what is new about them."""

    store: IdentityStore
    rules: Rules
    pepper: str
    timeline: Timeline
    adding: Adding

    def resolve(self, messages: Sequence[Message]) -> Resolution:
        """Places messages; what cannot be written now is ``stuck``, the others are done."""
        now_ms = max(int(message.event.received_at.timestamp() * 1000) for message in messages)
        keys = {key for message in messages for key in _keys(message)}
        read = self.store.pointers(keys, now_ms)
        known = _Known(dict(read.pointers), dict(read.stale))
        resolution = Resolution([None] * len(messages))
        erasures = _erasures(keys, known)
        if erasures:
            resolution.erased = {n for n, message in enumerate(messages) if _is_erased(message, erasures)}
        living = [n for n in range(len(messages)) if n not in resolution.erased]
        news = [n for n in living if self._is_news(messages[n], known)]
        for cluster in _clusters(messages, news, known):
            try:
                self._settle([messages[n] for n in cluster], known, now_ms, resolution)
            except TransientError:
                resolution.stuck.update(cluster)
        self._read_contested([messages[n] for n in living if n not in resolution.stuck], known, now_ms)
        for n in living:
            if n not in resolution.stuck and messages[n].event.type not in ("reset", "command"):
                resolution.places[n] = self._place(messages[n], known)
        self._keep({key for n in living for key in _keys(messages[n])}, known, now_ms)
        return resolution

    def _is_news(self, message: Message, known: _Known) -> bool:
        """True unless the identifiers' own rows already hold everything the message says of them."""
        linking = message.names.linking
        found = [pointer for one in linking if (pointer := known.pointers[one.key]) is not None and pointer.link.seen]
        trusted = message.event.trusted
        return (
            (message.saying is not None and bool(message.saying.values))
            or len(found) < len(linking)
            or (message.event.type == "reset" and bool(linking))
            or any(trusted and i.kind == "anchor" and not p.link.trusted for i, p in zip(linking, found, strict=True))
            or any(is_hash(p.value) and i.namespace not in HASHED for i, p in zip(linking, found, strict=True))
            or _says_more(message.event, [pointer for pointer in found if not _is_full(pointer)])
        )

    def _settle(self, messages: Sequence[Message], known: _Known, now_ms: int, resolution: Resolution) -> None:
        try:
            settled = self._settled(messages, known, now_ms)
        except _TooLarge:
            for message in messages:
                self._settle_less(message, len(messages) == 1, known, now_ms, resolution)
            return
        known.pointers.update(settled.pointers)
        known.heads.update(settled.heads)
        known.heads.update({head.profile: replace(head, version=head.version + 1) for head in settled.head_changes})
        resolution.merges.update(settled.merges)
        resolution.moved += [settled.moved] if settled.moved else []
        resolution.counts.update(merged=len(settled.merges))
        resolution.counts.update(settled.rejections)

    def _settle_less(self, message: Message, alone: bool, known: _Known, now_ms: int, resolution: Resolution) -> None:
        """What is too large together is settled one by one; alone, without its worst identifier, counted for review."""
        if alone:
            linking = message.names.linking
            if message.saying is not None or len(linking) < 2:
                raise TransientError("a settlement reaches too far")
            resolution.counts["needs_review"] += 1
            message = replace(message, names=replace(message.names, linking=linking[:-1]))
        self._settle([message], known, now_ms, resolution)

    def _settled(self, messages: Sequence[Message], known: _Known, now_ms: int) -> Settlement:
        for attempt in range(ATTEMPTS):
            settled = self._settlement(messages, known, now_ms, attempt)
            if settled.rows > ROWS_PER_TRANSACTION:
                raise _TooLarge("a settlement needs more rows than a transaction takes")
            if self.store.commit(settled):
                return settled
        raise TransientError(f"identity still contended after {ATTEMPTS} attempts")

    def _settlement(self, messages: Sequence[Message], known: _Known, now_ms: int, attempt: int) -> Settlement:
        named = {key for message in messages for key in _keys(message)}
        wanted = named | known.doubted if attempt else named
        if attempt:
            # Somebody else was faster: everything is read anew, and what was only assumed is read too.
            again = self.store.pointers(wanted, now_ms)
            known.pointers.update(again.pointers)
            known.stale = {**{key: one for key, one in known.stale.items() if key not in wanted}, **again.stale}
        loaded = Loaded(
            pointers={key: known.pointers[key] for key in wanted},
            stale={key: known.stale[key] for key in wanted if key in known.stale},
            contended=attempt > 0,
        )
        self._load({one.profile for one in loaded.pointers.values() if one and one.profile}, loaded, now_ms)
        sayings = [self._saying(message, known) for message in messages]
        for _round in range(ROUNDS):
            answer = settle(sayings, loaded, self.rules, now_ms, self.adding)
            if isinstance(answer, Settlement):
                known.doubted = {key for head in loaded.heads.values() for key in head.members}
                return answer
            self._fetch(answer, loaded, known, now_ms)
        raise _TooLarge("a settlement reaches too far")

    def _fetch(self, wanted: Wanted, loaded: Loaded, known: _Known, now_ms: int) -> None:
        if wanted.pointers:
            read = self.store.pointers(wanted.pointers, now_ms)
            loaded.pointers.update(read.pointers)
            loaded.stale.update(read.stale)
            known.pointers.update(read.pointers)
            known.stale.update(read.stale)
        people = {one.profile for one in loaded.pointers.values() if one and one.profile} | wanted.people
        self._load(people, loaded, now_ms)
        loaded.timelines.update({device: self.timeline(device) for device in wanted.timelines})

    def _load(self, people: Iterable[ProfileId], loaded: Loaded, now_ms: int) -> None:
        missing = set(people) - loaded.heads.keys()
        if len(loaded.heads) + len(missing) > PEOPLE_PER_SETTLEMENT:
            raise _TooLarge("a settlement reaches too many people")
        if missing:
            heads, rows = self.store.people(missing, now_ms)
            loaded.heads.update(heads)
            loaded.people.update(rows)

    def _saying(self, message: Message, known: _Known) -> Saying:
        if message.saying is not None:
            return message.saying
        linking = message.names.linking
        star = [one for one in linking if not _is_full(known.pointers[one.key])]
        values: dict[str, str] = {one.key: one.canonical for one in linking}
        adds = assertion(message.event, star or linking[:1])
        return Saying(adds, values, stamp_of(message.event), message.event.name)

    def _read_contested(self, messages: Sequence[Message], known: _Known, now_ms: int) -> None:
        """Reads the heads of devices whose events are not all their holder's, then the claimants."""
        contested = {m.names.linking[0].key for m in messages if m.names.linking and self._is_contested(m, known)}
        pointers = [known.pointers[key] for key in contested]
        profiles = {one.profile for one in pointers if one is not None and one.profile} - known.heads.keys()
        if profiles:
            known.heads.update(self.store.people(profiles, now_ms)[0])
        claimants = {
            claim for m in messages for claim in self._claimants(m, known) if known.pointers.get(claim) is None
        }
        if claimants:
            known.pointers.update(self.store.pointers(claimants, now_ms).pointers)

    def _is_contested(self, message: Message, known: _Known) -> bool:
        best = message.names.linking[0]
        pointer = known.pointers[best.key]
        return (
            best.kind == "device"
            and pointer is not None
            and pointer.link.since > -NEVER
            and not pointer.link.shared
            and stamp_of(message.event)[0] <= pointer.link.since
        )

    def _claimants(self, message: Message, known: _Known) -> Iterator[str]:
        if message.names.linking and self._is_contested(message, known):
            owner = self._owner(message.names.linking[0], stamp_of(message.event), known)
            if isinstance(owner, str):
                yield owner

    def _owner(self, device: Identifier, at: Stamp, known: _Known) -> "str | Anonymous | None":
        head = self._head_of(device.key, known)
        return owner_at(spans(device.key, head.ledger, self.rules, head.members), at)

    def _head_of(self, key: str, known: _Known) -> Head:
        pointer = known.pointers[key]
        assert pointer is not None
        assert pointer.profile is not None
        return known.heads[pointer.profile]

    def _place(self, message: Message, known: _Known) -> Place:
        if message.names.profile is not None:
            # Under the id it was said of, so that it goes back with it should the merge be undone.
            home = own_home(own_profile(message.event) or message.names.profile)
            return Place(message.names.profile, home, home)
        if not message.names.linking:
            # Kept on a profile of its own, which nothing can find again.
            home = identifier_key("event", message.event.message_id, self.pepper)
            return Place(founded_profile(home), home, home)
        best = message.names.linking[0]
        pointer = known.pointers[best.key]
        assert pointer is not None
        assert pointer.profile is not None, "an identifier that was settled has a profile"
        expires = self.rules.namespace(best.namespace).expires if best.kind == "device" else None
        place = Place(pointer.profile, best.key, best.key, pointer.epoch, pointer.epoch, expires)
        if not self._is_contested(message, known) or best.key not in self._head_of(best.key, known).members:
            # A head read after the device has left knows nothing of it; the older epoch will not be taken there.
            return place
        epoch = self._head_of(best.key, known).epoch
        place = replace(place, epoch=epoch, owner_epoch=epoch)
        owner = self._owner(best, stamp_of(message.event), known)
        if isinstance(owner, Anonymous):
            profile = anonymous_profile(best.key, owner.segment)
            return replace(place, profile=profile, layer=f"-{owner.segment}|{best.key}")
        claimant = None if owner is None else known.pointers[owner]
        if claimant is None or claimant.profile is None:
            return place
        return replace(place, profile=claimant.profile, layer=f"{claimant.key}|{best.key}", owner_epoch=claimant.epoch)

    def _keep(self, keys: Iterable[str], known: _Known, now_ms: int) -> None:
        """Puts off expiry, at most once a day for each identifier."""
        due: list[Pointer] = []
        for key in sorted(keys):
            pointer = known.pointers.get(key)
            ttl = pointer_expiry(key, self.rules, now_ms)
            if pointer is not None and ttl is not None and pointer.ttl is not None and pointer.ttl < ttl:
                due.append(replace(pointer, ttl=ttl))
        if not due:
            return
        wanted = {pointer.profile for pointer in due if pointer.profile is not None}
        known.heads.update(self.store.people(wanted - known.heads.keys(), now_ms)[0])
        heads = [known.heads[one] for one in sorted(wanted)]
        mortal = [head for head in heads if head.ttl is not None and head.members]
        self.store.keep(due, [replace(head, ttl=self._latest_expiry(head.members, now_ms)) for head in mortal])

    def _latest_expiry(self, members: Iterable[str], now_ms: int) -> int:
        days = max(self.rules.namespace(namespace_of(key)).expires or 0 for key in members)
        return (now_ms // 86_400_000 + days) * 86_400


def _says_more(event: Event, star: Sequence[Pointer]) -> bool:
    """True when the edges from the first pointer to the others are not all known as the event would make them."""
    if len(star) < 2 or event.type in IDENTIFYING:
        return len(star) > 1
    at = stamp_of(event)
    says = event.trusted + 2 * (event.trusted and event.body.get("verified") is True)
    edges = [pointer.link.edges.get(star[0].key) for pointer in star[1:]]
    return any(edge is None or at < edge[:2] or says & ~edge[2] for edge in edges)


def _keys(message: Message) -> Iterable[str]:
    return message.saying.values if message.saying is not None else [one.key for one in message.names.linking]


def _is_full(pointer: Pointer | None) -> bool:
    """True of a shared identifier that has seen so many people that no more is written down of it (rule R14)."""
    return pointer is not None and pointer.link.shared and len(pointer.link.edges) >= CROSSING_EDGES


def _erasures(keys: Iterable[str], known: _Known) -> Mapping[str, int]:
    """When whoever held an identifier was erased, by its key; most deliveries name nobody of whom that is true."""
    rows = ((key, known.pointers.get(key) or known.stale.get(key)) for key in keys)
    return {key: row.erased_at for key, row in rows if row is not None and row.erased_at is not None}


def _is_erased(message: Message, erasures: Mapping[str, int]) -> bool:
    """True when the event is of a time before somebody it names was erased."""
    if message.saying is not None:
        return False
    at = stamp_of(message.event)[0]
    return any(at <= erasures[key] for key in _keys(message) if key in erasures)


def _clusters(messages: Sequence[Message], news: Sequence[int], known: _Known) -> list[list[int]]:
    """Messages that meet in an identifier or a profile are settled together."""
    root: dict[str, str] = {}

    def find(node: str) -> str:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for n in news:
        first: str | None = None
        for key in _keys(messages[n]):
            pointer = known.pointers.get(key)
            for node in (key, pointer.profile if pointer else None):
                if node is not None:
                    first = first or node
                    root[find(node)] = find(first)
    clusters: dict[str, list[int]] = {}
    for n in news:
        clusters.setdefault(find(next(iter(_keys(messages[n])))), []).append(n)
    return list(clusters.values())
