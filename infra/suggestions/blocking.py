"""Which pairs are worth comparing? Those that share a key; a key that too many share is narrowed, and reported."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

import jellyfish

from infra.suggestions.people import Person

# Pairs in the largest block compared in full: 100 people of one file. A key that more people share says little.
LARGEST_BLOCK = 5_000

# Positions of two people in their files (or both in the one file, the lower first).
Pair = tuple[int, int]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crowded:
    """Keys of one kind that too many people share: how many keys, and the people who share the commonest."""

    kind: str
    keys: int
    people: int


@cache
def sound(name: str) -> str:
    """How a name sounds (Soundex); its first letters where Soundex knows no sound."""
    return jellyfish.soundex(name) if name.isascii() and name.isalpha() else name[:4]


def keys(person: Person) -> Iterator[Key]:
    """The blocks a person stands in; the first word is the kind."""
    given, surname = sound(person.given), sound(person.surname)
    proposed: tuple[Key, ...] = (
        ("postcode and surname", person.postcode, surname),
        ("e-mail", person.loose_email),
        ("phone and initial", person.phone[-7:], person.given[:1]),
        ("date of birth and surname", person.birth, surname),
        # What still brings people together after a marriage, a move, or names swapped.
        ("date of birth and given name", person.birth, given),
        ("national id", person.national_id),
        ("names in either order", *sorted((given, surname))),
        ("address and given name", person.number, person.street[:5], given),
    )
    return (key for key in proposed if all(key))


# What people of a crowded block must share as well, any one of these.
NARROWER: tuple[Callable[[Person], Key], ...] = (
    lambda person: (person.birth, person.given[:1]),
    lambda person: (person.number, person.street, person.given[:1]),
    lambda person: (person.postcode, person.given, person.surname),
)


def candidates(left: Sequence[Person], right: Sequence[Person] | None) -> tuple[list[Pair], list[Crowded]]:
    """Pairs within ``left``, or across both, that share a block and do not hold two customer ids; sorted."""
    lefts, rights = _blocks(left, keys), None if right is None else _blocks(right, keys)
    found: set[Pair] = set()
    crowds: defaultdict[str, list[int]] = defaultdict(list)
    for key, here in lefts.items():
        there = None if rights is None else rights.get(key, [])
        if possible(len(here), None if there is None else len(there)) <= LARGEST_BLOCK:
            found.update(_pairs(here, there))
            continue
        crowds[key[0]].append(len(here) + len(there or ()))
        found.update(_narrowed(left, here, right, there))
    others = left if right is None else right
    kept = sorted(pair for pair in found if not _two_customers(left[pair[0]], others[pair[1]]))
    return kept, [Crowded(kind, len(sizes), max(sizes)) for kind, sizes in sorted(crowds.items())]


def possible(left: int, right: int | None) -> int:
    """How many pairs so many people make, in one file or across two."""
    return left * (left - 1) // 2 if right is None else left * right


def _blocks(people: Sequence[Person], keys_of: Callable[[Person], Iterator[Key]]) -> dict[Key, list[int]]:
    blocks: defaultdict[Key, list[int]] = defaultdict(list)
    for position, person in enumerate(people):
        for key in keys_of(person):
            blocks[key].append(position)
    return blocks


def _narrowed(
    left: Sequence[Person], here: list[int], right: Sequence[Person] | None, there: list[int] | None
) -> Iterator[Pair]:
    for narrower in NARROWER:
        lefts = _parts(left, here, narrower)
        rights = None if right is None or there is None else _parts(right, there, narrower)
        for key, part in lefts.items():
            counterpart = None if rights is None else rights.get(key, [])
            if possible(len(part), None if counterpart is None else len(counterpart)) <= LARGEST_BLOCK:
                yield from _pairs(part, counterpart)


def _parts(people: Sequence[Person], block: list[int], narrower: Callable[[Person], Key]) -> dict[Key, list[int]]:
    parts: defaultdict[Key, list[int]] = defaultdict(list)
    for position in block:
        key = narrower(people[position])
        if all(key):
            parts[key].append(position)
    return parts


def _pairs(here: list[int], there: list[int] | None) -> Iterator[Pair]:
    return combinations(here, 2) if there is None else product(here, there)


def _two_customers(a: Person, b: Person) -> bool:
    return bool(a.customer_id and b.customer_id and a.customer_id != b.customer_id)
