"""Whose are these events, and what must hear of them? One delivery: read once, write once per person, pass on once."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.identity.archive import Archive
from functions.identity.archived_line import Kept
from functions.identity.canonical import canonical
from functions.identity.claims import Claims
from functions.identity.commands import Operator
from functions.identity.firehose import Stream
from functions.identity.history import History
from functions.identity.keys import contact_key
from functions.identity.lookout import Lookout, Moved
from functions.identity.model import Identifier, Rules
from functions.identity.naming import PAST_RETENTION, Named, Stated, named
from functions.identity.resolve import Message, Place, Resolution, Resolver
from functions.identity.sayings import saying_of
from functions.identity.sqs import Listeners
from functions.identity.store import IdentityStore
from functions.profiles.api import Arrival, Claim, Customer, Erased, Profiles, Recorded, random_key
from functions.profiles.model import Contact
from functions.shared.bucket import Bucket
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.events import Event, packed_events
from functions.shared.names import Channel, ContactKey, ProfileId
from functions.shared.observability import count, logger
from functions.shared.publication import Publication
from functions.shared.rows import Rows

SERVICE = "recognise-people"
ATTEMPTS = 6
# Of one person's events, in one entry of a packed message; beyond it the person stands in several entries.
ENTRY_BYTES = 400_000
CHANNELS: Mapping[str, Channel] = {"email": "email", "phone": "sms", "push_token": "push"}
DEEDS = ("unmerge", "erase")
NAMESPACES: Mapping[Channel, str] = {channel: namespace for namespace, channel in CHANNELS.items()}


@dataclass(frozen=True, slots=True)
class Placed:
    """A message with its place."""

    message: Message
    place: Place


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The identity consumer: what it reads from and passes on to. Without ``archive`` nothing is archived; ``claims`` =
    where the doors left what was too large to travel."""

    identity: IdentityStore
    profiles: Profiles
    listeners: Listeners
    publication: Publication
    pepper: str
    lookout: Lookout
    rules: Rules = field(default_factory=Rules)
    archive: Archive | None = None
    claims: Claims | None = None

    @staticmethod
    def on(
        rows: Rows,
        identity_table: str,
        profiles_table: str,
        listeners: Listeners,
        publication: Publication,
        *,
        pepper: str,
        stream: Stream | None = None,
        claims: Bucket | None = None,
    ) -> "Recogniser":
        """A recogniser over two tables of one store; ``stream`` = where events are archived."""
        rules = Rules.of(publication.policy)
        profiles = Profiles(
            profiles_table,
            publication.series,
            rows,
            publication.policy,
            windows=publication.windows,
            keep=rules.keep,
            awaited=[event for event, ways in publication.interest.items() if ways.get("wake")],
            new_key=random_key if stream is not None else None,
        )
        identity = IdentityStore(rows, identity_table, profiles)
        archive = Archive(stream, pepper, rules) if stream is not None else None
        left = Claims(claims, profiles, rules) if claims is not None else None
        lookout = Lookout(publication.mentions, profiles)
        return Recogniser(identity, profiles, listeners, publication, pepper, lookout, rules, archive, left)

    def history(self) -> History:
        """Whose events are whose, over all time."""
        return History(self.identity, self.profiles, self.rules)

    def named(self, event: Event) -> Named:
        """Whom an event names, by this deployment's rules."""
        return named(event, self.rules, self.pepper)

    def read(self, text: str) -> list[tuple[Event, Named]]:
        """The events of one record with whom they name; raises when the text is not capture's."""
        known: dict[Stated, Named] = {}
        return [(event, named(event, self.rules, self.pepper, known)) for event in packed_events(text)]

    def recognise(self, delivery: Mapping[str, Sequence[tuple[Event, Named]]], again: Collection[str] = ()) -> set[str]:
        """Handles ``{record: events}``; answers the records of people that could not be written.

        Delivered again, the events change nothing and are passed on again: what was written before a crash may not
        have been passed on, and every consumer behind knows its copies. ``again`` = records that were delivered before.
        """
        messages = [self.message(record, *one) for record, many in delivery.items() for one in many]
        messages.sort(key=lambda message: message.event.order)
        stuck: set[str] = set()
        kept: list[Kept] = []
        for part in _parts_between_deeds(messages):
            stuck |= self._recognise(part, again, kept)
        return stuck | (self.archive.keep(kept) if self.archive else set())

    def message(self, record: str, event: Event, names: Named) -> Message:
        """An event of a record, with what an operator says by it."""
        return Message(record, event, names, saying_of(event, self.rules, self.pepper))

    def _recognise(self, messages: Sequence[Message], again: Collection[str], kept: list[Kept]) -> set[str]:
        if messages[0].event.body.get("command") in DEEDS:
            return self._do(messages[0], kept)
        stuck: set[str] = set()
        pending = messages
        for _attempt in range(ATTEMPTS):
            resolution = self.resolver().resolve(pending)
            stuck |= {pending[n].record for n in resolution.stuck}
            self.lookout.note([*resolution.moved, *self._settled_before(pending, again)])
            placed = [Placed(m, p) for m, p in zip(pending, resolution.places, strict=True) if p is not None]
            people: dict[ProfileId, list[Placed]] = {}
            for one in placed:
                people.setdefault(one.place.profile, []).append(one)
            outcome = self.profiles.record({who: [_arrival(one) for one in many] for who, many in people.items()})
            recorded = {who: one for who, one in outcome.items() if isinstance(one, Recorded)}
            failed = {who for who, one in outcome.items() if isinstance(one, TransientError)}
            gone = {who for who, one in outcome.items() if isinstance(one, Erased)}
            resolution.counts["erased"] += sum(len(people[who]) for who in gone)
            if self.archive is not None:
                kept += self.archive.words([pending[n] for n in resolution.silent], self.profiles)
                for who, result in recorded.items():
                    kept += self.archive.events(who, result, [(one.message, one.place) for one in people[who]])
            stuck |= self._forget_claims([pending[n] for n in resolution.erased], recorded, people)
            self._pass_on(recorded, people, resolution.merges)
            _report(pending, resolution, recorded)
            stuck |= {one.message.record for who in failed for one in people[who]}
            moved = outcome.keys() - recorded.keys() - failed - gone
            pending = [self._moved(one.message) for who in sorted(moved) for one in people[who]]
            if not pending:
                return stuck
        return stuck | {message.record for message in pending}

    def resolver(self) -> Resolver:
        """Who finds people; by itself it records no event."""
        return Resolver(self.identity, self.rules, self.pepper, self._timeline, self.profiles)

    def _timeline(self, device: str) -> Sequence[Arrival]:
        """What a device did by itself, as it would arrive again."""
        arrivals: list[Arrival] = []
        for event in self.profiles.timeline(device):
            names = self.named(event)
            expires = self.rules.namespace(device.partition("#")[0]).expires
            place = Place(ProfileId(""), device, device, expires=expires)
            arrivals.append(_arrival(Placed(Message("", event, names), place)))
        return arrivals

    def _moved(self, message: Message) -> Message:
        """An event of our own names its person by an id, which may stand for another by now."""
        if message.names.profile is None:
            return message
        survivor = self.profiles.snapshot(message.names.profile)
        profile = message.names.profile if survivor is None else survivor.profile
        return Message(message.record, message.event, Named((), profile=profile))

    def _settled_before(self, messages: Sequence[Message], again: Collection[str]) -> list[Moved]:
        """Who may have moved when these messages were settled the first time; who died then may have told nobody."""
        settling = (
            [one for one in messages if one.record in again and _may_settle(one)] if self.lookout.mentions else []
        )
        return [self._holders(message) for message in settling]

    def _holders(self, message: Message) -> Moved:
        """Whom a message names, and everybody of whom something is said there: of a device's owners it names one."""
        keys = message.saying.values if message.saying else [one.key for one in message.names.linking]
        named = self._holding(keys)
        said = {key for head in self.identity.people(named, 0)[0].values() for key in head.ledger.ends}
        return named | self._holding(said - set(keys))

    def _holding(self, keys: Collection[str]) -> Moved:
        pointers = self.identity.pointers(keys, 0).pointers.values()
        return frozenset(one.profile for one in pointers if one is not None and one.profile is not None)

    def _do(self, message: Message, kept: list[Kept]) -> set[str]:
        operator = Operator(self.identity, self.profiles, self.listeners, self.resolver(), self.claims, self.archive)
        try:
            operator.do(message)
            self.lookout.note([self._holders(message)])
            looks = self.lookout.looks({}, {})
            if looks:
                self.listeners.tell([], looks=looks)
            self.lookout.told()
        except TransientError as error:
            logger(SERVICE).warning("command will be retried", extra={"why": str(error)})
            return {message.record}
        if self.archive is not None:
            kept += self.archive.words([message], self.profiles)
        return set()

    def _forget_claims(
        self,
        dropped: Sequence[Message],
        recorded: Mapping[ProfileId, Recorded],
        people: Mapping[ProfileId, Sequence[Placed]],
    ) -> set[str]:
        """What events left that are not kept goes now: nothing tells of it later. Answers the records to try again."""
        if self.claims is None:
            return set()
        told = {who: [one.message for one in people[who]] for who in recorded}
        try:
            self.claims.forget_dropped(dropped)
            self.claims.forget_refused(recorded, told)
        except TransientError as error:
            logger(SERVICE).warning("records will be retried", extra={"why": str(error)})
            return {one.record for many in (dropped, *told.values()) for one in many if one.event.claim}
        return set()

    def _pass_on(
        self,
        recorded: Mapping[ProfileId, Recorded],
        people: Mapping[ProfileId, Sequence[Placed]],
        merges: Mapping[ProfileId, ProfileId],
    ) -> None:
        entries: list[dict[str, Any]] = []
        consents: list[dict[str, Any]] = []
        taken: dict[ProfileId, list[Event]] = {}
        for who, result in recorded.items():
            accepted = [one.message.event for one in people[who] if not result.refuses(one.message.event)]
            events = taken[who] = list({event.message_id: event for event in accepted}.values())
            past = {event.message_id for event in result.past}
            wanted = [one for one in events if one.name in self.publication.interest and one.message_id not in past]
            snapshot = result.snapshot.to_json() if wanted else {}
            entries += [{"profile": snapshot, "events": part} for part in _parts(wanted)]
            consents += self._consents(result, [event for event in events if event.type == "consent"])
        self.listeners.tell(entries, consents, self._merged(recorded, merges), self.lookout.looks(recorded, taken))
        self.lookout.told()

    def _merged(
        self, recorded: Mapping[ProfileId, Recorded], merges: Mapping[ProfileId, ProfileId]
    ) -> list[dict[str, Any]]:
        """Who now stands for whom. A hint: what hangs on it is looked up again where it matters."""
        survivors = {one: recorded[one].snapshot for one in merges.values() if one in recorded}
        # A command joins people without an event of theirs.
        silent = {one: self.profiles.snapshot(one) for one in set(merges.values()) - survivors.keys()}
        survivors.update({one: snapshot for one, snapshot in silent.items() if snapshot is not None})
        return [
            {"profile": survivors[survivor].to_json(), "loser": loser, "op": f"merge-{loser}-{survivor}"}
            for loser, survivor in sorted(merges.items())
            if survivor in survivors
        ]

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


