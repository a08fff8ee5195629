"""Are these the same people? By their identifiers; ids of profiles may differ, for who met first may differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.shared.clock import format_instant
from infra.local.replay.picture import Person

KINDS = ("only_live", "only_rebuilt", "other_identifiers", "other_traits", "other_counts")


@dataclass(slots=True)
class Difference:
    """Two sets of people held against each other; each kind lists who differs in it, as JSON."""

    live: int
    rebuilt: int
    only_live: list[dict[str, Any]] = field(default_factory=list)
    only_rebuilt: list[dict[str, Any]] = field(default_factory=list)
    other_identifiers: list[dict[str, Any]] = field(default_factory=list)
    other_traits: list[dict[str, Any]] = field(default_factory=list)
    other_counts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """True when nobody differs in anything."""
        return not any(getattr(self, kind) for kind in KINDS)

    def to_json(self) -> dict[str, Any]:
        """The public shape."""
        return {
            "people": {"live": self.live, "rebuilt": self.rebuilt},
            "equal": self.equal,
            **{kind: getattr(self, kind) for kind in KINDS},
        }


def difference(live: Sequence[Person], rebuilt: Sequence[Person]) -> Difference:
    """Pairs people by all their identifiers, then by most of them; who has none, by id."""
    found = Difference(len(live), len(rebuilt))
    pairs, alone_live, alone_rebuilt = _pairs(live, rebuilt)
    found.only_live = [_named(one) for one in alone_live]
    found.only_rebuilt = [_named(one) for one in alone_rebuilt]
    for one, other in pairs:
        for listed, told in (
            (found.other_identifiers, _identifiers),
            (found.other_traits, _traits),
            (found.other_counts, _counts),
        ):
            was, would = told(one), told(other)
            names = sorted(name for name in was.keys() | would.keys() if was.get(name) != would.get(name))
            if names:
                sides = {"live": {n: was.get(n) for n in names}, "rebuilt": {n: would.get(n) for n in names}}
                listed.append({**_named(one), **sides})
    return found


def _pairs(
    live: Sequence[Person], rebuilt: Sequence[Person]
) -> tuple[list[tuple[Person, Person]], list[Person], list[Person]]:
    mine = {_exact(one): one for one in rebuilt}
    pairs = [(one, mine.pop(_exact(one))) for one in live if _exact(one) in mine]
    paired = {id(one) for one, _ in pairs}
    alone = [one for one in live if id(one) not in paired]
    holders = {key: other for other in mine.values() for key in other.keys}
    left: list[Person] = []
    for one in alone:
        shared = _most_shared(one, holders)
        if shared is None:
            left.append(one)
            continue
        pairs.append((one, shared))
        mine.pop(_exact(shared))
        for key in shared.keys:
            holders.pop(key, None)
    return pairs, left, list(mine.values())


def _exact(person: Person) -> frozenset[str]:
    return person.keys or frozenset({f"p#{person.profile}"})


def _most_shared(person: Person, holders: Mapping[str, Person]) -> Person | None:
    found = [holders[key] for key in sorted(person.keys) if key in holders]
    return max(found, key=lambda other: len(person.keys & other.keys), default=None)


def _named(person: Person) -> dict[str, Any]:
    return {"identifiers": _texts(person.identifiers) or [f"profile:{person.profile}"]}


def _texts(identifiers: Iterable[Mapping[str, Any]]) -> list[str]:
    return [f"{one['namespace']}:{one['value']}" for one in identifiers]


def _identifiers(person: Person) -> dict[str, Any]:
    return {f"{one['namespace']}:{one['value']}": {"soft": one["soft"]} for one in person.identifiers}


def _traits(person: Person) -> dict[str, Any]:
    seen = person.snapshot
    if seen is None:
        return {}
    addresses = {f"addresses.{channel}": [one.address for one in many] for channel, many in seen.contacts.items()}
    return {**{f"traits.{name}": value for name, value in seen.traits.items()}, **addresses}


def _counts(person: Person) -> dict[str, Any]:
    seen = person.snapshot
    if seen is None:
        return {}
    edges = {"first_seen": format_instant(seen.first_seen), "last_seen": format_instant(seen.last_seen)}
    return {"events": seen.events, **edges, **{f"count of {name}": one.count for name, one in seen.series.items()}}
