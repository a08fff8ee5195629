"""Can a stranger's text keep this pattern busy for ever?

Python's ``re`` tries every way to read a text before it gives up. Where a loop can read the same characters in two
ways, as ``([a-z]+)+`` does, each further character doubles the ways: thirty are minutes.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from re import _constants as words  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

# How often a part of known length is written out; what repeats more often counts as a loop, which is the stricter view.
COPIES = 64
# Of single characters in a pattern that is written out so. No author writes more by hand.
POSITIONS = 2_000
# Two classes of characters overlap when they share one of these, or an end of one of their ranges.
SAMPLES = "".join(map(chr, range(128))) + "\x85\xa0éßЖ中٣\u2003😀"


def runs_away(pattern: str) -> bool:
    """True when the time ``pattern`` takes may double with each character of a text; it compiles.

    Strict where it is not sure: back references and look-arounds are taken for what they could read at worst.
    """
    written = _Written(parser.parse(pattern))
    return written.too_long or any(map(_ambiguous, written.graphs))


def open_ended(pattern: str, characters: int) -> bool:
    """True when ``pattern`` may read more than so many characters; it compiles."""
    return int(parser.parse(pattern).getwidth()[1]) > characters


@dataclass(frozen=True, slots=True)
class _Part:
    """Where reading a part of a pattern may begin and end, and how it may read nothing: each in how many ways."""

    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)
    nothing: int = 1


@dataclass(frozen=True, slots=True)
class _Graph:
    """Which single character may come after which, in how many ways. ``reads`` = what each can be."""

    reads: list[frozenset[str]]
    after: list[Counter[int]]


class _Written:
    """A parsed pattern, written out as graphs: one of itself, and one of each look-around in it."""

    def __init__(self, parsed: Any) -> None:
        self.too_long = False
        self.graphs: list[_Graph] = []
        self._folded = bool(parsed.state.flags & re.IGNORECASE)
        self._samples = frozenset(SAMPLES) | frozenset(_ends(parsed))
        self._write(parsed)

    def _write(self, items: Any) -> None:
        graph = _Graph([], [])
        self.graphs.append(graph)
        self._sequence(items, graph, self._folded)

    def _sequence(self, items: Any, graph: _Graph, folded: bool) -> _Part:
        whole = _Part()
        for operator, argument in items:
            whole = _joined(whole, self._part(operator, argument, graph, folded), graph)
        return whole

    def _part(self, operator: Any, argument: Any, graph: _Graph, folded: bool) -> _Part:
        if operator in REPEATS:
            least, most, items = argument
            return self._repeated(least, most, items, graph, folded)
        if operator is words.GROUPREF:
            return self._repeated(0, words.MAXREPEAT, [(words.ANY, None)], graph, folded)
        if operator in (words.ASSERT, words.ASSERT_NOT):
            self._write(argument[1])
        if operator is words.SUBPATTERN:
            folded = folded or bool(argument[1] & re.IGNORECASE)
        choices = CHOICES.get(operator)
        if choices is None:
            return self._one(operator, argument, graph, folded)
        return _either([self._sequence(one or (), graph, folded) for one in choices(argument)])

    def _repeated(self, least: int, most: int, items: Any, graph: _Graph, folded: bool) -> _Part:
        known = least == most <= COPIES and len(set(_widths(items))) == 1
        whole = _Part()
        for _ in range(least if known else 1):
            whole = _joined(whole, self._sequence(items, graph, folded), graph)
        if most > 1 and not known:
            _follow(whole.last, whole.first, graph)
        return _Part(whole.first, whole.last, whole.nothing or int(least == 0))

    def _one(self, operator: Any, argument: Any, graph: _Graph, folded: bool) -> _Part:
        if len(graph.reads) >= POSITIONS:
            self.too_long = True
            return _Part()
        graph.reads.append(frozenset(one for one in self._samples if _reads(operator, argument, one, folded)))
        graph.after.append(Counter())
        here = Counter([len(graph.reads) - 1])
        return _Part(here, here, nothing=0)


def _joined(one: _Part, other: _Part, graph: _Graph) -> _Part:
    _follow(one.last, other.first, graph)
    first = one.first + _times(one.nothing, other.first)
    return _Part(first, other.last + _times(other.nothing, one.last), one.nothing * other.nothing)


def _either(parts: Sequence[_Part]) -> _Part:
    first: Counter[int] = Counter()
    last: Counter[int] = Counter()
    for part in parts:
        first += part.first
        last += part.last
    return _Part(first, last, sum(part.nothing for part in parts))


def _times(ways: int, places: Counter[int]) -> Counter[int]:
    return Counter({place: ways * more for place, more in places.items()}) if ways else Counter()


def _follow(last: Mapping[int, int], first: Mapping[int, int], graph: _Graph) -> None:
    for one, ways in last.items():
        for other, more in first.items():
            graph.after[one][other] += ways * more


def _widths(items: Any) -> tuple[int, int]:
    if isinstance(items, list):
        return (1, 1)
    least, most = items.getwidth()
    return int(least), int(most)


def _ends(items: Any) -> Iterable[str]:
    """Every character a pattern names."""
    for one in items if isinstance(items, Iterable) and not isinstance(items, str) else ():
        if isinstance(one, tuple) and len(one) == 2 and one[0] in (words.LITERAL, words.NOT_LITERAL):
            yield chr(one[1])
        elif isinstance(one, tuple) and len(one) == 2 and one[0] is words.RANGE:
            yield from map(chr, one[1])
        else:
            yield from _ends(one)


def _reads(operator: Any, argument: Any, character: str, folded: bool) -> bool:
    written = {character.lower(), character.upper()} if folded else {character}
    return any(READS[operator](argument, one) for one in written if len(one) == 1)


def _within(listed: Any, character: str) -> bool:
    found = any(READS[operator](argument, character) for operator, argument in listed if operator is not words.NEGATE)
    return found is not (listed[0][0] is words.NEGATE)


CATEGORIES: Mapping[Any, str] = {
    words.CATEGORY_DIGIT: r"\d",
    words.CATEGORY_NOT_DIGIT: r"\D",
    words.CATEGORY_SPACE: r"\s",
    words.CATEGORY_NOT_SPACE: r"\S",
    words.CATEGORY_WORD: r"\w",
    words.CATEGORY_NOT_WORD: r"\W",
}
# Does this read the character?
READS: Mapping[Any, Callable[[Any, str], bool]] = {
    words.ANY: lambda _, character: True,
    words.LITERAL: lambda code, character: ord(character) == code,
    words.NOT_LITERAL: lambda code, character: ord(character) != code,
    words.RANGE: lambda ends, character: ends[0] <= ord(character) <= ends[1],
    words.CATEGORY: lambda name, character: re.fullmatch(CATEGORIES[name], character) is not None,
    words.IN: _within,
}
REPEATS = (words.MAX_REPEAT, words.MIN_REPEAT, words.POSSESSIVE_REPEAT)
# What holds other parts: one of these is read. None and () read nothing.
CHOICES: Mapping[Any, Callable[[Any], Sequence[Any]]] = {
    words.BRANCH: lambda argument: argument[1],
    words.GROUPREF_EXISTS: lambda argument: argument[1:],
    words.SUBPATTERN: lambda argument: argument[3:],
    words.ATOMIC_GROUP: lambda argument: [argument],
    words.ASSERT: lambda _: [()],
    words.ASSERT_NOT: lambda _: [()],
    words.AT: lambda _: [()],
    words.FAILURE: lambda _: [()],
}


def _ambiguous(graph: _Graph) -> bool:
    """Does some way round a loop read what another way from the same place to itself reads too?"""
    loops = _loops(graph)
    inner = [{to: ways for to, ways in after.items() if loops[at] & 1 << to} for at, after in enumerate(graph.after)]
    if any(ways > 1 for after in inner for ways in after.values()):
        return True
    # Two readers of one text, side by side from the same place: they part, and meet again.
    back: dict[tuple[int, int], set[tuple[int, int]]] = {}
    new = [(at, at) for at, after in enumerate(inner) if after]
    seen = set(new)
    while new:
        pair = new.pop()
        for one in inner[pair[0]]:
            for other in inner[pair[1]]:
                if graph.reads[one].isdisjoint(graph.reads[other]):
                    continue
                back.setdefault((one, other), set()).add(pair)
                if (one, other) not in seen:
                    seen.add((one, other))
                    new.append((one, other))
    new = [pair for pair in seen if pair[0] == pair[1]]
    met = set(new)
    while new:
        for pair in back.get(new.pop(), set()) - met:
            if pair[0] != pair[1]:
                return True
            met.add(pair)
            new.append(pair)
    return False


def _loops(graph: _Graph) -> list[int]:
    """For each place, as bits, those that it can come to and that can come back to it."""
    count = len(graph.after)
    ahead = [sum(1 << to for to in after) for after in graph.after]
    for middle in range(count):
        bit, beyond = 1 << middle, ahead[middle]
        for at in range(count):
            if ahead[at] & bit:
                ahead[at] |= beyond
    behind = [sum(1 << at for at in range(count) if ahead[at] & 1 << to) for to in range(count)]
    return [one & other for one, other in zip(ahead, behind, strict=True)]
