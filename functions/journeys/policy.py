"""What does an event change for a person? Exits and goals, then waking waits, then entries; each with its reason.

Nothing here reads a table or a clock: the rules are what was published, the moment is the event with the person as it
saw them, and the enrolments are where they stand.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import MISSING, Facts, parse
from functions.journeys.draws import arm_of, held_out
from functions.journeys.model import Enrolment, EntryEvent, Goal, Wait
from functions.profiles.model import Snapshot
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.publication import Publication

# Who is measured: those a journey was meant for, also when it did not run to its end, and those held out.
MEASURED = frozenset({"starting", "active", "completed", "exited", "failed", "held_out"})
# DynamoDB takes numbers below 1e126; a goal worth more than this is a mistake.
LARGEST_VALUE = 1e30
POLICY_HOLDOUT = "policy"


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
        """The journeys that an event may ``enter``, ``exit``, reach the ``goal`` of or ``wake``, by name."""
        return sorted(name for name in self.interest.get(event, {}).get(way, ()) if name in self.journeys)


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


@dataclass(frozen=True, slots=True)
class Enter:
    """A new run; ``held_out`` = it is only written down."""

    journey: str
    version: str
    held_out: bool
    arms: Mapping[str, str]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class StartAgain:
    """This very event has entered before, and perhaps no more than its row was written: start the execution."""

    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class Refuse:
    """The event would enter, but may not: ``late``, ``reentry`` or ``not_eligible``."""

    journey: str
    reason: str


Ending: TypeAlias = Exit | StopAgain | Reach


def endings(rules: Rules, moment: Moment, enrolments: Iterable[Enrolment]) -> Iterator[Ending]:
    """Exits and goals of one event, by journey."""
    event = moment.event
    exits, goals = rules.touched(event.name, "exit"), rules.touched(event.name, "goal")
    for enrolment in _ordered(enrolments):
        if enrolment.journey not in {*exits, *goals} or not concerns(event, enrolment):
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
    return _holds(wait.where, facts)


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


def entry(
    rules: Rules, moment: Moment, name: str, enrolments: Iterable[Enrolment], now: datetime
) -> Enter | StartAgain | Refuse | None:
    """What one journey makes of an event that may enter it; None = nothing."""
    event, journey = moment.event, rules.journeys[name]
    known = list(enrolments)
    previous = [one for one in known if one.journey == name]
    own = next((one for one in previous if one.entry.message_id == event.message_id), None)
    if own is not None:
        return StartAgain(own) if own.status == "starting" else None
    facts = rules.common.about(moment.snapshot, event.timestamp, event=event)
    if not _holds(journey["entry"]["where"], facts):
        return None
    if now - event.timestamp > rules.freshness:
        return Refuse(name, "late")
    rule = journey["reentry"]
    key = parse(rule["key"]).value(facts) if rule["kind"] == "per" else None
    reason = _refusal(rules, rule, moment, key, previous)
    if reason is not None:
        return Refuse(name, reason)
    profile = moment.snapshot.profile
    out = _held_out(rules, journey, profile) or _was_held_out(rules, journey, profile, known)
    arms = {} if out else _arms(journey, profile)
    return Enter(name, journey["version"], out, arms, None if rule["kind"] != "per" else _fingerprint(key))


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


def _holds(where: str | None, facts: Facts) -> bool:
    return where is None or parse(where).holds(facts)


def _exits(journey: Mapping[str, Any], facts: Facts) -> bool:
    assert facts.event is not None
    name = facts.event.name
    return any(name in one["on"] and _holds(one["where"], facts) for one in journey["exit"])


def _goal(journey: Mapping[str, Any], facts: Facts, enrolment: Enrolment) -> Goal | None:
    """The goal, if this event reaches it for the first time, inside its half-open window."""
    goal, event = journey["goal"], facts.event
    assert event is not None
    if goal is None or enrolment.goal_reached_at is not None or event.name not in goal["on"]:
        return None
    within = goal["within_seconds"]
    if within is not None and event.timestamp - enrolment.entry.timestamp >= timedelta(seconds=within):
        return None
    if not _holds(goal["where"], facts):
        return None
    value = parse(goal["value"]).value(facts) if goal["value"] else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST_VALUE:
        return Goal(event.timestamp)
    return Goal(event.timestamp, float(value))


def _refusal(rules: Rules, rule: Mapping[str, Any], moment: Moment, key: Any, previous: list[Enrolment]) -> str | None:
    """Why the person may not enter again; None when they may. ``key`` = the one at hand, of a rule that has keys."""
    kind, after = rule["kind"], rule["seconds"]
    if kind == "per":
        if key is MISSING:
            return "not_eligible"
        previous = [one for one in previous if _key(rules, rule["key"], moment, one) == key]
        kind = "never" if after is None else "after"
    if not previous:
        return None
    if kind == "never" or any(one.running for one in previous):
        return "reentry"
    if kind == "always":
        return None
    last = max(one.entry.timestamp for one in previous)
    return "reentry" if moment.event.timestamp - last < timedelta(seconds=after or 0) else None


def _fingerprint(key: Any) -> str:
    """32 hex of SHA-256: rows need to tell keys apart, not to know them."""
    said = json.dumps(key, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _key(rules: Rules, key: str, moment: Moment, enrolment: Enrolment) -> Any:
    """What the key was when that enrolment was entered."""
    entered = enrolment.entry
    body = {"event": entered.event, "properties": entered.properties, "traits": entered.traits}
    event = Event(entered.message_id, "track", entered.timestamp, entered.timestamp, "", True, body)
    return parse(key).value(rules.common.about(moment.snapshot, entered.timestamp, event=event))


def _held_out(rules: Rules, journey: Mapping[str, Any], profile: ProfileId) -> bool:
    # The policy's holdout is about marketing: an order confirmation reaches everybody.
    return held_out(profile, f"journey:{journey['journey']}", journey["holdout"]) or (
        journey["class"] == "marketing" and held_out(profile, POLICY_HOLDOUT, rules.holdout)
    )


def _was_held_out(
    rules: Rules, journey: Mapping[str, Any], profile: ProfileId, enrolments: Iterable[Enrolment]
) -> bool:
    """True when somebody who became one with this person was held out: of this journey, or of marketing altogether.

    Only whom a journey met counts. To draw for every id somebody ever had would hold out nearly all who have many.
    """
    others = [one for one in enrolments if one.profile != profile and one.status == "held_out"]
    return any(one.journey == journey["journey"] for one in others) or (
        journey["class"] == "marketing" and any(held_out(one.profile, POLICY_HOLDOUT, rules.holdout) for one in others)
    )


def _arms(journey: Mapping[str, Any], profile: ProfileId) -> dict[str, str]:
    return {
        name: arm_of(profile, journey["journey"], name, one["variants"]) for name, one in journey["experiments"].items()
    }
