"""What stands ready before anybody comes? Every function's own use case, over rows, queues and clients of this process.

The handlers put use cases together from their environment; here they get what stands in this process instead. Nothing
of what they decide is repeated.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import count
from typing import Any

from functions.audiences.api import Standings
from functions.audiences.find_due import find_due
from functions.audiences.members import Members
from functions.audiences.policy import SOURCE as AUDIENCES
from functions.audiences.policy import Rules as AudienceRules
from functions.audiences.update import SERVICE as UPDATE_AUDIENCES
from functions.audiences.update import Asked, Keeper
from functions.capture.accept import accept
from functions.capture.bus_door import SERVICE as ACCEPT_BUS_EVENTS
from functions.capture.delivery import items_of
from functions.capture.sqs import Intake
from functions.capture.tracking_plan import TrackingPlan
from functions.decisioning.learn import learn_intervals
from functions.dispatch.assemble import sending_identity, sending_mailbox
from functions.dispatch.dynamodb import Known, Records
from functions.dispatch.end_user_messaging import TextMessages
from functions.dispatch.model import SendRequest
from functions.dispatch.pinpoint import PushNotifications
from functions.dispatch.provider import Accepted, Answer, Outgoing, Provider
from functions.dispatch.render import Templates
from functions.dispatch.send import Sender
from functions.dispatch.ses import SesEmail
from functions.dispatch.step_functions import TaskTokens
from functions.feedback.policy import SOURCE as FEEDBACK
from functions.feedback.receive import receive_email_event
from functions.identity.recognise import Recogniser
from functions.identity.sqs import Listeners
from functions.journeys.acts import SOURCE as JOURNEYS
from functions.journeys.admission import Admission
from functions.journeys.advance import Advancer
from functions.journeys.api import Switches
from functions.journeys.close_enrolments import close_enrolment
from functions.journeys.common_facts import CommonFacts
from functions.journeys.evaluate import Evaluator
from functions.journeys.machines import Machines
from functions.journeys.operate import Operator
from functions.journeys.policy import Rules
from functions.journeys.rates import rate_of
from functions.journeys.register_wait import WaitRegistrar
from functions.journeys.sweep import sweep
from functions.permissions.record import record_consents
from functions.profiles.model import Contact
from functions.shared.bucket import Bucket
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.names import CHANNELS, Channel
from functions.shared.observability import logger
from functions.shared.publication import Publication
from functions.shared.rows import MemoryRows
from functions.shared.sqs import Queue
from infra.local.replay.replay import IDENTITY_TABLE, PEPPER, PROFILES_TABLE
from infra.local.runner.clients import EventBridge, Objects, Ways, as_it_is
from infra.local.runner.executor import instant
from infra.local.runner.queues import Deliver, Message
from infra.local.runner.stores.decision_lines import MemoryDecisionLines
from infra.local.runner.stores.decisions import MemoryDecisions
from infra.local.runner.stores.enrolments import MemoryEnrolments
from infra.local.runner.stores.messages import MemoryMessages
from infra.local.runner.stores.permissions import MemoryPermissions
from infra.local.runner.stores.profiles import MemoryProfiles

BUS = "segue-dev"
AUDIENCES_TABLE = "audiences"
ENROLMENTS_TABLE = "enrolments"
MACHINES = "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-dev-"
SENDERS: Mapping[Channel, str] = {channel: f"send-{channel}" for channel in CHANNELS}


class Stores:
    """All that is kept, in this process."""

    def __init__(self, publication: Publication) -> None:
        self.rows = MemoryRows()
        self.lines = MemoryDecisionLines()
        self.enrolments = MemoryEnrolments(self.lines)
        self.messages = MemoryMessages()
        self.permissions = MemoryPermissions()
        self.decisions = MemoryDecisions()
        self.profiles = MemoryProfiles(PROFILES_TABLE, rows=self.rows, policy=publication.policy)
        self.standings = Standings(self.rows, AUDIENCES_TABLE)
        self.quarantined: list[Mapping[str, Any]] = []


@dataclass(frozen=True, slots=True)
class Clients:
    """Whom functions talk to."""

    queues: Any
    bus: EventBridge
    step_functions: Any
    ways: Ways


class Stage:
    """The functions of a deployment. ``deliver`` is what each does with a batch of its queue; ``evaluate`` and
    ``register`` are what machines invoke. Without ``rendering`` messages are decided, and not written."""

    def __init__(
        self,
        publication: Publication,
        plan: TrackingPlan,
        stores: Stores,
        clients: Clients,
        clock: Clock,
        *,
        rendering: bool = True,
    ) -> None:
        self._rendering = rendering
        self._publication = publication
        self._plan = plan
        self._stores = stores
        self._clients = clients
        self._clock = clock
        self._machines = Machines(MACHINES, clients.step_functions, spell=as_it_is)
        common = CommonFacts.of(publication.policy)
        self.recogniser = self._recogniser()
        self.advancer = Advancer(
            enrolments=stores.enrolments,
            profiles=stores.profiles,
            machines=self._machines,
            switches=self._switches(),
            rules=Rules.of(publication),
            deployment_key=PEPPER,
            clock=clock,
            tell_lines=stores.lines.write,
            # One process stands here for as many as Lambda would run.
            admission=Admission(rate_of(publication.policy), clock, self._queue("advance-people")),
        )
        self.evaluate = Evaluator(
            enrolments=stores.enrolments,
            profiles=stores.profiles,
            decisions=stores.decisions,
            common=common,
            machines=self._machines,
            bus=self._bus(JOURNEYS),
        ).evaluate
        self.register = WaitRegistrar(
            enrolments=stores.enrolments,
            profiles=stores.profiles,
            machines=self._machines,
            switches=self._switches(),
            common=common,
        ).register
        self.senders = {channel: self._sender(channel) for channel in CHANNELS}

    def deliver(self) -> dict[str, Deliver]:
        """By the name of the function, in no particular order."""
        stores, events = self._stores, self._publication.expected
        intake = Intake(
            self._queue("recognise-people"), self._queue("quarantine-events"), Bucket("claims", client=Objects())
        )
        feedback = self._bus(FEEDBACK)
        return {
            "accept-bus-events": partial(_accept, intake, self._plan),
            "quarantine-events": each(lambda body: stores.quarantined.extend(body["rejected"]), "quarantine-events"),
            "recognise-people": partial(_recognise, self.recogniser),
            "advance-people": each(self.advancer.advance, "advance-people"),
            "sweep-enrolments": each(
                lambda _: sweep(stores.enrolments, self._queue("advance-people"), self._clock()), "sweep-enrolments"
            ),
            "record-consent": each(lambda body: record_consents(body, stores.permissions), "record-consent"),
            "update-audiences": partial(_update_audiences, self._keeper()),
            "find-due-people": each(
                lambda _: find_due(stores.standings, self._queue("update-audiences"), self._clock()), "find-due-people"
            ),
            "enter-scheduled": each(self._members().pass_on, "enter-scheduled"),
            "learn-intervals": each(
                lambda _: learn_intervals(stores.profiles.scan(), events, stores.decisions, self._clock()),
                "learn-intervals",
            ),
            "receive-email-events": each(
                lambda envelope: receive_email_event(envelope, stores.messages, stores.permissions, feedback),
                "receive-email-events",
            ),
            "close-enrolments": each(
                lambda envelope: close_enrolment(envelope, stores.enrolments, self._machines.input_of),
                "close-enrolments",
            ),
            **{SENDERS[channel]: each(self.senders[channel].send, SENDERS[channel]) for channel in CHANNELS},
        }

    def operator(self) -> Operator:
        """Somebody at the switches of journeys and channels."""
        return Operator(self._switches(), self._stores.enrolments, self._machines, self._clock)

    def _switches(self) -> Switches:
        """Each function has read them at a time of its own."""
        return Switches(ENROLMENTS_TABLE, self._clock, self._stores.rows)

    def _queue(self, function: str) -> Queue:
        return Queue(function, self._clients.queues)

    def _bus(self, source: str) -> Bus:
        return Bus(BUS, source, self._clients.bus)

    def _recogniser(self) -> Recogniser:
        listeners = Listeners(
            self._queue("advance-people"),
            self._queue("record-consent"),
            self._queue("update-audiences"),
            self._bus(NOTICES),
        )
        rows = self._stores.rows
        return Recogniser.on(rows, IDENTITY_TABLE, PROFILES_TABLE, listeners, self._publication, pepper=PEPPER)

    def _keeper(self) -> Keeper:
        return Keeper(
            standings=self._stores.standings,
            profiles=self._stores.profiles,
            bus=self._bus(AUDIENCES),
            rules=AudienceRules.of(self._publication),
            clock=self._clock,
            population=cache(self._stores.decisions.population(self._publication.expected)),
        )

    def _members(self) -> Members:
        return Members(
            standings=self._stores.standings,
            journeys=self._queue("advance-people"),
            own=self._queue("enter-scheduled"),
            publication=self._publication,
            rate=rate_of(self._publication.policy),
            clock=self._clock,
        )

    def _sender(self, channel: Channel) -> Sender:
        stores, claims = self._stores, count()
        made = Sender if self._rendering else UnwrittenSender
        return made(
            records=Records(stores.enrolments, stores.profiles, stores.permissions, stores.messages, self._switches()),
            messages=stores.messages,
            provider=self._provider(channel),
            templates=Templates(self._publication.templates),
            policy=self._publication.policy,
            tasks=TaskTokens(self._clients.step_functions, spell=as_it_is),
            machines=self._machines,
            queue=cache(lambda other: self._queue(SENDERS[other])),
            clock=self._clock,
            new_claim=lambda: f"{channel}-{next(claims)}",
        )

    def _provider(self, channel: Channel) -> Provider:
        if not self._rendering:
            return Taken()
        ways: Any = self._clients.ways
        providers: Mapping[Channel, Callable[[], Provider]] = {
            "email": lambda: SesEmail(sending_mailbox(self._publication), BUS, ways),
            "sms": lambda: TextMessages(sending_identity(self._publication, "sms"), ways),
            "push": lambda: PushNotifications("local", ways),
        }
        return providers[channel]()


class UnwrittenSender(Sender):
    """Decides, claims and answers like any other, and writes nothing: a crowd of people needs no words."""

    __slots__ = ()

    def _write(self, request: SendRequest, known: Known, contact: Contact | None) -> Mapping[str, Any]:
        return {}


class Taken:
    """A provider that takes everything, keeps nothing, and tells nobody."""

    def prepare(self, outgoing: Outgoing) -> Mapping[str, Any]:
        """See ``Provider``."""
        return {}

    def send(self, request: Mapping[str, Any]) -> Answer:
        """See ``Provider``."""
        return Accepted("taken")


def each(work: Callable[[Any], object], service: str) -> Deliver:
    """Does the messages of a batch one by one; those that raise come again, as ``functions.shared.batch`` has it."""

    def deliver(batch: Sequence[Message]) -> Collection[str]:
        failed: list[str] = []
        for message in batch:
            try:
                work(message.said)
            except TransientError as error:
                logger(service).warning("record will be retried", extra={"why": str(error)})
                failed.append(message.id)
            except Exception as error:
                logger(service).error("record failed", extra={"error": type(error).__name__})
                failed.append(message.id)
        return failed

    return deliver


def _accept(intake: Intake, plan: TrackingPlan, batch: Sequence[Message]) -> Collection[str]:
    items = [item for message in batch for item in items_of([message.body], received_at(message))]
    accept(items, intake, ACCEPT_BUS_EVENTS, plan)
    return ()


def _recognise(recogniser: Recogniser, batch: Sequence[Message]) -> Collection[str]:
    told = {message.id: recogniser.read(message.body) for message in batch}
    return recogniser.recognise(told, [message.id for message in batch if message.receives > 1])


def _update_audiences(keeper: Keeper, batch: Sequence[Message]) -> Collection[str]:
    try:
        return keeper.update({message.id: Asked.read(message.said) for message in batch})
    except TransientError as error:
        logger(UPDATE_AUDIENCES).warning("delivery will be retried", extra={"why": str(error)})
        return [message.id for message in batch]


def received_at(message: Message) -> datetime:
    """When a message was sent, in the whole milliseconds of SQS."""
    return instant(message.sent_at // 1000 * 1000)
