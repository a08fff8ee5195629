"""Where do enrolments live? Table ``enrolments``: one ``E#`` row per run, one ``J#`` row per journey of a person.

A row stays for ever under the id its person had at entry: a person is read over all their ids, and neither a merge nor
an unmerge writes here. The ``J#`` row counts entries. Two events of one person may be decided at the same time; each
entry is conditional on the count it was decided on, so that of two entries that know nothing of each other only one is
written (ADR 4).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from zlib import crc32

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from functions.journeys.collisions import MERGED, collisions
from functions.journeys.decision_lines.store import DecisionLines
from functions.journeys.model import (
    RUNNING,
    DecisionLine,
    Enrolment,
    EnrolmentStatus,
    EntryEvent,
    Goal,
    Parking,
    Standing,
    Wait,
)
from functions.shared.clock import format_instant, parse_instant
from functions.shared.errors import TransientError
from functions.shared.names import EnrolmentId, ProfileId
from functions.shared.store import Transactions, code_of

RUN = "E#"
JOURNEY = "J#"
# Decision lines stand after all that is decided on.
PAST_RUNS = "K"
# A partition takes 1,000 writes a second (DynamoDB quota), and every entry passes through the index of starts.
START_SHARDS = 4
CONDITION_FAILED = "ConditionalCheckFailedException"


class ByStart(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """The runs that are being started, and no others: who has started takes the row out of it."""

    class Meta:
        """Index ``by_start`` of the enrolments table."""

        index_name = "by_start"
        projection = KeysOnlyProjection()

    starting = UnicodeAttribute(hash_key=True)
    entered_at = UnicodeAttribute(range_key=True)


class EnrolmentRow(Model):
    """One run, or (only ``entries``) one journey's count. The machine's last state writes here too, by these names."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    enrolment = UnicodeAttribute(null=True)
    journey = UnicodeAttribute(null=True)
    version = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    entered_at = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    run = NumberAttribute(null=True)
    entry = JSONAttribute(null=True)
    arms = JSONAttribute(null=True)
    wait = JSONAttribute(null=True)
    wait_entered_at = UnicodeAttribute(null=True)
    goal_reached_at = UnicodeAttribute(null=True)
    goal_value = NumberAttribute(null=True)
    entries = NumberAttribute(null=True)
    key = UnicodeAttribute(null=True)
    starting = UnicodeAttribute(null=True)
    by_start = ByStart()
    taken = UnicodeSetAttribute(null=True)
    parked = UnicodeSetAttribute(null=True)


