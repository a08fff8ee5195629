"""What is there after a replay? People, owners of events, links that were refused: sorted, comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.identity.history import History
from functions.identity.ledger import NOTHING, Ledger
from functions.identity.partition import Partition, partition
from functions.identity.records import shown
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
    "clock_suspect": "a clock that is off: the time of receipt is taken, or none corrected",
    "off_plan": "not what the tracking plan says of the event",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One profile of the output."""

    profile: ProfileId
    identifiers: list[dict[str, Any]]
    aka: list[str]
    snapshot: Snapshot | None

    def to_json(self) -> dict[str, Any]:
        """The shape of the output; a profile without an event was seen never."""
        seen = self.snapshot
        return {
            "profile": self.profile,
            "identifiers": self.identifiers,
            "aka": self.aka,
            "traits": dict(seen.traits) if seen else {},
            "first_seen": format_instant(seen.first_seen) if seen else None,
            "last_seen": format_instant(seen.last_seen) if seen else None,
            "events": seen.events if seen else 0,
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
    snapshots = {one.profile: one for one in history.profiles.scan()}
    heads = [head for head in history.identity.heads() if head.into is None]
    keys = {key for head in heads for pair in head.ledger.edges for key in pair} | {k for h in heads for k in h.members}
    found = history.identity.pointers(keys, 0).pointers
    named = {key: shown(pointer) for key, pointer in found.items() if pointer is not None}
    people: list[Person] = []
    for head in heads:
        if head.known:
            identifiers = [
                {"namespace": named[key][0], "value": named[key][1], "soft": member.soft}
                for key, member in head.members.items()
                # A device that was forgotten and came back is listed by its old person until that one changes.
                if (pointer := found[key]) is not None and pointer.profile == head.profile
            ]
            identifiers.sort(key=lambda one: (one["namespace"], one["value"]))
            people.append(Person(head.profile, identifiers, sorted(head.aka), snapshots.get(head.profile)))
    listed = {person.profile for person in people}
    people += [Person(one, [], [], snapshot) for one, snapshot in snapshots.items() if one not in listed]
    ledger = _together([head.ledger for head in heads])
    result = partition(ledger, {key for head in heads for key in head.members}, history.rules)
    return Picture(
        sorted(people, key=_by_first_identifier),
        history.owners(),
        _rejected(result, named),
        [
            {"messageId": ledger.edges[pair].first[1], "code": "limit", "detail": f"{b} of {a}"}
            for pair, reason in result.rejected.items()
            if reason == "limit" and pair in ledger.edges
            for a, b in [[key.partition("#")[0] for key in pair]]
        ],
    )


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
