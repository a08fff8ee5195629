"""Who is who, said as plainly as the rules say it? The model that the production code must agree with."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from functions.identity.model import IDENTIFIERS_PER_PROFILE, Namespace, Rules
from functions.identity.naming import Named
from functions.shared.events import Event

Moment = tuple[datetime, str]  # an event's time and message id
Pair = tuple[str, str]  # of an edge: better identifier, weaker one; of a command: in alphabetical order


@dataclass(frozen=True)
class Edge:
    """That two identifiers were together: first by any event, and every claim by an identifying one."""

    first: Moment
    claims: frozenset[Moment] = frozenset()
    trusted: bool = False
    verified: bool = False

    @property
    def last(self) -> Moment | None:
        return max(self.claims, default=None)

    def joined(self, other: "Edge") -> "Edge":
        trusted, verified = self.trusted or other.trusted, self.verified or other.verified
        return Edge(min(self.first, other.first), self.claims | other.claims, trusted, verified)


@dataclass
class Ledger:
    """All that was ever said; each method is a union, a minimum or a last writer, so order and repeats say nothing."""

    named: set[str] = field(default_factory=set)
    trusted: set[str] = field(default_factory=set)  # customer ids that a server named
    edges: dict[Pair, Edge] = field(default_factory=dict)
    logouts: dict[str, set[Moment]] = field(default_factory=dict)
    registers: dict[Pair, tuple[datetime, str, str]] = field(default_factory=dict)  # at, op id, kind
    unshared: set[str] = field(default_factory=set)

    def name(self, event: Event, named: Named) -> None:
        self.named |= {one.key for one in named.linking}
        self.trusted |= {one.key for one in named.linking if event.trusted and one.kind == "anchor"}

    def add(self, event: Event, named: Named) -> None:
        """Any event but a reset: a star from its best identifier (R7)."""
        self.name(event, named)
        claims = frozenset({event.order} if event.type in ("identify", "alias") else ())
        said = Edge(event.order, claims, event.trusted, event.trusted and event.body.get("verified") is True)
        keys = [one.key for one in sorted(named.linking, key=lambda one: (one.rank, one.key))]
        for pair in ((keys[0], weaker) for weaker in keys[1:]):
            self.edges[pair] = said.joined(self.edges.get(pair, said))

    def logout(self, event: Event, named: Named) -> None:
        """A reset of the devices it names (R13); it links nothing."""
        self.name(event, named)
        for device in (one for one in named.linking if one.kind == "device"):
            self.logouts.setdefault(device.key, set()).add(event.order)

    def command(self, at: datetime, op_id: str, kind: str, a_key: str, b_key: str = "") -> None:
        """link, cut and clear of a pair: the last one stands (R12). clear_shared of one identifier: for ever (R14)."""
        if kind == "clear_shared":
            self.unshared.add(a_key)
        elif a_key != b_key:
            pair = (min(a_key, b_key), max(a_key, b_key))
            self.registers[pair] = max((at, op_id, kind), self.registers.get(pair, (at, op_id, kind)))

    def standing(self, kind: str) -> list[Pair]:
        """The pairs whose last command is ``kind``, in register order."""
        return [pair for said, pair in sorted((said, pair) for pair, said in self.registers.items()) if said[2] == kind]

    def shared(self, rules: Rules) -> set[str]:
        """Which identifiers were seen with more customers than one person can be (R14)?"""
        anchors = {key for key in self.named if about(key, rules).kind == "anchor"}
        ends = {(one, far) for pair in self.edges for one, far in (pair, pair[::-1]) if far in anchors}
        customers = Counter(one for one, _ in ends if one not in anchors)
        return {key for key, count in customers.items() if count > rules.shared_after} - self.unshared


@dataclass(frozen=True)
class Answer:
    """Who is who: people as sets of keys, the links refused with the reason, the contacts that only a device holds."""

    components: frozenset[frozenset[str]]
    rejected: dict[Pair, str]
    soft: frozenset[str]


def namespace(key: str) -> str:
    return key.partition("#")[0]


def about(key: str, rules: Rules) -> Namespace:
    return rules.namespace(namespace(key))


def F(ledger: Ledger, rules: Rules) -> Answer:
    """Takes what was declared, then edges in the one canonical order, and refuses what breaks a rule (R8 to R14)."""
    links = [(a, b) if about(a, rules).rank <= about(b, rules).rank else (b, a) for a, b in ledger.standing("link")]
    edges, shared = ledger.edges, ledger.shared(rules)
    logouts = {(pair, at) for pair in edges for key in pair for at, _ in ledger.logouts.get(key, ())}
    inactive = {pair: "logout" for pair, at in logouts if (edges[pair].last or edges[pair].first)[0] <= at}
    inactive |= {pair: "shared" for pair in edges if shared.intersection(pair)}
    active = sorted(edges.keys() - inactive, key=lambda pair: precedence(pair, edges[pair], rules))
    home = {key: {key} for key in ledger.named.union(*links)}
    rejected, firm = dict[Pair, str](), list[Pair]()
    for pair, edge in [*((pair, None) for pair in links), *((pair, edges[pair]) for pair in active)]:
        one, other = home[pair[0]], home[pair[1]]
        if reason := refusal(ledger, rules, pair, edge, one, other):
            rejected[pair] = reason
            continue
        one |= other
        home.update(dict.fromkeys(one, one))
        if edge is None or about(pair[1], rules).kind != "device":
            firm.append(pair)
    reached = {key for key in home if about(key, rules).kind == "anchor"}
    while more := {key for pair in firm if reached.intersection(pair) for key in pair} - reached:
        reached |= more
    soft = {key for key in home.keys() - reached if about(key, rules).kind == "contact" and home[key] & reached}
    return Answer(frozenset(map(frozenset, home.values())), rejected | inactive, frozenset(soft))


def precedence(pair: Pair, edge: Edge, rules: Rules) -> tuple[object, ...]:
    """The place of an edge in the canonical order: better weaker end first, then as its namespace settles contests."""
    better, weaker = about(pair[0], rules), about(pair[1], rules)
    newest = edge.last if weaker.contested == "last" else None
    late = not edge.verified if weaker.contested == "verified" else weaker.contested == "last" and newest is None
    at, message = newest or edge.first
    time = at.timestamp() * (-1 if newest else 1)
    return (weaker.rank, better.kind == "device", late, time, message, better.rank, pair[0], weaker.rank, pair[1])


def refusal(ledger: Ledger, rules: Rules, pair: Pair, edge: Edge | None, one: set[str], other: set[str]) -> str | None:
    """Why two people may not become one; None when they may, or are. ``edge`` None = somebody declared it."""
    if one is other:
        return None
    if any((a in one and b in other) or (a in other and b in one) for a, b in ledger.standing("cut")):
        return "cut"
    for side, far in ((one, other), (other, one)) if edge and not edge.trusted else ():
        if side & ledger.trusted and any(about(key, rules).kind != "device" for key in far):
            return "untrusted"
    both = set(map(namespace, one)) & set(map(namespace, other)) if edge else set()
    counts = Counter(map(namespace, one | other))
    if len(one | other) > IDENTIFIERS_PER_PROFILE or any(counts[name] > rules.namespace(name).limit for name in both):
        return "limit"
    people = any(rules.namespace(name).kind != "device" for name in both) and not rules.bridge_on_device
    return "bridge" if people and about(pair[1], rules).kind == "device" else None
