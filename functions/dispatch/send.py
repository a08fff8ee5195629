"""Does this message go, now, to this person? Ask the gate, write it, claim it, send it once, tell the journey."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.dispatch.api import Message, Messages
from functions.dispatch.dynamodb import Known, Records
from functions.dispatch.gate import GUARDS, ask
from functions.dispatch.gate.verdict import Deferred, Guard, Pass, Paused, Question, Withheld
from functions.dispatch.links import links
from functions.dispatch.model import SendRequest, planned
from functions.dispatch.policy import LEASE, due_at, given_up, settled, spoken_for, standing, tries_next_channel
from functions.dispatch.provider import Outgoing, Provider, Unavailable, Unrenderable
from functions.dispatch.render import Templates, context_of
from functions.dispatch.step_functions import TaskTokens
from functions.journeys.collisions import MERGED
from functions.journeys.machines import Machines
from functions.journeys.model import Enrolment
from functions.journeys.overlay import laid_over
from functions.permissions.api import Permission
from functions.profiles.model import Contact
from functions.shared.changed import changed
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.names import Channel
from functions.shared.sqs import Queue

PAUSED = "paused"
# Facts that change between reading and claiming make us look again; four changes in a row within milliseconds are not
# a person's doing.
PASSES = 4
PREFERENCE = "preferred_channel"
"""The trait that says which channel a person would rather be reached on."""
FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class Sender:
    """One channel's send path. ``policy`` is the published policy, ``new_claim`` names a delivery's claim."""

    records: Records
    messages: Messages
    provider: Provider
    templates: Templates
    policy: Mapping[str, Any]
    tasks: TaskTokens
    machines: Machines
    queue: Callable[[Channel], Queue]
    clock: Clock
    new_claim: Callable[[], str]
    guards: tuple[Guard, ...] = GUARDS

    def send(self, body: Mapping[str, Any]) -> str:
        """Handles one request of a journey; the decision that was answered, or ``forwarded`` when it is first another
        channel's turn. Any repetition of it answers the same.

        Raises ``TransientError`` when the request must come again: nothing went, or another delivery is at it.
        """
        request = SendRequest.from_json(body)
        for _ in range(PASSES):
            known = self.records.read(request)
            if request.preferred:
                ordered = request.in_order(known.snapshot and known.snapshot.traits.get(PREFERENCE))
                if ordered.channel != request.channel:
                    self.queue(ordered.channel).send(ordered.body)
                    return FORWARDED
                request = ordered
            line = self._decide(request, known)
            if line is not None:
                self._answer(request, line, known.enrolment)
                return str(line.decision)
        raise TransientError("what is known of a message kept changing")

    def _decide(self, request: SendRequest, known: Known) -> Message | None:
        """The decision line, stored; None when the facts changed under it."""
        now = self.clock()
        stands = standing(known.message, now)
        if known.message is not None and stands == "decided":
            return known.message
        if known.message is not None and stands == "lost":
            lost = given_up(known.message, now)
            return lost if self.messages.settle(lost) else None
        if stands == "held":
            raise TransientError("another delivery is sending this message")

        rival = spoken_for(known.rivals)
        if rival is not None and rival.decision is None:
            raise TransientError("another channel is sending this message")
        if rival is not None:
            return rival

        known = self.records.read_merged(known)
        contact, permission = self.records.address(request, known)
        verdict, guard, saw = ask(self._question(request, known, contact, permission), self.guards)
        key = contact.key if contact else None
        # A machine that was held back asks anew; its step began when it asked first.
        began = request.planned_at if known.message is None else min(request.planned_at, known.message.planned_at)
        line = planned(request, now, began, contact=key, guard=guard, facts=saw)
        if not isinstance(verdict, Pass):
            return self._refuse(verdict, line, known)
        prepared = self._write(request, known, contact)
        if isinstance(prepared, Unrenderable):
            told = {**saw, "fault": prepared.why}
            return self._store(changed(line, phase="failed", decision="failed", reason="render_failed", facts=told))
        return self._claim_and_send(
            line,
            prepared,
            lambda claimed: self.records.claim(claimed, permission, known.person, request.rivals),
        )

    def _refuse(self, verdict: Withheld | Deferred | Paused, line: Message, known: Known) -> Message | None:
        match verdict:
            case Withheld(reason):
                return self._withhold(changed(line, phase="withheld", decision="withheld", reason=reason), known)
            case Deferred(until, reason):
                return self._store(changed(line, decision="deferred", reason=reason, until=until))
            case Paused():
                # What was read some seconds ago may be over: a machine that is held for nothing would ask in circles.
                still = self.records.switches.look().paused(line.journey, line.channel)
                return self._store(changed(line, decision="deferred", reason=PAUSED)) if still else None

    def _claim_and_send(
        self, line: Message, prepared: Mapping[str, Any], claims: Callable[[Message], bool]
    ) -> Message | None:
        claim = self.new_claim()
        claimed = changed(line, phase="claimed", claim=claim, lease_until=self.clock() + LEASE)
        if not claims(claimed):
            return None
        answer = self.provider.send(prepared)
        if isinstance(answer, Unavailable):
            self.messages.release(claimed)
            raise TransientError(f"the provider cannot take it now: {answer.code}")
        done = settled(claimed, answer, self.clock())
        return done if self.messages.settle(done) else None

    def _question(
        self, request: SendRequest, known: Known, contact: Contact | None, permission: Permission
    ) -> Question:
        topic, now = self.policy.get("topics", {}).get(request.topic, {}), self.clock()
        return Question(
            journey=request.journey,
            channel=request.channel,
            message_class=request.message_class,
            topic=request.topic,
            opt_in=topic.get("opt_in", "single"),
            enrolment=known.enrolment,
            contact=contact,
            permission=permission,
            now=now,
            due_at=due_at(request.planned_at, known.message, now),
            late_after=request.late_after,
            earlier=known.earlier,
            board=known.board,
        )

    def _write(self, request: SendRequest, known: Known, contact: Contact | None) -> Mapping[str, Any] | Unrenderable:
        if known.snapshot is None or known.enrolment is None or contact is None:
            raise ValueError("the gate let a message pass that has no run or no address")
        sender = self.policy.get("channels", {}).get("email", {}).get("sender")
        urls = links(sender, request.message)
        brand = self.policy.get("brand", {})
        context = context_of(request, laid_over(known.snapshot, request.steps), known.enrolment, brand, urls)
        parts = self.templates.render(f"{request.journey}/{request.template}", request.channel, context)
        if isinstance(parts, Unrenderable):
            return parts
        return self.provider.prepare(
            Outgoing(
                message=request.message,
                message_class=request.message_class,
                address=contact.address,
                platform=contact.platform,
                parts=parts,
                unsubscribe=urls.get("unsubscribe_url") if request.message_class == "marketing" else None,
            )
        )

    def _withhold(self, line: Message, known: Known) -> Message | None:
        if line.reason == MERGED and known.enrolment is not None:
            return line if self.records.withhold_merged(line, known.enrolment) else None
        return self._store(line)

    def _store(self, line: Message) -> Message | None:
        return line if self.messages.write(line) else None

    def _answer(self, request: SendRequest, line: Message, run: Enrolment | None) -> None:
        if line.reason == MERGED and run is not None:
            # The row was ended with the line. A stopped execution waits for no answer.
            self.machines.stop(run, MERGED)
        elif line.reason == PAUSED:
            self.tasks.hold(request.token, line.channel)
        elif line.decision == "deferred" and line.until is not None:
            self.tasks.defer(request.token, line.until)
        elif request.fallback and tries_next_channel(line):
            self.queue(request.fallback[0]).send(request.next_body)
        else:
            self.tasks.answer(request.token, line)
