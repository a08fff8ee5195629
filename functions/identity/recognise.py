"""Whose are these events, and what must hear of them? One delivery: read once, write once per person, pass on once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from functions.identity.canonical import canonical
from functions.identity.keys import contact_key
from functions.identity.model import Identifier, Rules
from functions.identity.naming import Named, named
from functions.identity.policy import Change, Plan, Resolution, needed_heads, resolve_all
from functions.identity.sqs import Listeners
from functions.identity.store import IdentityStore
from functions.profiles.api import Arrival, Claim, Customer, Profiles, Recorded
from functions.profiles.model import Contact
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import Channel, ContactKey, ProfileId
from functions.shared.observability import count, logger
from functions.shared.publication import Publication
from functions.shared.sqs import encode

SERVICE = "recognise-people"
ATTEMPTS = 6
Written = Literal["yes", "overtaken", "stuck"]
# Of one person's events, in one entry of a packed message; beyond it the person stands in several entries.
ENTRY_BYTES = 400_000
CHANNELS: Mapping[str, Channel] = {"email": "email", "phone": "sms", "push_token": "push"}
NAMESPACES: Mapping[Channel, str] = {channel: namespace for namespace, channel in CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a delivery: the record that brought it, and whom it names."""

    record: str
    event: Event
    names: Named


