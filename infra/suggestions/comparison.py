"""How alike are two people, attribute by attribute? A level each, from the same to different, and its words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import ratio, token_set_ratio

from infra.suggestions.people import Person

SAME = 0
ALIKE = 0.92
LOOSELY_ALIKE = 0.85
# A spelling that so many rows hold is a name of its own: Jayden is no misspelt Hayden.
ESTABLISHED = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One attribute of two people: ``level`` 0 is the same, the last is different; ``shared`` is the value if same."""

    level: int
    shared: str = ""
    why: str = ""


# Findings in the order of ATTRIBUTES; None where one of the two does not say.
Comparison = tuple[Finding | None, ...]

DIFFERENT_NAME, DIFFERENT_BIRTH, DIFFERENT_ID, DIFFERENT_EMAIL = (Finding(level) for level in (3, 2, 2, 2))
DIFFERENT_PHONE, DIFFERENT_STREET, DIFFERENT_PLACE = (Finding(level) for level in (1, 2, 3))


class Comparer:
    """Compares people of one run, knowing which names are common in it."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._given: Mapping[str, int] = Counter(person.given for person in people)
        self._surname: Mapping[str, int] = Counter(person.surname for person in people)

    def compare(self, a: Person, b: Person) -> Comparison:
        """The findings; the same whichever comes first."""
        given, surname = self._names(a, b)
        return (
            given,
            surname,
            _birth(a.birth, b.birth),
            _national_id(a.national_id, b.national_id),
            _email(a, b),
            _phone(a.phone, b.phone),
            _street(a, b),
            _place(a, b),
        )

    def _names(self, a: Person, b: Person) -> tuple[Finding | None, Finding | None]:
        given = self._name("given name", a.given, b.given, self._given)
        surname = self._name("surname", a.surname, b.surname, self._surname)
        if given and given.level == SAME and self._surname[a.given] > self._given[a.given]:
            # Both rows have their names swapped: what they share is the surname.
            return self._name("given name", a.surname, b.surname, self._given), Finding(SAME, a.given, "same surname")
        if (given is None or given.level >= 2) and (surname is None or surname.level >= 2):
            if a.given and a.surname and (a.given, a.surname) == (b.surname, b.given):
                return Finding(SAME, min(a.given, b.given), "given name and surname swapped"), Finding(1)
            crossed = likeness(*sorted((a.given, b.surname))), likeness(*sorted((a.surname, b.given)))
            if min(crossed) >= ALIKE:
                return Finding(1, why="given name and surname swapped"), Finding(1)
        return given, surname

    def _name(self, what: str, one: str, other: str, counts: Mapping[str, int]) -> Finding | None:
        if not one or not other:
            return None
        if one == other:
            return Finding(SAME, one, f"same {what}")
        alike = likeness(*sorted((one, other)))
        if alike >= ALIKE and min(counts[one], counts[other]) < ESTABLISHED:
            return Finding(1, why=f"{what} alike ({alike:.2f})")
        if alike >= LOOSELY_ALIKE or (min(len(one), len(other)) == 1 and one[0] == other[0]):
            return Finding(2, why=f"{what} somewhat alike ({alike:.2f})")
        return DIFFERENT_NAME


@lru_cache(maxsize=1 << 18)
def likeness(one: str, other: str) -> float:
    """0..1: Jaro-Winkler, which trusts beginnings, or one slip in five letters, which may be the first.

    Pass the two sorted: Jaro pairs letters greedily, and may answer otherwise the other way round.
    """
    if not one or not other:
        return 0.0
    slips: float = OSA.distance(one, other, score_cutoff=1)
    slip = 0.92 if slips == 1 and min(len(one), len(other)) >= 5 else 0.0
    return max(JaroWinkler.similarity(one, other), slip)


def _birth(one: str, other: str) -> Finding | None:
    if not one or not other:
        return None
    if one == other:
        return Finding(SAME, one, "same date of birth")
    if one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]:
        return Finding(1, why="date of birth with day and month swapped")
    return Finding(1, why="date of birth one slip apart") if _one_slip(one, other) else DIFFERENT_BIRTH


def _national_id(one: str, other: str) -> Finding | None:
    if not one or not other:
        return None
    if one == other:
        return Finding(SAME, one, "same national id")
    slip = min(len(one), len(other)) >= 6 and _one_slip(one, other)
    return Finding(1, why="national id one slip apart") if slip else DIFFERENT_ID


def _email(a: Person, b: Person) -> Finding | None:
    if not a.email or not b.email:
        return None
    if a.email == b.email:
        return Finding(SAME, a.email, "same e-mail address")
    if a.loose_email == b.loose_email:
        return Finding(1, why="same mailbox, its address written differently")
    slip = min(len(a.email), len(b.email)) >= 12 and _one_slip(a.email, b.email)
    return Finding(1, why="e-mail address one slip apart") if slip else DIFFERENT_EMAIL


def _phone(one: str, other: str) -> Finding | None:
    if not one or not other:
        return None
    # One may be written without its area code.
    same = one.endswith(other) or other.endswith(one)
    return Finding(SAME, one[-7:], "same phone number") if same else DIFFERENT_PHONE


def _street(a: Person, b: Person) -> Finding | None:
    if not a.street or not b.street:
        return None
    alike = _lines_alike(*sorted((a.street, b.street)))
    same_number = bool(a.number) and a.number == b.number
    if same_number and alike >= 0.9:
        return Finding(SAME, f"{a.number} {min(a.street, b.street)}", "same address" if alike == 1 else "address alike")
    if alike >= 0.9:
        return Finding(1, why="same street" if alike == 1 else "street alike")
    return Finding(1, why="address somewhat alike") if same_number and alike >= 0.75 else DIFFERENT_STREET


@lru_cache(maxsize=1 << 18)
def _lines_alike(one: str, other: str) -> float:
    words = token_set_ratio(one, other)
    return max(words, ratio(one.replace(" ", ""), other.replace(" ", ""))) / 100


def _place(a: Person, b: Person) -> Finding | None:
    if not ((a.postcode and b.postcode) or (a.suburb and b.suburb) or (a.state and b.state)):
        return None
    abroad = bool(a.country and b.country) and a.country != b.country
    postcode = bool(a.postcode) and a.postcode == b.postcode and not abroad
    suburb = bool(a.suburb and b.suburb) and likeness(*sorted((a.suburb, b.suburb))) >= ALIKE and not abroad
    words = " and ".join(["same postcode"] * postcode + ["suburb alike"] * suburb)
    if postcode and suburb:
        return Finding(SAME, a.postcode, words)
    if postcode or suburb:
        return Finding(1, why=words)
    return Finding(2, why="same state") if a.state and a.state == b.state and not abroad else DIFFERENT_PLACE


def _one_slip(one: str, other: str) -> bool:
    """One character inserted, left out, changed, or two neighbours in the wrong order."""
    return OSA.distance(one, other, score_cutoff=1) == 1
