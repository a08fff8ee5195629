"""Where do identifiers live? Table ``identity``: a pointer per identifier, a head and an audit trail per profile."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.identity.records import (
    AUDIT,
    HEAD,
    POINTER,
    Audit,
    Head,
    Link,
    Pointer,
    audit_key,
    head_key,
    head_of,
    head_row,
    identity_table,
    pointer_key,
    pointer_of,
)
from functions.identity.settlement import PointerChange, Settlement, last_mark
from functions.profiles.api import Person, Profiles, StoredPerson
from functions.shared.errors import TransientError
from functions.shared.names import ProfileId
from functions.shared.rows import ROWS_PER_TRANSACTION, Rows, Write

TOGETHER = 50
"""Profiles a read of heads and people takes: two rows each, 100 at most (TransactGetItems)."""


@dataclass(frozen=True, slots=True)
class ReadPointers:
    """Identifiers as one read found them; None = not there, or expired: ``stale`` has what a write must expect."""

    pointers: Mapping[str, Pointer | None]
    stale: Mapping[str, Pointer]


class IdentityStore:
    """Reads strongly, writes in transactions: of two writers racing, the later must see what the earlier did."""

    def __init__(self, rows: Rows, table_name: str, profiles: Profiles) -> None:
        self._rows = rows
        self._table = identity_table(table_name)
        self._profiles = profiles

    def pointers(self, keys: Collection[str], now_ms: int) -> ReadPointers:
        """Whose the identifiers are; 100 of them a request."""
        rows = self._rows.read([pointer_key(self._table, key) for key in sorted(keys)]) if keys else {}
        found = {key.pk: pointer_of(key.pk, row) for key, row in rows.items()}
        stale = {
            key: pointer
            for key, pointer in found.items()
            if pointer.profile is None or (pointer.ttl is not None and pointer.ttl * 1000 <= now_ms)
        }
        return ReadPointers({key: None if key in stale else found.get(key) for key in keys}, stale)

    def people(
        self, profiles: Collection[ProfileId], now_ms: int
    ) -> tuple[dict[ProfileId, Head], dict[ProfileId, StoredPerson]]:
        """Heads and people as of one instant; who is not there or has expired is empty, with the version to expect."""
        heads: dict[ProfileId, Head] = {}
        people: dict[ProfileId, StoredPerson] = {}
        wanted = sorted(profiles)
        for first in range(0, len(wanted), TOGETHER):
            part = wanted[first : first + TOGETHER]
            keys = [head_key(self._table, one) for one in part] + [self._profiles.key(one) for one in part]
            rows = self._rows.read_together(keys)
            for one in part:
                row = rows.get(head_key(self._table, one))
                head = Head(one) if row is None else head_of(one, row)
                expired = head.ttl is not None and head.ttl * 1000 <= now_ms
                heads[one] = Head(one, head.version) if expired else head
                people[one] = self._profiles.stored(rows.get(self._profiles.key(one)), now_ms)
        return heads, people

    def head(self, profile: ProfileId) -> Head | None:
        """A profile's identifiers; None when there is no such profile."""
        key = head_key(self._table, profile)
        row = self._rows.read([key]).get(key)
        return None if row is None else head_of(profile, row)

    def heads(self) -> Iterator[Head]:
        """Every profile; one pass over the table, for jobs."""
        for key, row in self._rows.scan(self._table, HEAD):
            yield head_of(ProfileId(key.pk[len("p#") :]), row)

    def trail(self, profile: ProfileId) -> Iterator[Audit]:
        """What happened to a profile, oldest first."""
        for _key, row in self._rows.query(self._table, f"p#{profile}", f"{AUDIT}#"):
            yield row["content"]

    def commit(self, settled: Settlement) -> bool:
        """Writes a settlement; False when a row is no longer as it was read."""
        writes = [self._pointer(change) for change in settled.pointer_changes]
        writes += [
            Write(pointer_key(self._table, key), {}, None if one is None else {"epoch": one.epoch})
            for key, one in sorted(settled.checks.items())
        ]
        writes += [
            Write(
                head_key(self._table, head.profile), head_row(head), {"version": head.version} if head.version else None
            )
            for head in settled.head_changes
        ]
        writes += [
            self._profiles.write(profile, change.seen, change.after, change.into, change.ttl)
            for profile, change in sorted(settled.people.items())
        ]
        writes += [
            Write(audit_key(self._table, profile, audit), {"version": 1, "content": audit}, {})
            for profile, audit in settled.audits
        ]
        return not any(write.sets for write in writes) or self._rows.commit(writes)

    def keep(self, pointers: Iterable[Pointer], heads: Iterable[Head]) -> None:
        """Puts off the expiry of identifiers and profiles that were seen, once a day each; of those that have moved
        meanwhile, with the next event: a profile that gave way and an identifier that was erased never expire."""
        writes = [
            Write(pointer_key(self._table, one.key), {"ttl": one.ttl}, {"profile": one.profile}) for one in pointers
        ]
        writes += [Write(head_key(self._table, one.profile), {"ttl": one.ttl}, {"epoch": one.epoch}) for one in heads]
        for first in range(0, len(writes), ROWS_PER_TRANSACTION):
            self._rows.commit(writes[first : first + ROWS_PER_TRANSACTION])

    def condemn(self, profile: ProfileId, now_ms: int) -> StoredPerson:
        """Makes a person nobody to everybody who looks, before anything of them goes, and answers their row: what was
        seen of them before can be written nowhere any more (``Profiles.unchanged``)."""
        person = self.people([profile], now_ms)[1][profile]
        if person.person.erased or not person.person.layers:
            return person
        after = replace(person.person, erased=True)
        if not self._rows.commit([self._profiles.write(profile, person, after, None)]):
            raise TransientError("the person changed while being erased")
        return StoredPerson(person.version + 1, after)

    def bury(self, head: Head, person: StoredPerson, at_ms: int, now_ms: int) -> bool:
        """Erases a person and every identifier but for what keeps late events out: tombstones of the identifiers, and
        for two weeks a person's row with nothing but what has left. False when head or person is no longer as read."""
        left = Person(elsewhere=dict.fromkeys(head.members, head.epoch + 1), erased=True)
        writes = [
            Write(
                pointer_key(self._table, key),
                {"profile": None, "value": None, "ttl": None, "epoch": head.epoch + 1, "content": (Link(), at_ms)},
                {"profile": head.profile},
            )
            for key in sorted(head.members)
        ]
        writes.append(Write(head_key(self._table, head.profile), None, {"version": head.version}))
        writes.append(self._profiles.write(head.profile, person, left, None, last_mark(now_ms)))
        return self._rows.commit(writes)

    def carry_over(self, to: "IdentityStore") -> None:
        """Brings to other tables what no event tells: which identifiers were erased, and the keys of the archive."""
        pointers = (pointer_of(key.pk, row) for key, row in self._rows.scan(self._table, POINTER))
        graves = {pointer.key: pointer for pointer in pointers if pointer.erased_at is not None}
        read = to.pointers(graves, 0)
        for key, grave in graves.items():
            found = read.pointers[key] or read.stale.get(key)
            if found is None:
                change = PointerChange(replace(grave, profile=None, link=Link()), None, None)
            else:
                change = PointerChange(replace(found, erased_at=grave.erased_at), found.profile, found.epoch)
            to._rows.commit([to._pointer(change)])
        self._profiles.carry_keys(to._profiles)

    def forget_trail(self, profile: ProfileId) -> None:
        """Deletes a profile's audit trail."""
        keys = [key for key, _row in self._rows.query(self._table, f"p#{profile}", f"{AUDIT}#")]
        for first in range(0, len(keys), ROWS_PER_TRANSACTION):
            if not self._rows.commit([Write(key, None, {}) for key in keys[first : first + ROWS_PER_TRANSACTION]]):
                raise TransientError("a trail changed while it was being erased")

    def bury_forward(self, profile: ProfileId, now_ms: int) -> bool:
        """Erases a profile that was merged away, as ``bury`` does; False when its row is no longer as read."""
        person = self.people([profile], now_ms)[1][profile]
        writes = [
            Write(head_key(self._table, profile), None, {}),
            self._profiles.write(profile, person, Person(erased=True), None, last_mark(now_ms)),
        ]
        return self._rows.commit(writes)

    def _pointer(self, change: PointerChange) -> Write:
        after = change.after
        sets: dict[str, Any] = {
            "profile": after.profile,
            "epoch": after.epoch,
            "content": (after.link, after.erased_at),
        }
        if after.value:
            sets |= {"value": after.value, "ttl": after.ttl}
        expects: dict[str, Any] | None = None
        if change.expects is not None or change.epoch is not None:
            expects = {"profile": change.expects}
            if change.epoch is not None:
                expects["epoch"] = change.epoch
        return Write(pointer_key(self._table, after.key), sets, expects)