@dataclass(frozen=True, slots=True)
class Resolved:
    """A message whose person is known and stored."""

    message: Message
    resolution: Resolution
    own: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The identity consumer: what it reads from and passes on to."""

    identity: IdentityStore
    profiles: Profiles
    listeners: Listeners
    publication: Publication
    pepper: str
    rules: Rules = field(default_factory=Rules)

    def read(self, body: Mapping[str, Any]) -> list[tuple[Event, Named]]:
        """The events of one record with whom they name; raises when the body is not capture's."""
        events = [Event.from_json(one) for one in body["events"]]
        return [(event, named(event, self.rules, self.pepper)) for event in events]

    def recognise(self, delivery: Mapping[str, Sequence[tuple[Event, Named]]]) -> set[str]:
        """Handles ``{record: events}``; answers the records of people that could not be written.

        Delivered again, the events change nothing and are passed on again: what was written before a crash may not
        have been passed on, and every consumer behind knows its copies.
        """
        messages = [Message(record, event, names) for record, many in delivery.items() for event, names in many]
        messages.sort(key=lambda message: message.event.order)
        resolved, stuck = self._resolve(messages)
        people: dict[ProfileId, list[Resolved]] = {}
        for one in resolved:
            people.setdefault(one.resolution.profile, []).append(one)
        outcome = self.profiles.record({who: [_arrival(one) for one in many] for who, many in people.items()})
        recorded = {who: one for who, one in outcome.items() if isinstance(one, Recorded)}
        self._pass_on(recorded, people)
        _report(messages, resolved, recorded)
        stuck |= {one.message.record for who in outcome.keys() - recorded.keys() for one in people[who]}
        return stuck

    def _resolve(self, messages: Sequence[Message]) -> tuple[list[Resolved], set[str]]:
        """Finds and stores each event's person; what somebody else changed meanwhile is decided anew."""
        resolved: list[Resolved] = []
        stuck: set[str] = set()
        pending = messages
        for _attempt in range(ATTEMPTS):
            plan = self._plan(pending)
            done = {profile: self._written(change) for profile, change in plan.changes.items()}
            by_outcome: dict[Written, list[Resolved]] = {"yes": [], "overtaken": [], "stuck": []}
            for message, resolution in zip(pending, plan.resolutions, strict=True):
                by_outcome[done.get(resolution.profile, "yes")].append(_resolved(message, resolution, plan))
            resolved += by_outcome["yes"]
            stuck |= {one.message.record for one in by_outcome["stuck"]}
            pending = [one.message for one in by_outcome["overtaken"]]
            if not pending:
                break
        return resolved, stuck | {message.record for message in pending}

    def _written(self, change: Change) -> Written:
        try:
            return "yes" if self.identity.write(change) else "overtaken"
        except TransientError as error:
            logger(SERVICE).warning("person will be retried", extra={"why": str(error)})
            return "stuck"

    def _plan(self, messages: Sequence[Message]) -> Plan:
        events = [(message.event, message.names) for message in messages]
        known = self.identity.known(one.key for message in messages for one in message.names.linking)
        heads = self.identity.heads(needed_heads(events, known))
        return resolve_all(events, known, heads, self.rules, self.pepper)

    def _pass_on(self, recorded: Mapping[ProfileId, Recorded], people: Mapping[ProfileId, Sequence[Resolved]]) -> None:
        entries: list[dict[str, Any]] = []
        consents: list[dict[str, Any]] = []
        for who, result in recorded.items():
            refused = {id(event) for event in result.conflicting}
            accepted = [one.message.event for one in people[who] if id(one.message.event) not in refused]
            events = list({event.message_id: event for event in accepted}.values())
            wanted = [event for event in events if event.name in self.publication.interest]
            snapshot = result.snapshot.to_json() if wanted else {}
            entries += [{"profile": snapshot, "events": part} for part in _parts(wanted)]
            consents += self._consents(result, [event for event in events if event.type == "consent"])
        self.listeners.tell(entries, consents)

    def _consents(self, result: Recorded, events: Iterable[Event]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for event in events:
            contact = self._consented_contact(result, event)
            if contact is None:
                # It stays in the timeline; binding it to the person's first address comes with pending consents.
                count(SERVICE, {"consent_without_contact": 1})
                continue
            found.append(
                {
                    "profile": result.snapshot.profile,
                    "contact": contact,
                    "channel": event.body["channel"],
                    "topic": event.body["topic"],
                    "state": event.body["state"],
                    "source": str(event.body.get("source") or event.source),
                    "effectiveAt": format_instant(event.timestamp),
                    "messageId": event.message_id,
                }
            )
        return found

    def _consented_contact(self, result: Recorded, event: Event) -> ContactKey | None:
        channel: Channel = event.body["channel"]
        if "address" in event.body:
            namespace = NAMESPACES[channel]
            address = canonical(namespace, str(event.body["address"]), self.rules.country)
            return contact_key(namespace, address, self.pepper) if address else None
        best = result.snapshot.best_contact(channel)
        return best.key if best else None


def _resolved(message: Message, resolution: Resolution, plan: Plan) -> Resolved:
    own = frozenset(
        one.key
        for one in message.names.linking
        if one.key in plan.known and plan.known[one.key].profile == resolution.profile
    )
    return Resolved(message, resolution, own | {one.key for one in message.names.receiving})


def _arrival(one: Resolved) -> Arrival:
    event = one.message.event
    mine = [i for i in (*one.message.names.linking, *one.message.names.receiving) if i.key in one.own]
    claims = [_claim(i, event) for i in mine if i.namespace in CHANNELS]
    customer: Customer | None = None
    if any(i.kind == "anchor" for i in mine):
        customer = "trusted" if event.trusted else "claimed"
    return Arrival(event, claims, customer)


def _claim(identifier: Identifier, event: Event) -> Claim:
    device = event.context.get("device")
    platform = device.get("type") if identifier.namespace == "push_token" and isinstance(device, Mapping) else None
    contact = Contact(
        address=identifier.as_sent,
        key=identifier.key,
        asserted_at=event.timestamp,
        verified=event.trusted and event.body.get("verified") is True,
        platform=platform.lower() if isinstance(platform, str) else None,
    )
    return Claim(CHANNELS[identifier.namespace], contact, event.message_id, event.trusted)


def _parts(events: Sequence[Event]) -> list[list[Any]]:
    parts: list[list[Any]] = []
    size = ENTRY_BYTES
    for event in events:
        data = event.to_json()
        length = len(encode(data))
        if size + length > ENTRY_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(data)
        size += length
    return parts


def _report(messages: Sequence[Message], resolved: Sequence[Resolved], recorded: Mapping[ProfileId, Recorded]) -> None:
    counts = Counter(code for message in messages for code in message.names.warnings)
    counts.update(code for one in resolved for code in one.resolution.refused.values())
    counts.update(
        events=sum(len(one.added) for one in recorded.values()),
        copies=sum(one.duplicates for one in recorded.values()),
        conflicting_body=sum(len(one.conflicting) for one in recorded.values()),
        merges_waiting=sum(one.resolution.merge_waits for one in resolved),
        people=len(recorded),
    )
    count(SERVICE, counts)
