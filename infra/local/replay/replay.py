"""Whom does a file of events make, and what happens to them? The real functions, in virtual time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from functions.capture.model import Reading
from functions.capture.policy import NO_PLAN
from functions.capture.tracking_plan import WARNING as OFF_PLAN
from functions.capture.tracking_plan import TrackingPlan
from functions.dispatch.api import Messages
from functions.identity.model import Rules
from functions.identity.naming import Named, named
from functions.identity.recognise import Recogniser
from functions.journeys.api import DecisionLines, Enrolments
from functions.journeys.language.faults import Fault, FaultsFound
from functions.journeys.language.project import POLICY_FILE
from functions.journeys.language.publication import publish
from functions.journeys.language.tracking_plan import publish_plan, schema_files
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.publication import Publication
from functions.shared.rows import MemoryRows, Rows
from functions.shared.sqs import Queue, encode
from infra.local.nobody import nobody
from infra.local.replay.lines import Line, Quarantined, Reader
from infra.local.replay.picture import WARNINGS, Picture, picture
from infra.local.requests import acting

if TYPE_CHECKING:
    from infra.local.world import LocalWorld

# Of an identifier's key; fixed, so that replays repeat.
PEPPER = "segue replay"
DELIVERY = 500
DELIVERIES = 6
# What acts on what there is before it: a delivery of its own, so that the order of the file decides what that is.
DEEDS = ("unmerge", "erase")
IDENTITY_TABLE, PROFILES_TABLE = "identity", "profiles"
EMPTY_METER: Mapping[str, Any] = {"aws_requests": {}, "read_units": 0, "write_units": 0, "state_transitions": 0}
Progress = Callable[[int], None]
Told = tuple[Reading, Named]
T = TypeVar("T")


@dataclass(slots=True)
class Replayed:
    """The world after the last line, and what went wrong on the way."""

    picture: Picture
    quarantined: Sequence[Quarantined]
    warnings: list[dict[str, str]]
    untold: int
    enrolments: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    meter: Mapping[str, Any] = field(default_factory=lambda: EMPTY_METER)

    def to_json(self) -> dict[str, Any]:
        """The public shape: keys and lists sorted, so that two runs compare byte for byte."""
        owners = sorted(self.picture.owners.items())
        warnings = [*self.warnings, *self.picture.limits]
        unique = {(one["messageId"], one["code"], one["detail"]): one for one in warnings}
        return {
            "profiles": [person.to_json() for person in self.picture.people],
            "events": [{"messageId": message, "profile": profile} for message, profile in owners],
            "rejected_links": self.picture.rejected,
            "warnings": [unique[key] for key in sorted(unique)],
            "quarantined": [one.to_json() for one in sorted(self.quarantined, key=_by_line)],
            "enrolments": self.enrolments,
            "decisions": self.decisions,
            "messages": self.messages,
            "meter": self.meter,
        }


def replay_in_memory(
    lines: Sequence[Line],
    publication: Publication,
    until: datetime | None = None,
    progress: Progress = lambda n: None,
    plan: TrackingPlan = NO_PLAN,
) -> Replayed:
    """Capture's reading and the identity consumer over rows in this process."""
    recogniser = recogniser_on(MemoryRows(), publication)
    reader = Reader(recogniser.rules.keep, plan=plan)
    told: list[Told] = []
    for delivery in deliveries(reader.accepted(lines, until), lambda one: one.reading.event):
        named = [(one, recogniser.named(one.reading.event)) for one in delivery]
        told += [(one.reading, names) for one, names in named]
        deliver(recogniser, [(one.reading.event, names) for one, names in named])
        progress(len(delivery))
    return Replayed(picture(recogniser.history()), reader.quarantined, warnings_of(told), reader.untold)


def recognised(
    lines: Sequence[Line], publication: Publication, plan: TrackingPlan = NO_PLAN
) -> tuple[Recogniser, Sequence[Quarantined]]:
    """The identity consumer over rows in this process, when it has heard these lines one by one: trails name the line
    that changed something. And the lines it was not told of."""
    recogniser = recogniser_on(MemoryRows(), publication)
    reader = Reader(recogniser.rules.keep, plan=plan)
    for one in reader.accepted(lines, None):
        deliver(recogniser, [(one.reading.event, recogniser.named(one.reading.event))])
    return recogniser, reader.quarantined


