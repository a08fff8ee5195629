"""What does an event change for a person who is under way? Exits and goals, then waking waits; each with its reason.

Nothing here reads a table or a clock: the rules are what was published, the moment is the event with the person as it
saw them, and the enrolments are where they stand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Facts, parse
from functions.journeys.model import Enrolment, EntryEvent, Goal, Wait
from functions.profiles.model import Snapshot
from functions.shared.events import Event
from functions.shared.publication import Publication

# Who is measured: those a journey was meant for, also when it did not run to its end, and those held out.
MEASURED = frozenset({"starting", "active", "completed", "exited", "failed", "held_out"})
# DynamoDB takes numbers below 1e126; a goal worth more than this is a mistake.
LARGEST_VALUE = 1e30


@dataclass(frozen=True, slots=True)
class Rules:
    """The published journeys, ready to be asked."""

    journeys: Mapping[str, Mapping[str, Any]]
    interest: Mapping[str, Mapping[str, list[str]]]
    common: CommonFacts = field(default_factory=CommonFacts)
    freshness: timedelta = timedelta(hours=1)
    holdout: Any = None

    @staticmethod
    def of(publication: Publication) -> "Rules":
        """Reads what the authors published."""
        return Rules(
            journeys=publication.journeys,
            interest=publication.interest,
            common=CommonFacts.of(publication.policy),
            freshness=timedelta(seconds=publication.freshness_seconds),
            holdout=publication.policy.get("holdout"),
        )

    def touched(self, event: str, way: str) -> list[str]:
        """The journeys that an event may ``enter``, ``exit``, reach the ``goal`` of or ``wake``, by name; of those that
        are entered by an audience or a decision the way is named after it (``entries.way_in``)."""
        names = self.interest.get(event, {}).get(way)
        return sorted(name for name in names if name in self.journeys) if names else []


@dataclass(frozen=True, slots=True)
class Moment:
    """An event at hand; ``snapshot`` is the person as of this event, itself counted, later ones not."""

    event: Event
    snapshot: Snapshot

    @staticmethod
    def of(event: Event, snapshot: Snapshot) -> "Moment":
        """Cuts the person's history at the event."""
        return Moment(event, snapshot.as_of(event.order))


@dataclass(frozen=True, slots=True)
class Exit:
    """The run ends at once; ``goal`` is recorded with it."""

    enrolment: Enrolment
    reason: str
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class StopAgain:
    """This very event has ended the run before, and perhaps no more than its row: stop the execution."""

    enrolment: Enrolment
    reason: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The goal is recorded, the run goes on (or has ended, or there was none: holdout)."""

    enrolment: Enrolment
    goal: Goal


@dataclass(frozen=True, slots=True)
class Wake:
    """What the run waits for has happened."""

    enrolment: Enrolment
    wait: Wait
    output: Mapping[str, Any]


Ending: TypeAlias = Exit | StopAgain | Reach


def endings(rules: Rules, moment: Moment, enrolments: Iterable[Enrolment]) -> Iterator[Ending]:
    """Exits and goals of one event, by journey."""
    event = moment.event
    touched = {*rules.touched(event.name, "exit"), *rules.touched(event.name, "goal")}
    if not touched:
        return
    for enrolment in _ordered(enrolments):
        if enrolment.journey not in touched or not concerns(event, enrolment):
            continue
        journey = rules.journeys[enrolment.journey]
        facts = _facts(rules, moment, enrolment)
        goal = _goal(journey, facts, enrolment)
        if enrolment.running:
            if (goal and not journey["goal"]["keep"]) or _exits(journey, facts):
                yield Exit(enrolment, event.name, goal)
            elif goal:
                yield Reach(enrolment, goal)
        elif enrolment.ended_by == event.message_id:
            yield StopAgain(enrolment, enrolment.reason or event.name)
        elif goal and enrolment.status in MEASURED:
            yield Reach(enrolment, goal)


def wakings(rules: Rules, moment: Moment, enrolments: Iterable[Enrolment]) -> Iterator[Wake]:
    """The waits of running enrolments that this event ends, by journey."""
    for enrolment in _ordered(enrolments):
        wait = enrolment.wait
        if wait is not None and enrolment.running and awaited(rules.common, wait, moment, enrolment):
            yield Wake(enrolment, wait, happened(moment.event))


def awaited(common: CommonFacts, wait: Wait, moment: Moment, enrolment: Enrolment) -> bool:
    """Whether the event at hand is what the run waits for."""
    event = moment.event
    if event.name not in wait.on or not concerns(event, enrolment):
        return False
    if event.timestamp < wait.since or event.message_id in {*wait.taken, *enrolment.taken}:
        return False
    if wait.messages is not None and event.properties.get("message") not in wait.messages:
        return False
    facts = common.about(moment.snapshot, event.timestamp, event=event, entry=enrolment.entry, steps=wait.steps)
    return holds(wait.where, facts)


def happened(event: Event) -> dict[str, Any]:
    """What a ``wait_for`` step answers; later steps read it as ``steps.ID.event``."""
    said = event.to_json()
    return {
        "outcome": "happened",
        "event": {
            "event": event.name,
            "timestamp": said["timestamp"],
            "messageId": event.message_id,
            "properties": dict(event.properties),
        },
    }


def concerns(event: Event, enrolment: Enrolment) -> bool:
    """Only what came after the entry exits, reaches a goal or wakes."""
    return event.message_id != enrolment.entry.message_id and event.order > enrolment.entry.order


def entry_of(event: Event) -> EntryEvent:
    """The event as the enrolment keeps it."""
    return EntryEvent(event.message_id, event.name, event.timestamp, event.properties, event.traits)


def _ordered(enrolments: Iterable[Enrolment]) -> list[Enrolment]:
    return sorted(enrolments, key=lambda one: (one.journey, one.entry.order))


def _facts(rules: Rules, moment: Moment, enrolment: Enrolment) -> Facts:
    # The time is the event's own, so that a second delivery an hour later decides the same.
    return rules.common.about(moment.snapshot, moment.event.timestamp, event=moment.event, entry=enrolment.entry)


def holds(where: str | None, facts: Facts) -> bool:
    """Whether a condition certainly holds; none at all always does."""
    return where is None or parse(where).holds(facts)


def _exits(journey: Mapping[str, Any], facts: Facts) -> bool:
    assert facts.event is not None
    name = facts.event.name
    return any(name in one["on"] and holds(one["where"], facts) for one in journey["exit"])


def _goal(journey: Mapping[str, Any], facts: Facts, enrolment: Enrolment) -> Goal | None:
    """The goal, if this event reaches it for the first time, inside its half-open window."""
    goal, event = journey["goal"], facts.event
    assert event is not None
    if goal is None or enrolment.goal_reached_at is not None or event.name not in goal["on"]:
        return None
    within = goal["within_seconds"]
    if within is not None and event.timestamp - enrolment.entry.timestamp >= timedelta(seconds=within):
        return None
    if not holds(goal["where"], facts):
        return None
    value = parse(goal["value"]).value(facts) if goal["value"] else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST_VALUE:
        return Goal(event.timestamp)
    return Goal(event.timestamp, float(value))
