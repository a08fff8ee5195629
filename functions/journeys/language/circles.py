"""Which journeys ask for each other without ever resting? Such a circle never ends: each pass is an execution.

Asked of the compiled machines, where every way through a journey is written out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.journeys.acts import DECISION_REQUESTED
from functions.journeys.conditions import parse
from functions.journeys.conditions.tree import Compare, Join, Literal, Node, Path, walk
from functions.journeys.durations import parse_duration
from functions.journeys.language.asl import State, targets
from functions.journeys.language.compiler import compile_journey
from functions.journeys.language.definition import Journey, placed_steps
from functions.journeys.language.faults import Fault
from functions.journeys.language.project import JourneyFolder
from functions.journeys.language.reader import Place
from functions.journeys.language.steps import DecideStep, SetStep
from functions.journeys.times import CLOCK

NO_VERSION = "00000000"
DECISION = Path("event", ("properties", "decision"))


@dataclass(frozen=True, slots=True)
class Ask:
    """A decision that a run may ask for the moment it begins; ``over`` = and be over the moment it has asked."""

    decision: str
    place: Place
    over: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """A journey that is entered by decisions, and asks for others."""

    folder: JourneyFolder
    journey: Journey
    asks: Sequence[Ask]


def circles(folders: Sequence[JourneyFolder]) -> Iterator[Fault]:
    """A fault at each decision that leads back to its own journey at once. ``folders`` = those without an error."""
    journeys = [(folder, folder.definition) for folder in folders if folder.definition is not None]
    told = _set_in(journey for _, journey in journeys)
    askers = {
        journey.journey: Asker(folder, journey, _asks(journey))
        for folder, journey in journeys
        if _by_decision(journey) and _again_at_once(journey, told)
    }
    for name, asker in askers.items():
        for ask in asker.asks:
            way = _way_back(name, ask, askers)
            if way:
                what = f"a circle of decisions without a wait: {' -> '.join(way)}"
                fix = "add - wait: 1d before it, or say in one of them reentry: {after: 1d}"
                yield asker.folder.document.fault(ask.place, what, fix)


def _way_back(home: str, ask: Ask, askers: Mapping[str, Asker]) -> list[str]:
    """The journeys from ``home`` back to it, the fewest there are; none when the way does not lead back."""
    ways = [[home, name] for name in _entered(ask, askers[home], askers)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        here = way[-1]
        if here == home:
            return way
        if here not in seen:
            seen.add(here)
            after = (name for one in askers[here].asks for name in _entered(one, askers[here], askers))
            ways += [[*way, name] for name in dict.fromkeys(after)]
    return []


def _entered(ask: Ask, by: Asker, askers: Mapping[str, Asker]) -> Iterator[str]:
    """Who may be entered by it, as far as ``by`` can be entered again afterwards."""
    if ask.over or _side_by_side(by.journey):
        yield from (name for name, one in askers.items() if _is_asked(one.journey, ask.decision))


def _by_decision(journey: Journey) -> bool:
    return journey.entry.decision is not None or DECISION_REQUESTED in (journey.entry.on or ())


def _is_asked(journey: Journey, decision: str) -> bool:
    entry = journey.entry
    if entry.decision is not None:
        return entry.decision == decision
    named = set() if entry.where is None else {*_named(parse(entry.where).tree)}
    return not named or named == {decision}


def _named(node: Node) -> Iterator[str]:
    """The decisions that an entry by the event itself insists on."""
    if isinstance(node, Join) and node.operator == "and":
        for item in node.items:
            yield from _named(item)
    if isinstance(node, Compare) and (node.operator, node.left) == ("==", DECISION) and isinstance(node.right, Literal):
        yield str(node.right.value)


def _side_by_side(journey: Journey) -> bool:
    return not isinstance(journey.reentry, str) and journey.reentry.per is not None


def _again_at_once(journey: Journey, told: frozenset[str]) -> bool:
    """Whether somebody who has just been through may enter again; once for a key is once, unless runs change it."""
    rule = journey.reentry
    if isinstance(rule, str):
        return rule == "always"
    if rule.after is not None and parse_duration(rule.after) > timedelta(0) and rule.per is None:
        return False
    return rule.per is None or any(_moves(node, told) for node in walk(parse(rule.per).tree))


def _moves(node: Node, told: frozenset[str]) -> bool:
    """What is another in each run: the time, or a trait that runs set."""
    if not isinstance(node, Path):
        return False
    trait = node.root == "profile" and node.keys[:1] == ("traits",)
    return node.root == "now" or node.keys == ("timestamp",) or (trait and node.keys[1] in told)


def _set_in(journeys: Iterator[Journey]) -> frozenset[str]:
    steps = (placed.step for journey in journeys for placed in placed_steps(journey))
    return frozenset(name for step in steps if isinstance(step, SetStep) for name in step.set)


def _asks(journey: Journey) -> list[Ask]:
    """The decisions a run comes to without resting on its way."""
    decisions = {one.id: one for one in placed_steps(journey) if isinstance(one.step, DecideStep)}
    if not decisions:
        return []
    machine = compile_journey(journey, NO_VERSION)
    states = machine["States"]
    found: dict[str, Ask] = {}
    for name in _at_once(states, states[machine["StartAt"]]["Default"]):
        payload = _payload(states[name])
        if payload.get("do") == "decide":
            over = any(states[one].get("End") for one in _at_once(states, name))
            placed = decisions[payload["step"]]
            found[placed.id] = Ask(payload["decision"], (*placed.place, "decide"), over)
    return list(found.values())


def _at_once(states: Mapping[str, State], first: str) -> list[str]:
    """The states that one comes to without resting, as long as nothing breaks."""
    found: dict[str, None] = {}
    ahead = [first]
    while ahead:
        name = ahead.pop()
        state = states[name]
        if _rests(state, states):
            continue
        if _is_counted(state):
            # There is a first pass; only who comes back from one goes by.
            ahead += [state["Default"]] if name in found else [rule["Next"] for rule in state["Choices"]]
        elif name not in found:
            usual = [one for one in state.get("Catch", ()) if one["ErrorEquals"] != ["States.ALL"]]
            ahead += targets({**state, "Catch": usual})
        found[name] = None
    return list(found)


def _rests(state: State, states: Mapping[str, State]) -> bool:
    """Whether time certainly passes: a date may be past before anyone waits for it."""
    if state["Type"] == "Wait":
        asked = [_payload(one) for one in states.values() if state.get("Comment") == one.get("Comment")]
        until = next((one["until"]["until"] for one in asked if one.get("do") == "wait"), None)
        return "Seconds" in state or CLOCK.fullmatch(until or "") is not None
    return state["Type"] == "Task" and "on" in _payload(state)


def _is_counted(state: State) -> bool:
    return any("NumericLessThan" in rule for rule in state.get("Choices", ()))


def _payload(state: State) -> Mapping[str, Any]:
    payload: Mapping[str, Any] = state.get("Parameters", {}).get("Payload", {})
    return payload