def recogniser_on(
    rows: Rows,
    publication: Publication,
    identity: str = IDENTITY_TABLE,
    profiles: str = PROFILES_TABLE,
    pepper: str = PEPPER,
) -> Recogniser:
    """The identity consumer over two tables; nobody hears of what it does."""
    return Recogniser.on(rows, identity, profiles, nobody(), publication, pepper=pepper)


def replay_on_moto(
    lines: Sequence[Line], journeys: Path, until: datetime | None = None, progress: Progress = lambda n: None
) -> Replayed:
    """Everything that deploys, on moto: the same lines, with journeys, decisions and messages."""
    # A replay in memory need not wait for moto.
    from infra.local.world import LocalWorld

    told: list[Told] = []
    with LocalWorld(journeys=journeys, secrets={"segue-dev/deployment-key": PEPPER}) as world:
        rules = Rules.of(world.publication.policy)
        reader = Reader(rules.keep, plan=TrackingPlan.from_json(world.tracking_plan))
        for accepted in reader.accepted(lines, until):
            event = accepted.reading.event
            told.append((accepted.reading, named(event, rules, PEPPER)))
            world.run_until(reader.clock)
            with acting("accept-bus-events"):
                Queue(world.queue_url("recognise-people")).send({"events": [event.to_json()]})
            world.drain()
            progress(1)
        if until is not None:
            world.run_until(until)
        return replayed(world, reader.quarantined, warnings_of(told), reader.untold)


def replayed(
    world: "LocalWorld", quarantined: Sequence[Quarantined], warnings: list[dict[str, str]], untold: int = 0
) -> Replayed:
    """What a world on moto holds now, and what it took so far."""
    counted = world.meter.snapshot()
    with acting("local"):
        done = Replayed(picture(world.history()), quarantined, warnings, untold)
        _add_effects(done, world)
    units = counted.units_of(*(who for who in counted.units if who != "local"))
    requests: dict[str, int] = {}
    for (who, what), number in counted.requests.items():
        if who not in ("local", "stepfunctions", "app"):
            requests[what] = requests.get(what, 0) + number
    done.meter = {
        "aws_requests": dict(sorted(requests.items())),
        "read_units": units.read,
        "write_units": units.write,
        "state_transitions": world.state_transitions(),
    }
    return done


def publication_of(policy: Path | None) -> Publication:
    """The publication of a policy.yaml alone; raises ``FaultsFound``."""
    with without_journeys(policy) as folder:
        return publish(Path(folder))[0]


def plan_of(policy: Path | None) -> TrackingPlan:
    """The tracking plan of a policy.yaml alone; raises ``FaultsFound``."""
    with without_journeys(policy) as folder:
        return TrackingPlan.from_json(publish_plan(Path(folder) / POLICY_FILE))


@contextmanager
def without_journeys(policy: Path | None) -> Iterator[str]:
    """A folder with the policy and no journey. What a replay does not ask of a policy may be left out of it.

    Faults that are found inside are told of the files as they were named.
    """
    text = policy.read_text(encoding="utf-8") if policy is not None else ""
    for part, said in (("brand", "{name: Replay, postal_address: none}"), ("topics", "{}"), ("channels", "{}")):
        if not any(line.startswith(f"{part}:") for line in text.splitlines()):
            text += f"\n{part}: {said}\n"
    with TemporaryDirectory() as folder:
        Path(folder, POLICY_FILE).write_text(text, encoding="utf-8")
        if policy is not None:
            for schema in schema_files(policy):
                copied = Path(folder, schema)
                copied.parent.mkdir(parents=True, exist_ok=True)
                copied.write_bytes((policy.parent / schema).read_bytes())
        try:
            yield folder
        except FaultsFound as found:
            raise FaultsFound(_named_as(policy or Path(POLICY_FILE), Path(folder), found.faults)) from None


