"""Which rows of one file, or of two, may be the same person? The whole of it, without files or screens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from infra.suggestions.blocking import Crowded, candidates, possible
from infra.suggestions.comparison import Comparer
from infra.suggestions.people import Person
from infra.suggestions.weights import Weights

# How sure is sure enough, when nobody says: never less than this,
LEAST = 0.99
# and so many wrong suggestions expected in a whole answer. Ten times the pairs hold ten times the coincidences, so a
# large file must be stricter pair by pair; one fixed score would let them in.
EXPECTED_WRONG = 0.5


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
    threshold: float | None = None,
    each: Callable[[Iterable[int], int], Iterable[int]] = lambda positions, total: positions,
) -> Answer:
    """Suggestions within ``left``, or from ``left`` to ``right``. The order of rows and of files does not matter.

    ``threshold`` is the lowest score suggested, 0..1; None is ``sure_enough``.
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
    lowest = sure_enough(scores) if threshold is None else threshold
    found = [
        Suggestion(
            lefts[a].id,
            others[b].id,
            round(score, 6),
            tuple(finding.why for finding in comparison if finding and finding.why),
        )
        for (a, b), score, comparison in zip(pairs, scores, comparisons, strict=True)
        if round(score, 6) >= lowest
    ]
    return Answer(tuple(sorted(found, key=lambda one: (-one.score, one.a, one.b))), len(pairs), tuple(crowded))


def sure_enough(scores: Iterable[float]) -> float:
    """The lowest score from ``LEAST`` at which fewer than ``EXPECTED_WRONG`` suggestions are expected to be wrong."""
    lowest, wrong = 1.0, 0.0
    for score in sorted((round(score, 6) for score in scores), reverse=True):
        wrong += 1 - score
        if score < LEAST or wrong >= EXPECTED_WRONG:
            break
        lowest = score
    return lowest
