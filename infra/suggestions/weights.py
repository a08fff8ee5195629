"""How probable is it that two people are one? Fellegi-Sunter with a third answer: two people of one household.

Every pair is one person, two people of one household, or two strangers. The classical model (Fellegi & Sunter 1969)
knows the first and the last only, and welds twins: surname, address and birth agree beyond any chance among strangers.
Among relatives they agree often, so what a household shares speaks for nobody in it.

- strangers: how often a value is shared by chance, from how common it is in the files (a common surname counts less),
  and how often two people drawn at random are merely alike.
- household: what it shares (surname, address) as one person's rows share it, the rest fixed below; nothing in the
  files says who lives together.
- one person: estimated from the candidates without labels by expectation-maximisation (Winkler 1988), held near the
  values below by ``HELD`` imaginary pairs, so that small files rest on them.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from infra.suggestions.comparison import SAME, Comparer, Comparison
from infra.suggestions.people import Person

# The levels of a comparison, -1 where one of the two does not say.
Pattern = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """Probabilities of each level, same first, given what the pair is. ``household`` None: as one person's."""

    name: str
    one_person: tuple[float, ...]
    household: tuple[float, ...] | None
    strangers: tuple[float, ...]


ATTRIBUTES = (
    # Father and son of one name are rare, but they exist; so do Maria and Marie.
    Attribute("given name", (0.80, 0.12, 0.04, 0.04), (0.01, 0.05, 0.07, 0.87), (0.005, 0.01, 0.03, 0.955)),
    Attribute("surname", (0.80, 0.12, 0.03, 0.05), None, (0.001, 0.002, 0.01, 0.987)),
    # 4 in 100: twins are far fewer, but to take twins for one person is the mistake that hurts.
    Attribute("date of birth", (0.88, 0.08, 0.04), (0.04, 0.01, 0.95), (0.00005, 0.001, 0.99895)),
    # One slip: ids given out in sequence, to twins on one day.
    Attribute("national id", (0.85, 0.10, 0.05), (0.001, 0.01, 0.989), (0.0000001, 0.00001, 0.9999899)),
    Attribute("e-mail", (0.60, 0.10, 0.30), (0.30, 0.05, 0.65), (0.000001, 0.00001, 0.999989)),
    Attribute("phone", (0.65, 0.35), (0.25, 0.75), (0.000001, 0.999999)),
    Attribute("street", (0.70, 0.15, 0.15), None, (0.00005, 0.005, 0.99495)),
    Attribute("place", (0.70, 0.20, 0.03, 0.07), None, (0.002, 0.008, 0.2, 0.79)),
)
HELD = 100
DRAWS = 40_000
ROUNDS = 30
# No more of the pairs than this are one person, or one household, however small the files.
MOST = 0.1


class Weights:
    """Knows how common values are in these people; scores candidates."""

    def __init__(self, people: Sequence[Person], comparer: Comparer) -> None:
        self._people = len(people)
        self._counts = [
            Counter(value for person in people if (value := value_of(person)))
            for value_of in (
                lambda person: person.given,
                lambda person: person.surname,
                lambda person: person.birth,
                lambda person: person.national_id,
                lambda person: person.email,
                lambda person: person.phone[-7:],
                lambda person: f"{person.number} {person.street}",
                lambda person: person.postcode,
            )
        ]
        self._strangers = _drawn(people, comparer)

    def scores(self, comparisons: Sequence[Comparison], possible: int) -> list[float]:
        """0..1 for each: the probability that it is one person. ``possible`` counts all pairs, candidates or not."""
        patterns = [tuple(finding.level if finding else -1 for finding in one) for one in comparisons]
        chances = [self._by_chance(one) for one in comparisons]
        common = [self._commoner(one) for one in comparisons]
        rates = [attribute.one_person for attribute in ATTRIBUTES]
        persons = homes = min(MOST, self._people / 10 / possible)
        scores: list[float] = []
        for _ in range(ROUNDS):
            at_home = [attribute.household or rate for attribute, rate in zip(ATTRIBUTES, rates, strict=True)]
            likelihood = {one: (_likelihood(one, rates), _likelihood(one, at_home)) for one in set(patterns)}
            expected: defaultdict[Pattern, float] = defaultdict(float)
            scores, related = [], 0.0
            for pattern, chance, commoner in zip(patterns, chances, common, strict=True):
                if_person, if_home = likelihood[pattern]
                person, home = persons * if_person, homes * if_home * commoner
                everything = person + home + (1 - persons - homes) * chance
                scores.append(person / everything)
                related += home / everything
                expected[pattern] += person / everything
            rates = _held(expected)
            found = sum(scores)
            persons = min(MOST, (found + 0.1) / (possible + 1))
            # Never fewer households than people found twice: a file that shows no family may hold one all the same.
            homes = min(MOST, (max(related, found) + 0.1) / (possible + 1))
        return scores

    def _chance_shared(self, attribute: int, value: str) -> float:
        """How often a stranger holds this value too; the pair's own two do not count, and one unseen does."""
        others = max(self._counts[attribute][value] - 2, 0)
        return (others + 1) / (self._people + 1 / ATTRIBUTES[attribute].strangers[SAME])

    def _by_chance(self, comparison: Comparison) -> float:
        return prod(
            self._chance_shared(attribute, finding.shared)
            if finding.level == SAME
            else self._strangers[attribute][finding.level]
            for attribute, finding in enumerate(comparison)
            if finding
        )

    def _commoner(self, comparison: Comparison) -> float:
        """By how much relatives share this pair's values more often than relatives do: two Johns in one house."""
        return prod(
            max(1.0, self._chance_shared(attribute, finding.shared) / household[SAME])
            for attribute, finding in enumerate(comparison)
            if finding and finding.level == SAME and (household := ATTRIBUTES[attribute].household)
        )


def _drawn(people: Sequence[Person], comparer: Comparer) -> list[tuple[float, ...]]:
    """The levels of strangers, from pairs drawn at random (always the same), held near the documented ones."""
    counts = [[1000 * rate for rate in attribute.strangers] for attribute in ATTRIBUTES]
    if len(people) > 1:
        draw = random.Random(1969)
        for _ in range(min(DRAWS, len(people) ** 2)):
            for attribute, finding in enumerate(comparer.compare(*draw.sample(people, 2))):
                if finding:
                    counts[attribute][finding.level] += 1
    return [tuple(count / sum(row) for count in row) for row in counts]


def _likelihood(pattern: Pattern, rates: Sequence[tuple[float, ...]]) -> float:
    return prod(rates[attribute][level] for attribute, level in enumerate(pattern) if level >= 0)


def _held(expected: dict[Pattern, float]) -> list[tuple[float, ...]]:
    counts = [[HELD * rate for rate in attribute.one_person] for attribute in ATTRIBUTES]
    for pattern in sorted(expected):
        for attribute, level in enumerate(pattern):
            if level >= 0:
                counts[attribute][level] += expected[pattern]
    return [tuple(count / sum(row) for count in row) for row in counts]
