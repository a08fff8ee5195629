"""What happened to one person, and what was decided about them? Every event and every decision line, in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.dispatch.model import Message
from functions.journeys.model import Enrolment
from functions.profiles.model import Snapshot
from functions.shared.events import Event
from functions.shared.names import ProfileId
from infra.local.report.model import Timeline, TimelineLine, Tone
from infra.local.report.words import CHANNEL_NAMES, STATUS_NAMES, reason_in_words

LONGEST = 90
"""A story beyond this many lines is a list; somebody shorter is told instead, where there is one."""
_TONES: Mapping[str, Tone] = {"sent": "good", "withheld": "no", "deferred": "plain", "failed": "bad"}
_RECEIPTS = ("Email ", "SMS ", "Push ")
_NUMBER = int | float


def richest(enrolments: Iterable[Enrolment], messages: Iterable[Message]) -> ProfileId | None:
    """Whose story shows most: most kinds of decisions, journeys and endings; among equals the shortest."""
    kinds: dict[ProfileId, set[tuple[str, ...]]] = defaultdict(set)
    lines: dict[ProfileId, int] = defaultdict(int)
    for message in messages:
        kinds[message.profile].add(("decision", str(message.decision), str(message.reason), message.channel))
        kinds[message.profile].add(("status", str(message.status)))
        lines[message.profile] += 1
    for enrolment in enrolments:
        kinds[enrolment.profile].add(("enrolment", enrolment.journey, enrolment.status))
        lines[enrolment.profile] += 2
    if not kinds:
        return None
    return min(kinds, key=lambda one: (lines[one] > LONGEST, -len(kinds[one]), lines[one], one))


def life(
    snapshot: Snapshot,
    events: Iterable[Event],
    enrolments: Sequence[Enrolment],
    messages: Sequence[Message],
    titles: Mapping[str, str],
    *,
    channel_order: Sequence[str] = (),
) -> Timeline:
    """One person's whole story, ascending; ``titles`` names the journeys.

    At one instant events come first, then entries, then decisions (in ``channel_order``), then endings.
    """
    happened = list(events)
    tried = {channel: number for number, channel in enumerate(channel_order)}
    lines = [
        *(_event(event) for event in happened),
        *(_entry(one, titles) for one in sorted(enrolments, key=lambda one: (one.entered_at, one.journey))),
        *(_message(one, titles) for one in sorted(messages, key=lambda one: tried.get(one.channel, 0))),
        *(_ending(one, one.ended_at, titles) for one in enrolments if one.ended_at is not None),
    ]
    traits = dict(snapshot.traits)
    name = " ".join(str(traits.pop(part)) for part in ("firstName", "lastName") if part in traits)
    return Timeline(
        name=name or "Somebody without a name",
        profile=snapshot.profile,
        traits=traits,
        identifiers=_identifiers(happened),
        lines=sorted(lines, key=lambda line: line.at),
    )


def _event(event: Event) -> TimelineLine:
    body = event.body
    if event.type == "consent":
        channel = str(body.get("channel", ""))
        title = f"Consent to {body.get('topic')} by {CHANNEL_NAMES.get(channel, channel)} {body.get('state')}"
        return TimelineLine(event.timestamp, "consent", title, str(body.get("source", "")))
    if event.source == "segue.feedback" or event.name.startswith(_RECEIPTS):
        detail = str(event.properties.get("reason") or event.properties.get("journey") or "")
        return TimelineLine(event.timestamp, "receipt", event.name, detail)
    titles = {"identify": "Identified", "page": "Page seen", "screen": "Screen seen", "alias": "Ids joined"}
    detail = _money(event.properties) or _details(event)
    return TimelineLine(event.timestamp, "event", titles.get(event.type, event.name), detail)


def _money(properties: Mapping[str, Any]) -> str:
    revenue, units = properties.get("revenue"), properties.get("units")
    if not isinstance(revenue, _NUMBER):
        return ""
    currency = str(properties.get("currency", ""))
    sign = {"GBP": "£", "EUR": "€", "USD": "$"}.get(currency, f"{currency} ")
    return f"{sign}{revenue:,.2f}" + (f", {units:,} units" if isinstance(units, _NUMBER) else "")


def _details(event: Event) -> str:
    if event.type in {"page", "screen"}:
        return str(event.body.get("name") or event.properties.get("path") or "")
    if event.type == "identify":
        device = event.context.get("device")
        if isinstance(device, Mapping) and device.get("token"):
            return ", ".join(part for part in ("takes push", str(device.get("type", ""))) if part)
        return ", ".join(sorted(str(name) for name in event.traits))
    return ""


def _entry(one: Enrolment, titles: Mapping[str, str]) -> TimelineLine:
    title = titles.get(one.journey, one.journey)
    if one.status == "held_out":
        return TimelineLine(one.entered_at, "enrolment", f"Held out of “{title}”", "Kept out for comparison.", "no")
    return TimelineLine(one.entered_at, "enrolment", f"Entered “{title}”", f"on {one.entry.event}")


def _ending(one: Enrolment, at: datetime, titles: Mapping[str, str]) -> TimelineLine:
    title = f"“{titles.get(one.journey, one.journey)}” {STATUS_NAMES.get(one.status, one.status)}"
    detail = f"because of {one.reason.replace('_', ' ')}" if one.reason else ""
    return TimelineLine(at, "enrolment", title, detail, "bad" if one.status == "failed" else "plain")


def _message(one: Message, titles: Mapping[str, str]) -> TimelineLine:
    decision = str(one.decision or one.phase)
    channel = CHANNEL_NAMES[one.channel]
    reason = reason_in_words(one.reason) if one.reason else ""
    detail = f"{reason[:1].upper()}{reason[1:]}." if reason else f"for “{titles.get(one.journey, one.journey)}”"
    # A guard that found nothing in the way saw an absence or a no; only what it did see is worth a line.
    facts = {name: value for name, value in one.facts.items() if value or type(value) in {int, float}}
    if one.status not in {None, "queued", "sent"}:
        facts["status"] = one.status
    title = f"{decision.capitalize()} by {channel}: {one.template}"
    return TimelineLine(one.decided_at, "decision", title, detail, _TONES.get(decision, "plain"), facts)


def _identifiers(events: Sequence[Event]) -> list[str]:
    found: dict[str, None] = {}
    for event in events:
        body = event.body
        device = event.context.get("device")
        token = device.get("token") if isinstance(device, Mapping) else None
        named = {
            "customer id": body.get("userId"),
            "cookie": body.get("anonymousId"),
            "e-mail": event.traits.get("email"),
            "phone": event.traits.get("phone"),
            "push token": token,
        }
        for name, value in named.items():
            if value:
                found[f"{name} {_short(str(value))}"] = None
    return list(found)


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:12]}...{value[-6:]}"