def _named_as(policy: Path, folder: Path, faults: Iterable[Fault]) -> Iterator[Fault]:
    for fault in faults:
        file = Path(fault.file)
        # That there is no journey is no fault here.
        if file != folder:
            named = policy if file == folder / POLICY_FILE else policy.parent / file.relative_to(folder)
            yield replace(fault, file=str(named))


def deliver(recogniser: Recogniser, events: Iterable[tuple[Event, Named]]) -> None:
    """Tells events to the identity consumer as one delivery, and again what could not be settled at once."""
    records = {str(n): [one] for n, one in enumerate(events)}
    for _attempt in range(DELIVERIES):
        stuck = recogniser.recognise(records)
        if not stuck:
            return
        records = {record: records[record] for record in stuck}
    raise TransientError(f"{len(records)} lines could not be settled")


def deliveries(told: Iterable[T], event_of: Callable[[T], Event]) -> Iterator[list[T]]:
    """In the order they are told, a deed always by itself."""
    delivery: list[T] = []
    for one in told:
        deed = event_of(one).body.get("command") in DEEDS
        if delivery and (deed or len(delivery) >= DELIVERY):
            yield delivery
            delivery = []
        delivery.append(one)
        if deed:
            yield delivery
            delivery = []
    if delivery:
        yield delivery


def warnings_of(told: Iterable[Told]) -> list[dict[str, str]]:
    """What is remarked on of these messages, as they were read and named."""
    bodies: dict[str, str] = {}
    found: list[dict[str, str]] = []
    for reading, names in told:
        event = reading.event
        codes = [*reading.warnings, *names.warnings]
        said = encode({name: value for name, value in event.body.items() if name not in ("sentAt", "receivedAt")})
        if bodies.setdefault(event.message_id, said) != said:
            codes.append("conflicting_body")
        found += [
            {"messageId": event.message_id, "code": code, "detail": _detail(code, reading, names)} for code in codes
        ]
    return found


def _detail(code: str, reading: Reading, names: Named) -> str:
    if code == OFF_PLAN and reading.off_plan is not None:
        return f"{reading.off_plan.field}: {reading.off_plan.rule}"
    about = ", ".join(sorted(set(names.about.get(code, ()))))
    return f"{WARNINGS[code]} ({about})" if about else WARNINGS[code]


def _by_line(one: Quarantined) -> tuple[int, str, str, str]:
    return (one.line or 0, one.message_id or "", one.field, one.reason)


def _add_effects(done: Replayed, world: "LocalWorld") -> None:
    users = {
        profile: next((i["value"] for i in person.identifiers if i["namespace"] == "customer_id"), None)
        for person in done.picture.people
        for profile in (person.profile, *person.aka)
    }
    for run in Enrolments(world.table("enrolments")).scan():
        done.enrolments.append(
            {
                "profile": run.profile,
                "userId": users.get(run.profile),
                "journey": run.journey,
                "version": run.version,
                "status": run.status,
                "reason": run.reason,
                "entered_at": format_instant(run.entered_at),
                "ended_at": format_instant(run.ended_at) if run.ended_at else None,
            }
        )
    for refused in DecisionLines(world.table("enrolments")).scan():
        done.decisions.append(
            {
                "at": format_instant(refused.at),
                "userId": users.get(refused.profile),
                "journey": refused.journey,
                "step": "",
                "channel": None,
                "decision": refused.decision,
                "reason": refused.reason,
                "facts": dict(refused.facts),
            }
        )
    sent = {one.message: one for one in world.outbox}
    for line in Messages(world.table("messages")).scan():
        common = {
            "at": format_instant(line.decided_at),
            "userId": users.get(line.profile),
            "journey": line.journey,
            "step": line.step,
            "channel": line.channel,
        }
        done.decisions.append({**common, "decision": line.decision, "reason": line.reason, "facts": dict(line.facts)})
        if line.message in sent:
            one = sent[line.message]
            done.messages.append({**common, "at": format_instant(one.at), "to": one.to, "subject": one.subject})
    for lines in (done.enrolments, done.decisions, done.messages):
        lines.sort(key=lambda one: [str(value) for value in one.values()])
