"""What is there after a replay? People, owners of events, links that were refused: sorted, comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.identity.history import History
from functions.identity.ledger import NOTHING, Ledger
from functions.identity.partition import Partition, partition
from functions.identity.records import Head, Pointer, shown
from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant
from functions.shared.names import ProfileId

WARNINGS: Mapping[str, str] = {
    "self_contradiction": "more values of a namespace than one person may have: none of them links",
    "blocked_value": "a value that names nobody",
    "limit": "an identifier beyond what one person may have joins nobody",
    "too_many_identifiers": "more than eight identifiers: the worst do not link",
    "non_linking": "the mailbox of a role: it can be written to, and links nobody",
    "unparseable": "a value that cannot be an identifier of its namespace",
    "conflicting_body": "another content under a known message id: the first is kept",
    "past_retention": "older than the timeline keeps when it came: it may link, and is not recorded",
    "clock_suspect": "a clock that is off: the time of receipt is taken, or none corrected",
    "off_plan": "not what the tracking plan says of the event",
    "unknown_topic": "a topic that policy.yaml does not name: kept, and no message asks for it",
    "unknown_audience": "no list of policy.yaml: kept, and nobody is looked up by it",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One profile of the output. ``keys`` = those of its identifiers."""

    profile: ProfileId
    keys: frozenset[str]
    identifiers: list[dict[str, Any]]
    aka: list[str]
    snapshot: Snapshot | None

    def to_json(self) -> dict[str, Any]:
        """The shape of the output; a profile without an event was seen never. ``scores`` and ``lists`` where there are
        any."""
        seen = self.snapshot
        said: Mapping[str, Any] = {"scores": dict(seen.scores), "lists": sorted(seen.lists)} if seen else {}
        return {
            "profile": self.profile,
            "identifiers": self.identifiers,
            "aka": self.aka,
            "traits": dict(seen.traits) if seen else {},
            "first_seen": format_instant(seen.first_seen) if seen else None,
            "last_seen": format_instant(seen.last_seen) if seen else None,
            "events": seen.events if seen else 0,
            **{name: value for name, value in said.items() if value},
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """People, the owner of every kept event, refused links, and warnings that only the end can tell."""

    people: list[Person]
    owners: Mapping[str, ProfileId]
    rejected: list[dict[str, str]]
    limits: list[dict[str, str]] = field(default_factory=list)


def picture(history: History) -> Picture:
    """Reads everything; two worlds with the same people give the same bytes."""
    heads, found = _heads(history)
    named = {key: shown(pointer) for key, pointer in found.items() if pointer is not None}
    ledger = _together([head.ledger for head in heads])
    result = partition(ledger, {key for head in heads for key in head.members}, history.rules)
    return Picture(
        _people(history, heads, found),
        history.owners(),
        _rejected(result, named),
        [
            {"messageId": ledger.edges[pair].first[1], "code": "limit", "detail": f"{b} of {a}"}
            for pair, reason in result.rejected.items()
            if reason == "limit" and pair in ledger.edges
            for a, b in [[key.partition("#")[0] for key in pair]]
        ],
    )


def people(history: History) -> list[Person]:
    """Who there is, by first identifier; without asking whose each event is, which takes a query for each of them."""
    return _people(history, *_heads(history))


def _heads(history: History) -> tuple[list[Head], Mapping[str, Pointer | None]]:
    heads = [head for head in history.identity.heads() if head.into is None]
    keys = {key for head in heads for pair in head.ledger.edges for key in pair} | {k for h in heads for k in h.members}
    return heads, history.identity.pointers(keys, 0).pointers


def _people(history: History, heads: Sequence[Head], found: Mapping[str, Pointer | None]) -> list[Person]:
    snapshots = {one.profile: one for one in history.profiles.scan()}
    known: list[Person] = []
    for head in heads:
        if head.known:
            # A device that was forgotten and came back is listed by its old person until that one changes.
            mine = {
                key: (shown(pointer), member.soft)
                for key, member in head.members.items()
                if (pointer := found[key]) is not None and pointer.profile == head.profile
            }
            identifiers = [{"namespace": name, "value": value, "soft": soft} for (name, value), soft in mine.values()]
            identifiers.sort(key=lambda one: (one["namespace"], one["value"]))
            snapshot = snapshots.get(head.profile)
            known.append(Person(head.profile, frozenset(mine), identifiers, sorted(head.aka), snapshot))
    listed = {person.profile for person in known}
    known += [Person(one, frozenset(), [], [], snapshot) for one, snapshot in snapshots.items() if one not in listed]
    return sorted(known, key=_by_first_identifier)


def _together(ledgers: Sequence[Ledger]) -> Ledger:
    """One ledger of all; halves first, for each joining copies both."""
    if len(ledgers) <= 1:
        return ledgers[0] if ledgers else NOTHING
    half = len(ledgers) // 2
    return _together(ledgers[:half]).joined(_together(ledgers[half:]))


def _by_first_identifier(person: Person) -> tuple[bool, str, str, str]:
    first = person.identifiers[0] if person.identifiers else {"namespace": "", "value": ""}
    return (not person.identifiers, first["namespace"], first["value"], person.profile)


def _rejected(result: Partition, named: Mapping[str, tuple[str, str]]) -> list[dict[str, str]]:
    lines = [
        {"a": ":".join(named[a]), "b": ":".join(named[b]), "reason": reason}
        for (a, b), reason in result.rejected.items()
        if a in named and b in named
    ]
    return sorted(lines, key=lambda one: (one["a"], one["b"], one["reason"]))
