"""Which rows of one file, or of two, may be the same person? The whole of it, without files or screens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from infra.suggestions.blocking import Crowded, candidates, possible
from infra.suggestions.comparison import Comparer
from infra.suggestions.people import Person
from infra.suggestions.weights import Weights

# On made-up people with families, twins and namesakes (tests/infra/suggestions) nothing false reached 0.995, and a
# pair that agrees in given name, surname and address alone stays below: it may be father and son.
THRESHOLD = 0.995


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two rows that may be one person: their ids, the probability 0..1, and what speaks for it."""

    a: str
    b: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Suggestions, best first; how many pairs were compared; what was too crowded to compare in full."""

    suggestions: tuple[Suggestion, ...]
    compared: int
    crowded: tuple[Crowded, ...]


def suggest(
    left: Iterable[Person],
    right: Iterable[Person] | None = None,
    threshold: float = THRESHOLD,
    each: Callable[[Iterable[int], int], Iterable[int]] = lambda positions, total: positions,
) -> Answer:
    """Suggestions within ``left``, or from ``left`` to ``right``. The order of rows and of files does not matter.

    ``each`` passes on the positions of the pairs as they are compared; a progress bar counts them there.
    """
    lefts = sorted(left)
    rights = None if right is None else sorted(right)
    others = lefts if rights is None else rights
    pairs, crowded = candidates(lefts, rights)
    everybody = sorted(chain(lefts, rights or ()))
    comparer = Comparer(everybody)
    comparisons = [
        comparer.compare(lefts[pairs[position][0]], others[pairs[position][1]])
        for position in each(range(len(pairs)), len(pairs))
    ]
    if not pairs:
        return Answer((), 0, tuple(crowded))
    scores = Weights(everybody, comparer).scores(
        comparisons, possible(len(lefts), None if rights is None else len(rights))
    )
    found = [
        Suggestion(
            lefts[a].id,
            others[b].id,
            round(score, 6),
            tuple(finding.why for finding in comparison if finding and finding.why),
        )
        for (a, b), score, comparison in zip(pairs, scores, comparisons, strict=True)
        if score >= threshold
    ]
    return Answer(tuple(sorted(found, key=lambda one: (-one.score, one.a, one.b))), len(pairs), tuple(crowded))
