"""Who is one person? The pure function F of a ledger: edges are accepted in one canonical order, or rejected and kept.

Because the order is made from what the events say and never from when they arrived, the same events give the same
people (rules R8 to R14 of docs/reference/identity-rules.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from functions.identity.keys import namespace_of
from functions.identity.ledger import Edge, Ledger, Pair
from functions.identity.model import IDENTIFIERS_PER_PROFILE, Rules

Rejection = Literal["cut", "untrusted", "limit", "bridge", "logout", "shared"]


@dataclass(frozen=True, slots=True)
class Partition:
    """``together[key]`` = the identifiers of the same person; ``rejected`` = edges that join nobody, with the reason;
    ``soft`` = contacts that hang on their customer by a device alone (rule R11b)."""

    together: Mapping[str, frozenset[str]]
    rejected: Mapping[Pair, Rejection]
    soft: frozenset[str]


@dataclass(slots=True)
class _Component:
    """One person while edges are being accepted. ``held`` = how many identifiers of each namespace."""

    keys: set[str]
    held: dict[str, int]
    trusted: bool
    beyond_devices: bool


def shared_among(ledger: Ledger, rules: Rules) -> frozenset[str]:
    """Identifiers seen with more customers than ``shared_after`` (rule R14), less those an operator cleared."""
    customers: dict[str, set[str]] = {}
    for stronger, weaker in ledger.edges:
        if rules.kind(stronger) == "anchor" and rules.kind(weaker) != "anchor":
            customers.setdefault(weaker, set()).add(stronger)
    return frozenset(
        key for key, seen in customers.items() if len(seen) > rules.shared_after and key not in ledger.cleared
    )


def partition(ledger: Ledger, members: Iterable[str], rules: Rules) -> Partition:
    """F: the people that ``members`` and every identifier of the ledger fall into."""
    return _Union(ledger, members, rules).result()


class _Union:
    def __init__(self, ledger: Ledger, members: Iterable[str], rules: Rules) -> None:
        self._ledger = ledger
        self._rules = rules
        keys = {key for pair in (*ledger.edges, *ledger.registers) for key in pair} | set(members)
        self._of = {key: self._single(key) for key in keys}
        self._cuts = [pair for pair, said in ledger.registers.items() if said.verdict == "cut"]
        self._firm: list[Pair] = []
        self._rejected: dict[Pair, Rejection] = {}

    def result(self) -> Partition:
        for pair in self._declared():
            one, other = (self._of[key] for key in pair)
            if one is not other and self._cut_apart(one, other):
                self._rejected[pair] = "cut"
            elif one is not other and len(one.keys) + len(other.keys) > IDENTIFIERS_PER_PROFILE:
                self._rejected[pair] = "limit"
            else:
                self._join(*pair)
                self._firm.append(pair)
        for pair, edge in self._active():
            reason = self._refusal(pair, edge)
            if reason is None:
                self._join(*pair)
                if self._rules.kind(pair[1]) != "device":
                    self._firm.append(pair)
            else:
                self._rejected[pair] = reason
        sets = {id(one): frozenset(one.keys) for one in self._of.values()}
        together = {key: sets[id(one)] for key, one in self._of.items()}
        return Partition(together, self._rejected, frozenset(self._soft(set(sets.values()))))

    def _single(self, key: str) -> _Component:
        kind = self._rules.kind(key)
        return _Component({key}, {namespace_of(key): 1}, key in self._ledger.trusted, kind != "device")

    def _declared(self) -> list[Pair]:
        links = [(said.at, pair) for pair, said in self._ledger.registers.items() if said.verdict == "link"]
        return [
            (one, other) if self._rules.rank(one) <= self._rules.rank(other) else (other, one)
            for _at, (one, other) in sorted(links)
        ]

    def _active(self) -> list[tuple[Pair, Edge]]:
        shared = shared_among(self._ledger, self._rules)
        active: list[tuple[Pair, Edge]] = []
        for pair, edge in self._ledger.edges.items():
            if shared.intersection(pair):
                self._rejected[pair] = "shared"
            elif any(self._logged_out(key, edge) for key in pair):
                self._rejected[pair] = "logout"
            else:
                active.append((pair, edge))
        return sorted(active, key=lambda one: self._order(*one))

    def _logged_out(self, key: str, edge: Edge) -> bool:
        logouts = self._ledger.logouts.get(key)
        return logouts is not None and (edge.last or edge.first)[0] <= logouts[-1][0]

    def _order(self, pair: Pair, edge: Edge) -> tuple[object, ...]:
        """The one order of edges (rule R8). An edge that nobody ever claimed sorts after those somebody did."""
        stronger, weaker = (self._rules.namespace(namespace_of(key)) for key in pair)
        if weaker.contested == "last" and edge.last is not None:
            when: tuple[object, ...] = (0, -edge.last[0], edge.last[1])
        elif weaker.contested == "last":
            when = (1, *edge.first)
        else:
            when = (weaker.contested == "verified" and not edge.verified, *edge.first)
        return (weaker.rank, stronger.kind == "device", *when, stronger.rank, pair[0], pair[1])

    def _refusal(self, pair: Pair, edge: Edge) -> Rejection | None:
        one, other = (self._of[key] for key in pair)
        if one is other:
            return None
        if self._cut_apart(one, other):
            return "cut"
        if not edge.trusted and ((one.trusted and other.beyond_devices) or (other.trusted and one.beyond_devices)):
            return "untrusted"
        both = one.held.keys() & other.held.keys()
        crowded = any(one.held[name] + other.held[name] > self._rules.namespace(name).limit for name in both)
        if crowded or len(one.keys) + len(other.keys) > IDENTIFIERS_PER_PROFILE:
            return "limit"
        by_device = self._rules.kind(pair[1]) == "device" and not self._rules.bridge_on_device
        return "bridge" if by_device and any(self._rules.namespace(name).kind != "device" for name in both) else None

    def _cut_apart(self, one: _Component, other: _Component) -> bool:
        return any((a in one.keys and b in other.keys) or (b in one.keys and a in other.keys) for a, b in self._cuts)

    def _join(self, *pair: str) -> None:
        small, large = sorted((self._of[key] for key in pair), key=lambda one: len(one.keys))
        if small is large:
            return
        large.keys |= small.keys
        for name, count in small.held.items():
            large.held[name] = large.held.get(name, 0) + count
        large.trusted = large.trusted or small.trusted
        large.beyond_devices = large.beyond_devices or small.beyond_devices
        for key in small.keys:
            self._of[key] = large

    def _soft(self, people: set[frozenset[str]]) -> Iterator[str]:
        reached = {key for key in self._of if self._rules.kind(key) == "anchor"}
        beside: dict[str, list[str]] = {}
        for a, b in self._firm:
            beside.setdefault(a, []).append(b)
            beside.setdefault(b, []).append(a)
        waiting = list(reached)
        while waiting:
            for near in beside.get(waiting.pop(), ()):
                if near not in reached:
                    reached.add(near)
                    waiting.append(near)
        for person in people:
            if any(self._rules.kind(key) == "anchor" for key in person):
                yield from (key for key in person if self._rules.kind(key) == "contact" and key not in reached)