def _may_settle(message: Message) -> bool:
    return message.saying is not None or message.event.type == "reset" or len(message.names.linking) > 1


def _arrival(one: Placed) -> Arrival:
    event, names, place = one.message.event, one.message.names, one.place
    claims = [_claim(i, event, True) for i in names.linking if i.namespace in CHANNELS]
    claims += [_claim(i, event, False) for i in names.receiving if i.namespace in CHANNELS]
    customer: Customer | None = None
    if any(i.kind == "anchor" for i in names.linking):
        customer = "trusted" if event.trusted else "claimed"
    return Arrival(
        event=event,
        claims=claims,
        customer=customer,
        home=place.home,
        layer=place.layer,
        epoch=place.epoch,
        owner_epoch=place.owner_epoch,
        expires=place.expires,
        past=PAST_RETENTION in names.warnings,
        by_id=names.profile is not None,
    )


def _claim(identifier: Identifier, event: Event, linking: bool) -> Claim:
    device = event.context.get("device")
    platform = device.get("type") if identifier.namespace == "push_token" and isinstance(device, Mapping) else None
    contact = Contact(
        address=identifier.as_sent,
        key=identifier.key,
        asserted_at=event.timestamp,
        verified=event.trusted and event.body.get("verified") is True,
        platform=platform.lower() if isinstance(platform, str) else None,
    )
    return Claim(CHANNELS[identifier.namespace], contact, event.message_id, event.trusted, linking)


def _parts(events: Sequence[Event]) -> list[list[Any]]:
    parts: list[list[Any]] = []
    size = ENTRY_BYTES
    for event in events:
        data = event.to_json()
        length = len(event.to_text())
        if size + length > ENTRY_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(data)
        size += length
    return parts


def _parts_between_deeds(messages: Sequence[Message]) -> list[list[Message]]:
    """What undoes or erases acts on what was there before it; everything else may be told in any order."""
    parts: list[list[Message]] = []
    for message in messages:
        deed = message.event.body.get("command") in DEEDS
        if deed or not parts or parts[-1][0].event.body.get("command") in DEEDS:
            parts.append([])
        parts[-1].append(message)
    return parts


def _report(messages: Sequence[Message], resolution: Resolution, recorded: Mapping[ProfileId, Recorded]) -> None:
    counts = Counter(code for message in messages for code in message.names.warnings)
    counts.update(resolution.counts)
    counts.update(
        events=sum(len(one.added) for one in recorded.values()),
        copies=sum(one.duplicates for one in recorded.values()),
        conflicting_body=sum(len(one.conflicting) for one in recorded.values()),
        erased=len(resolution.erased),
        people=len(recorded),
    )
    count(SERVICE, counts)