class EnrolmentFuture:
    """An enrolment asked for inside a transaction; readable once the transaction has run."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def enrolment(self) -> Enrolment | None:
        """The enrolment, or None when there is none."""
        try:
            return _decode(self._found.get())
        except DoesNotExist:
            return None


class Enrolments:
    """The enrolments table, for its own capability and through ``api.py`` for others."""

    def __init__(
        self, table_name: str, pause: Callable[[float], None] = time.sleep, lines: DecisionLines | None = None
    ) -> None:
        self._lines = lines
        meta = type("Meta", (), {"table_name": table_name})
        self._row: type[EnrolmentRow] = type("Row", (EnrolmentRow,), {"Meta": meta})
        self._transactions = Transactions(self._row._get_connection().connection, pause)

    def request(self, transaction: TransactGet, profile: ProfileId, enrolment: EnrolmentId) -> EnrolmentFuture:
        """Adds the enrolment to a caller's TransactGet; ask the answer for ``.enrolment()`` when it has run."""
        return EnrolmentFuture(transaction.get(self._row, profile, RUN + enrolment))

    def still_active(self, transaction: TransactWrite, profile: ProfileId, enrolment: EnrolmentId) -> None:
        """Makes the caller's transaction fail unless the run still runs.

        A run that is ``starting`` counts: its machine may be at its first step before its starter has said so.
        """
        transaction.condition_check(self._row, profile, RUN + enrolment, condition=self._running())

    def scan(self, journey: str | None = None) -> Iterator[Enrolment]:
        """Every enrolment, or those of one journey; one pass over the table, for jobs."""
        wanted = self._row.sk.startswith(RUN)
        if journey is not None:
            wanted &= self._row.journey == journey
        with _explained("enrolments cannot be read"):
            for row in self._row.scan(wanted):
                yield _decode(row)

    def parked(self) -> Iterator[Enrolment]:
        """Every run that a pause holds; one pass over the table, for operators."""
        with _explained("enrolments cannot be read"):
            for row in self._row.scan(self._row.parked.exists(), consistent_read=True):
                yield _decode(row)

    def running(self, journey: str, or_ended_by: str) -> Iterator[Enrolment]:
        """Every run of a journey that goes on, and those this very cause has ended; one pass over the table, for
        operators."""
        mine = (self._row.journey == journey) & (self._running() | (self._row.ended_by == or_ended_by))
        with _explained("enrolments cannot be read"):
            for row in self._row.scan(self._row.sk.startswith(RUN) & mine, consistent_read=True):
                yield _decode(row)

    @contextmanager
    def reading(self) -> Iterator[TransactGet]:
        """One read of rows of several owners; each adds its own with its ``request``."""
        with _explained("rows cannot be read"), TransactGet(connection=self._transactions.connection) as transaction:
            yield transaction

    def standing(self, ids: Sequence[ProfileId]) -> Standing:
        """Where a person stands in all journeys: one strongly consistent Query per id, the present id first."""
        found: list[Enrolment] = []
        entries: dict[ProfileId, dict[str, int]] = {profile: {} for profile in ids}
        with _explained("enrolments cannot be read"):
            for profile in ids:
                for row in self._row.query(profile, self._row.sk < PAST_RUNS, consistent_read=True):
                    if row.sk.startswith(JOURNEY):
                        entries[profile][row.sk[len(JOURNEY) :]] = int(row.entries)
                    elif row.sk.startswith(RUN):
                        found.append(_decode(row))
        return Standing.of(found, entries[ids[0]], list(entries.values()))

    def earlier(self, run: Enrolment, ids: Sequence[ProfileId]) -> Enrolment | None:
        """The run of the same journey that goes on instead of this one; ``ids`` = the person's as of now.

        No request for a person with one id. Else one BatchGet tells the ids that ever entered the journey (counts and
        runs are written together), and each of them takes a Query.
        """
        others = [(profile, JOURNEY + run.journey) for profile in ids if profile != run.profile]
        if not others:
            return None
        with _explained("enrolments cannot be read"):
            entered = [row.pk for row in self._row.batch_get(others, consistent_read=True)]
            rows = [row for pk in entered for row in self._query_runs(pk)]
        rivals = [one for one in map(_decode, rows) if one.enrolment != run.enrolment]
        return next((one.kept for one in collisions([run, *rivals]) if one.lost is run), None)

    def get(self, profile: ProfileId, enrolment: EnrolmentId) -> Enrolment | None:
        """One strongly consistent read."""
        try:
            with _explained("enrolment cannot be read"):
                return _decode(self._row.get(profile, RUN + enrolment, consistent_read=True))
        except DoesNotExist:
            return None

    def enter(self, enrolment: Enrolment, entries: int, lines: Sequence[DecisionLine] = ()) -> bool:
        """Writes a new run; False when it exists or the journey was entered since: read again, decide again.

        ``entries`` = how often ``standing`` said that this id (``own_entries``) had entered the journey; ``lines`` =
        why it was no other journey, written with the run.
        """
        row = self._row(
            enrolment.profile,
            RUN + enrolment.enrolment,
            enrolment=enrolment.enrolment,
            journey=enrolment.journey,
            version=enrolment.version,
            status=enrolment.status,
            entered_at=format_instant(enrolment.entered_at),
            run=enrolment.run,
            entry=_entry_to_json(enrolment.entry),
            arms=dict(enrolment.arms),
            key=enrolment.key,
            starting=_start_shard(enrolment) if enrolment.status == "starting" else None,
        )
        journey = self._row(enrolment.profile, JOURNEY + enrolment.journey)
        unchanged = self._row.entries == entries if entries else self._row.pk.does_not_exist()

        def add(transaction: TransactWrite) -> None:
            transaction.save(row, condition=self._row.pk.does_not_exist())
            transaction.update(journey, [self._row.entries.set(entries + 1)], condition=unchanged)
            for line in lines:
                assert self._lines is not None
                self._lines.add(transaction, line)

        return self._transactions.commit(repr([row.serialize(), entries, lines]), add)

    def activate(self, profile: ProfileId, enrolment: EnrolmentId) -> bool:
        """Says that the machine runs; False when the run was ended while it was starting."""
        actions = [self._row.status.set("active"), self._row.starting.remove()]
        return self._update(profile, enrolment, actions, self._running()) is not None

    def starting(self, shard: int, until: datetime) -> Iterator[tuple[ProfileId, EnrolmentId]]:
        """The runs of one shard (0 to ``START_SHARDS`` - 1) that were entered by ``until`` and not activated since."""
        with _explained("starts cannot be read"):
            for row in self._row.by_start.query(str(shard), ByStart.entered_at <= format_instant(until)):
                yield ProfileId(row.pk), EnrolmentId(row.sk[len(RUN) :])

    def forget_start(self, profile: ProfileId, enrolment: EnrolmentId) -> None:
        """Takes a run out of the index of starts that ended before anybody said that it had begun."""
        self._update(profile, enrolment, [self._row.starting.remove()], self._row.status != "starting")

    def exit(self, enrolment: Enrolment, reason: str, at: datetime, by: str, goal: Goal | None) -> Enrolment | None:
        """Ends a run from outside, by the event with message id ``by``; None when it no longer runs."""
        actions = [*self._ending("exited", reason, at), self._row.ended_by.set(by), *self._reaching(goal)]
        return self._update(enrolment.profile, enrolment.enrolment, actions, self._running())

    def supersede(self, run: Enrolment, at: datetime, by: str | None = None) -> Enrolment | None:
        """Ends a run that an earlier one of the same person outlives; None when it no longer runs.

        ``by`` names the event or the merge in whose course it was noticed.
        """
        return self._update(run.profile, run.enrolment, self._superseding(at, by), self._running())

    def go_on(self, profile: ProfileId, enrolment: EnrolmentId, run: int) -> Enrolment | None:
        """Counts one execution more than ``run``; None when the run has ended or is at another execution."""
        condition = self._running() & (self._row.run == run)
        return self._update(profile, enrolment, [self._row.run.set(run + 1)], condition)

    def move(
        self, profile: ProfileId, enrolment: EnrolmentId, run: int, *, version: str, arms: Mapping[str, str]
    ) -> Enrolment | None:
        """``go_on`` in another version of the journey; whatever the run waited for or was held by is forgotten."""
        condition = self._running() & (self._row.run == run)
        actions = [
            self._row.run.set(run + 1),
            self._row.version.set(version),
            self._row.arms.set(dict(arms)),
            self._row.wait.remove(),
            self._row.parked.remove(),
        ]
        return self._update(profile, enrolment, actions, condition)

    def add_supersede(self, transaction: TransactWrite, run: Enrolment, at: datetime) -> None:
        """``supersede`` inside a caller's transaction, which then fails when the run no longer runs."""
        row = self._row(run.profile, RUN + run.enrolment)
        transaction.update(row, self._superseding(at, None), condition=self._running())

    def reach_goal(self, profile: ProfileId, enrolment: EnrolmentId, goal: Goal) -> bool:
        """Records the first goal of a run or of a person held out; False when one is recorded."""
        condition = self._row.enrolment.exists() & self._row.goal_reached_at.does_not_exist()
        return self._update(profile, enrolment, self._reaching(goal), condition) is not None

    def open_wait(
        self, profile: ProfileId, enrolment: EnrolmentId, wait: Wait, entered_at: datetime
    ) -> Enrolment | None:
        """Registers a wait; None when the run no longer runs or stands in a later wait.

        ``entered_at`` = when the machine entered the step: a registration that was delayed replaces no later one.
        """
        moment = format_instant(entered_at)
        latest = self._row.wait_entered_at.does_not_exist() | (self._row.wait_entered_at <= moment)
        actions: list[Action] = [self._row.wait.set(_wait_to_json(wait)), self._row.wait_entered_at.set(moment)]
        if wait.visit > 1 and wait.taken:
            # A machine keeps the last answer of each step; what the passes before it got is remembered here.
            actions.append(self._row.taken.add(set(wait.taken)))
        return self._update(profile, enrolment, actions, self._running() & latest)

    def close_wait(self, profile: ProfileId, enrolment: EnrolmentId, wait: Wait) -> bool:
        """Forgets a wait that was answered; False when another one has taken its place."""
        still = self._row.wait == _wait_to_json(wait)
        return self._update(profile, enrolment, [self._row.wait.remove()], still) is not None

    def park(self, profile: ProfileId, enrolment: EnrolmentId, parking: Parking) -> Enrolment | None:
        """Keeps where a paused run stands still; None when it no longer runs."""
        return self._update(profile, enrolment, [self._row.parked.add({_parking_to_text(parking)})], self._running())

    def unpark(self, run: Enrolment, parking: Parking) -> None:
        """Forgets where a run stood still."""
        self._update(
            run.profile,
            run.enrolment,
            [self._row.parked.delete({_parking_to_text(parking)})],
            self._row.enrolment.exists(),
        )

    def close(
        self,
        profile: ProfileId,
        enrolment: EnrolmentId,
        *,
        run: int,
        status: EnrolmentStatus,
        reason: str,
        at: datetime,
    ) -> bool:
        """Ends a run whose execution ended without saying so; False when it has ended or is at a later execution."""
        condition = self._running() & (self._row.run == run)
        return self._update(profile, enrolment, self._ending(status, reason, at), condition) is not None

    def _running(self) -> Condition:
        return self._row.status.is_in(*sorted(RUNNING))

    def _ending(self, status: EnrolmentStatus, reason: str, at: datetime) -> list[Action]:
        return [
            self._row.status.set(status),
            self._row.reason.set(reason),
            self._row.ended_at.set(format_instant(at)),
            self._row.wait.remove(),
            self._row.parked.remove(),
            self._row.starting.remove(),
        ]

    def _superseding(self, at: datetime, by: str | None) -> list[Action]:
        named = [] if by is None else [self._row.ended_by.set(by)]
        return [*self._ending("superseded", MERGED, at), *named]

    def _query_runs(self, pk: str) -> Iterator[EnrolmentRow]:
        return iter(self._row.query(pk, self._row.sk.startswith(RUN), consistent_read=True))

    def _reaching(self, goal: Goal | None) -> list[Action]:
        if goal is None:
            return []
        actions: list[Action] = [self._row.goal_reached_at.set(format_instant(goal.reached_at))]
        if goal.value is not None:
            actions.append(self._row.goal_value.set(goal.value))
        return actions

    def _update(
        self, profile: ProfileId, enrolment: EnrolmentId, actions: Sequence[Action], condition: Condition
    ) -> Enrolment | None:
        """The row as it is now; None when the condition does not hold."""
        row = self._row(profile, RUN + enrolment)
        try:
            row.update(list(actions), condition=condition)
        except UpdateError as error:
            if code_of(error) == CONDITION_FAILED:
                return None
            raise TransientError(f"enrolment cannot be written: {code_of(error)}") from error
        return _decode(row)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turns an error of the store into one that is retried; a row that is not there stays ``DoesNotExist``."""
    try:
        yield
    except DoesNotExist:
        raise
    except PynamoDBException as error:
        raise TransientError(f"{what}: {code_of(error)}") from error


def _start_shard(enrolment: Enrolment) -> str:
    return str(crc32(enrolment.enrolment.encode()) % START_SHARDS)


def _entry_to_json(entry: EntryEvent) -> dict[str, Any]:
    return {
        "messageId": entry.message_id,
        "event": entry.event,
        "timestamp": format_instant(entry.timestamp),
        "properties": dict(entry.properties),
        "traits": dict(entry.traits),
    }


def _wait_to_json(wait: Wait) -> dict[str, Any]:
    return {
        "step": wait.step,
        "token": wait.token,
        "on": list(wait.on),
        "where": wait.where,
        "message": _messages_to_json(wait.messages),
        "since": format_instant(wait.since),
        "taken": list(wait.taken),
        "steps": dict(wait.steps),
        **({"visit": wait.visit} if wait.visit > 1 else {}),
    }


def _messages_to_json(messages: tuple[str, ...] | None) -> str | list[str] | None:
    """One as itself, none as an empty text: the shape of rows that are older than sends on several channels."""
    if messages is None or len(messages) > 1:
        return None if messages is None else list(messages)
    return "".join(messages)


def _parking_to_text(parking: Parking) -> str:
    return json.dumps([format_instant(parking.at), parking.step, parking.channel, parking.token])


def _parking(text: str) -> Parking:
    at, *rest = json.loads(text)
    return Parking(parse_instant(at), *rest)


def _decode(row: EnrolmentRow) -> Enrolment:
    entry = cast("Mapping[str, Any]", row.entry)
    return Enrolment(
        profile=ProfileId(row.pk),
        enrolment=EnrolmentId(row.enrolment),
        journey=row.journey,
        version=row.version,
        status=cast("EnrolmentStatus", row.status),
        entered_at=parse_instant(row.entered_at),
        entry=EntryEvent(
            message_id=entry["messageId"],
            event=entry["event"],
            timestamp=parse_instant(entry["timestamp"]),
            properties=entry["properties"],
            traits=entry["traits"],
        ),
        run=int(row.run or 1),
        arms=row.arms or {},
        reason=row.reason,
        ended_at=_instant(row.ended_at),
        wait=_wait(row.wait) if row.wait else None,
        goal_reached_at=_instant(row.goal_reached_at),
        goal_value=None if row.goal_value is None else float(row.goal_value),
        ended_by=row.ended_by,
        key=row.key,
        taken=frozenset(row.taken or ()),
        parked=frozenset(map(_parking, row.parked or ())),
    )


def _wait(data: Mapping[str, Any]) -> Wait:
    return Wait(
        step=data["step"],
        token=data["token"],
        on=tuple(data["on"]),
        where=data["where"],
        messages=_messages(data["message"]),
        since=parse_instant(data["since"]),
        taken=tuple(data["taken"]),
        steps=data["steps"],
        visit=data.get("visit", 1),
    )


def _messages(data: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(data, str):
        return (data,) if data else ()
    return None if data is None else tuple(data)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
