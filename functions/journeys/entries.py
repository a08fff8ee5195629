"""Who enters what? The journeys an event may enter, whether this person may, and which of several that compete.

A decision (``Decision Requested``) is a contest: of the journeys that may be entered the one of the highest priority
is, and a second delivery of the event finds its run, whatever holds by then.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from functions.journeys.acts import DECISION_REQUESTED
from functions.journeys.conditions import MISSING, parse
from functions.journeys.draws import arm_of, held_out
from functions.journeys.model import Enrolment, NoEntry
from functions.journeys.policy import Moment, Rules, holds
from functions.shared.clock import format_instant
from functions.shared.events import Event
from functions.shared.names import ProfileId

# What functions/audiences tells of people. What a ``decide`` step, or an app, asks about one is ``DECISION_REQUESTED``.
AUDIENCE_ENTERED = "Audience Entered"
# The event of a tick: nobody sends it, and nothing but the entry hears of it.
SCHEDULE = "Schedule"
SCHEDULES = "segue.schedules"
POLICY_HOLDOUT = "policy"


@dataclass(frozen=True, slots=True)
class Contest:
    """Journeys of which one event enters one at most. ``named`` = what the run's id is made of beside the event, the
    same whichever of them it is, so that there is one row for all; ``apart`` = what the event enters by itself."""

    named: str
    journeys: Sequence[str]
    apart: frozenset[str] = frozenset()

    def has_entered(self, event: Event, run: Enrolment) -> bool:
        """Whether a run is what this event entered before, also when its journey competes no more; of a tick, also when
        it entered the person under another id."""
        if event.source == SCHEDULES:
            return (run.journey, run.entry.event, run.entry.timestamp) == (self.named, event.name, event.timestamp)
        return run.entry.message_id == event.message_id and (
            run.journey in self.journeys or (self.named not in self.journeys and run.journey not in self.apart)
        )


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
    """The event would enter, but may not: ``late``, ``reentry``, ``not_eligible``, ``paused``, ``stopped`` or
    ``kill_switch``; or ``outranked`` by the winner."""

    journey: str
    reason: str
    winner: str | None = None

    @property
    def decision(self) -> NoEntry:
        """As decision lines call it."""
        return "withheld" if self.winner is None else "outranked"


Closed: TypeAlias = Callable[[str], str | None]
Verdict: TypeAlias = Enter | StartAgain | Refuse


def way_in(kind: str, name: str) -> str:
    """By which way a publication's ``interest`` lists what an ``audience`` or a ``decision`` enters."""
    return f"{kind}:{name}"


def contests(rules: Rules, event: Event) -> list[Contest]:
    """What an event may enter, by name. One that names an audience is believed only of those who may speak of others:
    a browser puts nobody into an audience."""
    alone = rules.touched(event.name, "enter")
    if event.name == AUDIENCE_ENTERED and event.trusted:
        alone = sorted({*alone, *_named(rules, event, "audience")})
    found = [Contest(journey, [journey]) for journey in alone]
    if event.name == DECISION_REQUESTED and (contenders := _named(rules, event, "decision")):
        ranked = sorted(contenders, key=lambda name: (-rules.journeys[name]["priority"], name))
        found.append(Contest(way_in("decision", event.properties["decision"]), ranked, frozenset(alone)))
    return found


def tick(journey: str, at: datetime, profile: ProfileId) -> Event:
    """What happens to a person whom a schedule enters."""
    body = {"type": "track", "event": SCHEDULE, "properties": {}}
    return Event(f"{journey}/{format_instant(at)}/{profile}", "track", at, at, SCHEDULES, True, body)


def verdicts(
    rules: Rules,
    moment: Moment,
    contest: Contest,
    enrolments: Iterable[Enrolment],
    now: datetime,
    *,
    closed: Closed = lambda journey: None,
) -> list[Verdict]:
    """What becomes of each journey of a contest, the best first; nothing of those the event is not about.

    ``closed`` tells why a journey takes nobody in at present, and is asked only of who would enter.
    """
    known = list(enrolments)
    own = next((one for one in known if contest.has_entered(moment.event, one)), None)
    if own is not None:
        return [StartAgain(own)] if own.status == "starting" else []
    found: list[Verdict] = []
    winner: str | None = None
    for journey in contest.journeys:
        match _verdict(rules, moment, journey, known, now, closed=closed):
            case Enter() if winner is not None:
                found.append(Refuse(journey, "outranked", winner))
            case Enter() as entered:
                winner = journey
                found.append(entered)
            case Refuse() as refused:
                found.append(refused)
    return found


def _named(rules: Rules, event: Event, kind: str) -> list[str]:
    name = event.properties.get(kind)
    return rules.touched(event.name, way_in(kind, name)) if isinstance(name, str) else []


def _verdict(
    rules: Rules, moment: Moment, name: str, known: Sequence[Enrolment], now: datetime, *, closed: Closed
) -> Enter | Refuse | None:
    """What one journey makes of an event that may enter it; None = nothing."""
    event, journey = moment.event, rules.journeys[name]
    facts = rules.common.about(moment.snapshot, event.timestamp, event=event)
    if not holds(journey["entry"]["where"], facts):
        return None
    # Whether a tick is late was asked once for all; its people come as fast as runs may start.
    if event.source != SCHEDULES and now - event.timestamp > rules.freshness:
        return Refuse(name, "late")
    rule = journey["reentry"]
    key = parse(rule["key"]).value(facts) if rule["kind"] == "per" else None
    reason = _refusal(rules, rule, moment, key, [one for one in known if one.journey == name]) or closed(name)
    if reason is not None:
        return Refuse(name, reason)
    profile = moment.snapshot.profile
    out = _held_out(rules, journey, profile) or _was_held_out(rules, journey, profile, known)
    arms = {} if out else _arms(journey, profile)
    return Enter(name, journey["version"], out, arms, None if rule["kind"] != "per" else _fingerprint(key))


def _refusal(rules: Rules, rule: Mapping[str, Any], moment: Moment, key: Any, previous: list[Enrolment]) -> str | None:
    """Why the person may not enter again; None when they may. ``key`` = the one at hand, of a rule that has keys."""
    kind, after = rule["kind"], rule["seconds"]
    if kind == "per":
        if key is MISSING:
            return "not_eligible"
        previous = [one for one in previous if _key(rules, rule["key"], moment, one) == _fingerprint(key)]
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
    """32 hex of SHA-256: rows need to tell keys apart, not to know them. 1 and 1.0 are one key, as for conditions."""
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    said = json.dumps(key, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _key(rules: Rules, key: str, moment: Moment, enrolment: Enrolment) -> str:
    """The fingerprint of the key by which that enrolment was entered: as it was then, since traits change. One that was
    entered while the rule had no keys is asked for it now."""
    if enrolment.key is not None:
        return enrolment.key
    entered = enrolment.entry
    body = {"event": entered.event, "properties": entered.properties, "traits": entered.traits}
    event = Event(entered.message_id, "track", entered.timestamp, entered.timestamp, "", True, body)
    return _fingerprint(parse(key).value(rules.common.about(moment.snapshot, entered.timestamp, event=event)))


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
