"""What is known of a person once these events happened? A fold that gives the same answer in any order."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from functions.profiles.folds import FoldPolicy, Folds
from functions.profiles.model import Contact, Occurrence, Series, Snapshot
from functions.profiles.older import NOTHING_ASKED, Asked
from functions.profiles.series import both_series, with_occurrences, within
from functions.profiles.traits import Cell, Stamp, added, value_of
from functions.profiles.traits import joined as joined_cells
from functions.shared.events import Event
from functions.shared.names import Channel, ProfileId
from functions.shared.publication import ALL_PROPERTIES

Customer = Literal["claimed", "trusted"]

# More than one person may hold: what is claimed by a person and held by another is kept too, for it may change hands.
CONTACTS_KEPT: Mapping[Channel, int] = {"email": 10, "sms": 10, "push": 40}
# The lists a person was put on or taken off last; what is beyond them is forgotten.
LISTS_KEPT = 200
# A row ends at 400 KB (DynamoDB quota): traits keep their newest this far, in bytes of JSON.
TRAITS_BYTES = 64_000
SCORES_KEPT = 100
LAST = FoldPolicy()
PROPERTY_BYTES = 512


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement that an address is this person's. ``trusted`` = made by a server, not by a browser.

    ``linking`` is false for the mailbox of a role: it can be written to, but it names nobody.
    """

    channel: Channel
    contact: Contact
    message_id: str
    trusted: bool
    linking: bool = True

    @property
    def weight(self) -> tuple[bool, bool, datetime, str]:
        """What makes one claim better than another: trusted, then verified, then later."""
        return (self.trusted, self.contact.verified, self.contact.asserted_at, self.message_id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its person: the addresses it claims, and how it names the customer (None when it does not).

    ``home`` = the best identifier it names, under which its timeline stands for ever; ``layer`` = whose share of the
    person it belongs to (the home, or ``<owner>|<home>`` for what a device did while it was somebody's); ``epoch`` and
    ``owner_epoch`` = how recent the knowledge is that this person holds the home, and the layer's owner; ``expires`` =
    days after which a home that is not seen again is forgotten (None: never); ``past`` = it is older than the timeline
    keeps, so it changes nothing; ``by_id`` = it is our own, and names its person by the profile's id alone.
    """

    event: Event
    claims: Sequence[Claim] = ()
    customer: Customer | None = None
    home: str = ""
    layer: str = ""
    epoch: int = 0
    owner_epoch: int = 0
    expires: int | None = None
    past: bool = False
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What the events of one layer add up to; a person is the join of its layers. ``expires`` = days, None: never.

    ``lists`` = what was last said of each list, and when: True = the person is on it.
    """

    first_seen: datetime
    last_seen: datetime
    events: int = 0
    customer: Customer | None = None
    traits: Mapping[str, Cell] = field(default_factory=dict)
    claims: Sequence[Claim] = ()
    series: Mapping[str, Series] = field(default_factory=dict)
    expires: int | None = None
    scores: Mapping[str, Cell] = field(default_factory=dict)
    lists: Mapping[str, tuple[Stamp, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """All that a profile keeps between two batches; what decisions may see of it is ``snapshot``.

    Layers are kept apart, so that an identifier that leaves takes along exactly what it brought. ``contacts`` = the
    addresses that are this person's, each with whether it is soft (no address to send to); ``elsewhere`` = identifiers
    that left, in whole or in part, with the epoch; ``aka`` = profiles that stand for this one; ``erased`` = it is being
    forgotten, or was: to everybody who looks, it is nobody.
    """

    layers: Mapping[str, State] = field(default_factory=dict)
    contacts: Mapping[str, bool] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    aka: Sequence[ProfileId] = ()
    erased: bool = False

    def misplaced(self, arrival: Arrival) -> bool:
        """True when the one who brings the event has not heard that its home has left."""
        owner = arrival.layer.partition("|")[0]
        return self.elsewhere.get(arrival.home, 0) > arrival.epoch or self.elsewhere.get(owner, 0) > arrival.owner_epoch

    @property
    def buried(self) -> bool:
        """True when it was erased and nothing of it is left; what is told of its id from now on is told of nobody."""
        return self.erased and not self.layers

    @property
    def known(self) -> bool:
        """True when some event named the customer."""
        return any(state.customer is not None for state in self.layers.values())

    @property
    def expires(self) -> int | None:
        """Days after which a person that nothing but devices named is forgotten; None = never."""
        days = [state.expires for state in self.layers.values()]
        known = [one for one in days if one is not None]
        return max(known) if known and len(known) == len(days) else None


def home_of(layer: str) -> str:
    """The identifier under which the timeline of a layer stands."""
    return layer.rpartition("|")[2]


@dataclass(frozen=True, slots=True)
class Counted:
    """What is kept of events: ``series`` names those to count, each with the properties to keep (publication.series);
    ``folds`` says how the statements of a trait become its value; ``asked`` what is asked of the series beyond their
    newest occurrences (publication.windows)."""

    series: Mapping[str, Sequence[str]] = field(default_factory=dict)
    folds: Folds = field(default_factory=Folds)
    asked: Mapping[str, Asked] = field(default_factory=dict)


def add(person: Person, arrivals: Iterable[Arrival], counted: Counted) -> Person:
    """The person with events added that it has not seen before, each to its layer."""
    layers = dict(person.layers)
    by_layer: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        by_layer.setdefault(arrival.layer, []).append(arrival)
    for layer, many in by_layer.items():
        state = fold(layers.get(layer), many, counted)
        if state is not None:
            layers[layer] = state
    return replace(person, layers=layers)


def fold(state: State | None, arrivals: Iterable[Arrival], counted: Counted) -> State | None:
    """The state with events added that it has not seen before; ``fold(shuffled) == fold``."""
    many = list(arrivals)
    if not many:
        return state
    times = [arrival.event.timestamp for arrival in many]
    before = state or State(first_seen=times[0], last_seen=times[0])
    traits, claims, scores, lists = before.traits, before.claims, before.scores, before.lists
    happened: dict[str, list[Occurrence]] = {}
    for arrival in many:
        event = arrival.event
        if event.type == "identify":
            traits = _with_traits(traits, event, counted.folds)
            scores = _with_scores(scores, event) if event.trusted else scores
        elif event.type == "audience":
            lists = _with_list(lists, event)
        if arrival.claims:
            claims = _with_claims(claims, arrival.claims)
        if event.name in counted.series:
            happened.setdefault(event.name, []).append(_occurrence(event, counted.series[event.name]))
    series = dict(before.series)
    for name, occurred in happened.items():
        series[name] = with_occurrences(series.get(name), occurred, counted.asked.get(name, NOTHING_ASKED))
    return State(
        first_seen=min(before.first_seen, *times),
        last_seen=max(before.last_seen, *times),
        events=before.events + len(many),
        customer=max([before.customer, *(arrival.customer for arrival in many)], key=_certainty),
        traits=traits,
        claims=claims,
        series=series,
        expires=many[-1].expires,
        scores=scores,
        lists=lists,
    )


def joined(states: Iterable[State], folds: Folds) -> State | None:
    """Disjoint sets of events together, as if all had been folded into one; None when there are none."""
    whole: State | None = None
    for state in states:
        whole = state if whole is None else both(whole, state, folds)
    return whole


def both(one: State, other: State, folds: Folds) -> State:
    """Two disjoint sets of events together."""
    traits = _both_cells(one.traits, other.traits, folds)
    series = dict(one.series)
    for name, said in other.series.items():
        series[name] = both_series(series[name], said) if name in series else said
    return State(
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        expires=one.expires if one.expires is None or other.expires is None else max(one.expires, other.expires),
        events=one.events + other.events,
        customer=max(one.customer, other.customer, key=_certainty),
        traits=_newest(traits),
        scores=_both_scores(one.scores, other.scores),
        claims=_with_claims(one.claims, other.claims),
        series=series,
        lists=_both_lists(one.lists, other.lists),
    )


def snapshot(profile: ProfileId, person: Person, folds: Folds) -> Snapshot | None:
    """What decisions read; None for a profile without an event, and for one that is erased.

    A known customer's addresses are those a server stated, and none that hangs on a device alone.
    """
    state = joined(person.layers.values(), folds)
    if state is None or person.erased:
        return None
    known = state.customer == "trusted"
    values = ((name, value_of(cell, folds[name])) for name, cell in state.traits.items())
    contacts: dict[Channel, list[Contact]] = {}
    for claim in state.claims:
        soft = claim.linking and person.contacts.get(claim.contact.key, True)
        if not soft and (claim.trusted or not known):
            contacts.setdefault(claim.channel, []).append(claim.contact)
    return Snapshot(
        profile=profile,
        identified=state.customer is not None,
        first_seen=state.first_seen,
        last_seen=state.last_seen,
        events=state.events,
        traits={name: value for name, value in values if value is not None},
        contacts={channel: tuple(many) for channel, many in contacts.items()},
        series=state.series,
        aka=tuple(person.aka),
        scores={name: one.kept[0].value for name, one in state.scores.items() if one.kept[0].value is not None},
        lists=tuple(sorted(name for name, (_stamp, joined) in state.lists.items() if joined)),
        stated=_Stated(state),
    )


class _Stated(Mapping[str, Stamp]):
    """``Snapshot.stated``, looked up when it is asked for: most who read a person never do."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, what: str) -> Stamp:
        kind, _, name = what.partition(":")
        stamp = self._state.traits[name].newest if kind == "trait" else self._state.lists[name][0]
        if stamp is None:
            raise KeyError(what)
        return stamp

    def __iter__(self) -> Iterator[str]:
        yield from (f"trait:{name}" for name, cell in self._state.traits.items() if cell.newest is not None)
        yield from (f"list:{name}" for name in self._state.lists)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _certainty(customer: Customer | None) -> int:
    return {None: 0, "claimed": 1, "trusted": 2}[customer]


def _with_traits(traits: Mapping[str, Cell], event: Event, folds: Folds) -> Mapping[str, Cell]:
    stated = event.traits
    if not stated:
        return traits
    # A pin stands above every fold, so only who may be believed can set one.
    source = event.source if event.trusted else "untrusted"
    told = {name: added(traits.get(name), folds[name], value, event.order, source) for name, value in stated.items()}
    return _newest({**traits, **told})


def _both_cells(one: Mapping[str, Cell], other: Mapping[str, Cell], folds: Folds) -> dict[str, Cell]:
    cells = dict(one)
    for name, cell in other.items():
        cells[name] = joined_cells(cells[name], cell, folds[name]) if name in cells else cell
    return cells


def _with_scores(scores: Mapping[str, Cell], event: Event) -> Mapping[str, Cell]:
    """The newest statement of each score stands. Nobody pins one, so an operator is a source like others."""
    if not event.scores:
        return scores
    said = {name: added(None, LAST, value, event.order, "") for name, value in event.scores.items()}
    return _both_scores(scores, said)


def _both_scores(one: Mapping[str, Cell], other: Mapping[str, Cell]) -> Mapping[str, Cell]:
    if not one or not other:
        return one or other
    cells = _both_cells(one, other, Folds())
    newest_first = sorted(cells.items(), key=lambda named: (named[1].kept[0].stamp, named[0]), reverse=True)
    return dict(sorted(newest_first[:SCORES_KEPT]))


def _newest(traits: Mapping[str, Cell]) -> Mapping[str, Cell]:
    """The traits stated last, as far as the room goes; a cell that keeps nothing is none."""
    stamped = [(cell.newest, name, cell) for name, cell in traits.items() if cell.newest is not None]
    newest_first = sorted(stamped, key=lambda one: (one[0], one[1]), reverse=True)
    kept = within(TRAITS_BYTES, newest_first, lambda one: len(one[1]) + one[2].size)
    return {name: cell for _stamp, name, cell in sorted(kept, key=lambda one: one[1])}


def _with_list(lists: Mapping[str, tuple[Stamp, bool]], event: Event) -> Mapping[str, tuple[Stamp, bool]]:
    return _both_lists(lists, {event.body["audience"]: (event.order, event.body["state"] == "joined")})


def _both_lists(
    one: Mapping[str, tuple[Stamp, bool]], other: Mapping[str, tuple[Stamp, bool]]
) -> Mapping[str, tuple[Stamp, bool]]:
    """The last word on each list, whatever order they come in."""
    if not one or not other:
        return one or other
    said = [*one.items(), *other.items()]
    last = dict(sorted(said, key=lambda named: named[1]))
    newest = sorted(last.items(), key=lambda named: (named[1], named[0]), reverse=True)[:LISTS_KEPT]
    return dict(sorted(newest))


def _with_claims(claims: Sequence[Claim], stated: Sequence[Claim]) -> Sequence[Claim]:
    """Best first, and only as many per channel as a profile may hold: the best claims ever made, in any order."""
    best: dict[tuple[str, str], Claim] = {}
    for claim in (*claims, *stated):
        address = (claim.channel, claim.contact.key)
        if address not in best or claim.weight > best[address].weight:
            best[address] = claim
    ordered = sorted(best.values(), key=lambda claim: (claim.weight, claim.contact.key), reverse=True)
    return tuple(
        claim
        for channel, kept in CONTACTS_KEPT.items()
        for claim in [one for one in ordered if one.channel == channel][:kept]
    )


def _occurrence(event: Event, properties: Sequence[str]) -> Occurrence:
    said = event.properties
    names = said if ALL_PROPERTIES in properties else properties
    kept = {name: said[name] for name in names if name in said and _size(said[name]) <= PROPERTY_BYTES}
    return Occurrence(event.timestamp, event.message_id, kept)


def _size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))
