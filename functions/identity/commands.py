"""What may an operator do about who is who? Link, cut, clear; undo a merge; erase a person."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from functions.identity.archive import Archive
from functions.identity.attribution import Anonymous, owner_at, spans
from functions.identity.claims import Claims
from functions.identity.ledger import Ledger, milliseconds, register, stamp_of
from functions.identity.naming import Named
from functions.identity.records import Head, Pointer
from functions.identity.resolve import Message, Resolver
from functions.identity.settlement import Saying
from functions.identity.sqs import Listeners
from functions.identity.store import IdentityStore
from functions.profiles.api import Profiles, home_of
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId


@dataclass(frozen=True, slots=True)
class Operator:
    """Does what cannot be told in any order. Without ``claims`` no event was too large to travel, without ``archive``
    none was archived."""

    identity: IdentityStore
    profiles: Profiles
    listeners: Listeners
    resolver: Resolver
    claims: Claims | None = None
    archive: Archive | None = None

    def do(self, message: Message) -> None:
        """Raises ``TransientError`` when it must be tried again; doing it twice is doing it once."""
        if message.saying is None:
            return
        ends = list(message.saying.values)
        if message.event.body["command"] == "erase":
            for key in ends[:1]:
                self._erase(key, message)
        elif len(ends) == 2:
            self._unmerge(ends, message)

    def _unmerge(self, ends: Sequence[str], message: Message) -> None:
        """Cuts the two sides of the merge that joined the identifiers: by their best identifiers, and wherever somebody
        had linked one side to the other (rule R24)."""
        assert message.saying is not None
        now_ms = milliseconds(message.event.received_at)
        found = self.identity.pointers(ends, now_ms).pointers
        adds, values = Ledger(), dict(message.saying.values)
        for one, other in self._crossing(ends, found):
            adds = adds.joined(register(message.saying.at, "cut", one, other))
            values = {one: "", other: "", **values}
        saying = Saying(adds, values, message.saying.at, "unmerge", seen=False)
        resolution = self.resolver.resolve([Message(message.record, message.event, Named(()), saying)])
        if resolution.stuck:
            raise TransientError("the merge cannot be undone now")

    def _crossing(self, ends: Sequence[str], found: Mapping[str, Pointer | None]) -> list[tuple[str, str]]:
        """Pairs of identifiers, one of each side."""
        one, other = ends
        pointer = found.get(one)
        head = self.identity.head(pointer.profile) if pointer and pointer.profile else None
        if head is None or other not in head.members:
            return [(one, other)]
        for profile in (head.profile, *sorted(head.aka)):
            for audit in reversed(list(self.identity.trail(profile))):
                brought = {key for key, before, _after in audit.moves if before in audit.merged}
                if audit.merged and (one in brought) != (other in brought):
                    return self._pairs(head, head.members.keys() - brought, head.members.keys() & brought)
        return [(one, other)]

    def _pairs(self, head: Head, here: Collection[str], there: Collection[str]) -> list[tuple[str, str]]:
        rank = self.resolver.rules.rank
        best = [min(side, key=lambda key: (rank(key), key)) for side in (here, there)]
        linked = [pair for pair, said in head.ledger.registers.items() if said.verdict == "link"]
        crossing = [
            pair for pair in linked if (pair[0] in here and pair[1] in there) or (pair[1] in here and pair[0] in there)
        ]
        return [(best[0], best[1]), *crossing]

    def _erase(self, key: str, message: Message) -> None:
        """Forgets a person: from the first write on they are nobody to whoever looks; then those hear of it who send,
        keep consent and keep memberships; then go events with their keys, and trails, at last the person and all
        identifiers at once (rule R25). Without its keys nothing of it can be read in the archive.

        A crash in between leaves the identifiers, so that the command, delivered again, finds the person again.
        """
        at_ms = milliseconds(message.event.timestamp)
        now_ms = milliseconds(message.event.received_at)
        read = self.identity.pointers([key], now_ms)
        pointer = read.pointers[key]
        if pointer is None or pointer.profile is None:
            return
        head = self.identity.head(pointer.profile)
        if head is None:
            return
        ids = [head.profile, *sorted(head.aka)]
        # As it is before anything of it goes: an event recorded meanwhile must not outlive it.
        person = self.identity.condemn(head.profile, now_ms)
        self.listeners.tell_erased(
            {
                "profile": head.profile,
                "aka": ids[1:],
                "contacts": sorted(head.members),
                "at": format_instant(message.event.timestamp),
                "messageId": message.event.message_id,
            }
        )
        self._erase_events(head, ids)
        for profile in ids:
            self.identity.forget_trail(profile)
        buried = [self.identity.bury_forward(profile, now_ms) for profile in ids[1:]]
        if not (all(buried) and self.identity.bury(head, person, at_ms, now_ms)):
            raise TransientError("the person changed while being erased")

    def _erase_events(self, head: Head, ids: Sequence[ProfileId]) -> None:
        homes = {home_of(layer) for profile in ids for layer in self.profiles.layers(profile)} | head.members.keys()
        for home in sorted(homes):
            stays = self._keeps(home, head)
            kept = self.profiles.erase_timeline(home, stays, self._forget)
            if kept and self.archive is not None:
                # Before the person is gone: who dies here finds them again, and archives them under yet another key.
                self.archive.keep_again(home, kept, self.profiles)

    def _forget(self, event: Event) -> None:
        if self.claims is not None:
            self.claims.forget([event])

    def _keeps(self, home: str, head: Head) -> Callable[[Event], bool]:
        """Which events of a device stay, for they are somebody else's."""
        if self.resolver.rules.kind(home) != "device":
            return lambda event: False
        holder = head if home in head.members else self._holder(home)
        if holder is None:
            return lambda event: False
        lines = spans(home, holder.ledger, self.resolver.rules, holder.members)

        def stays(event: Event) -> bool:
            owner = owner_at(lines, stamp_of(event))
            mine = owner in head.members if isinstance(owner, str) else holder is head
            return not mine or isinstance(owner, Anonymous)

        return stays

    def _holder(self, device: str) -> Head | None:
        pointer = self.identity.pointers([device], 0).pointers[device]
        return self.identity.head(pointer.profile) if pointer and pointer.profile else None
