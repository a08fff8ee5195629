"""Where do messages live? One row each: the claim, the decision line and what the provider said of it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from heapq import merge
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import (
    DeleteError,
    DoesNotExist,
    PutError,
    PynamoDBException,
    TransactGetError,
    UpdateError,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from functions.dispatch.model import SPEAKING, Message, Status
from functions.dispatch.policy import rank, with_status
from functions.shared.clock import format_instant, parse_instant
from functions.shared.errors import TransientError
from functions.shared.names import MessageId, ProfileId
from functions.shared.store import Transactions, code_of

CONDITION_FAILED = "ConditionalCheckFailedException"
TIMES = frozenset({"planned_at", "decided_at", "until", "lease_until", "status_at"})
FIELDS = tuple(name for name in Message.__slots__ if name != "message")


class ByProfile(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A person's messages in the order they were planned."""

    class Meta:
        """Index ``by_profile`` of the messages table."""

        index_name = "by_profile"
        projection = AllProjection()

    profile = UnicodeAttribute(hash_key=True)
    planned_at = UnicodeAttribute(range_key=True)


class MessageRow(Model):
    """One message. ``status_rank`` is the status's place in its one direction, for conditions."""

    pk = UnicodeAttribute(hash_key=True)
    profile = UnicodeAttribute()
    enrolment = UnicodeAttribute()
    journey = UnicodeAttribute()
    version = UnicodeAttribute()
    step = UnicodeAttribute()
    visit = UnicodeAttribute()
    channel = UnicodeAttribute()
    message_class = UnicodeAttribute(attr_name="class")
    topic = UnicodeAttribute(null=True)
    template = UnicodeAttribute()
    planned_at = UnicodeAttribute()
    decided_at = UnicodeAttribute()
    phase = UnicodeAttribute()
    decision = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    guard = UnicodeAttribute(null=True)
    facts = JSONAttribute(null=True)
    contact = UnicodeAttribute(null=True)
    until = UnicodeAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    status_rank = NumberAttribute(null=True)
    status_at = UnicodeAttribute(null=True)
    provider_event = UnicodeAttribute(null=True)
    by_profile = ByProfile()


class MessageFuture:
    """What ``request`` promises: the message, once its transaction has run."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def message(self) -> Message | None:
        """The message, or None when its step never came here."""
        try:
            return _decode(self._found.get())
        except DoesNotExist:
            return None


class Messages:
    """The messages table, for dispatch itself and through ``api.py`` for others."""

    def __init__(self, table_name: str) -> None:
        meta = type("Meta", (), {"table_name": table_name})
        self._row: type[MessageRow] = type("Row", (MessageRow,), {"Meta": meta})
        self.transactions = Transactions(self._row._get_connection().connection)

    def get(self, message: MessageId) -> Message | None:
        """The message now, strongly consistent; None when there is none of this id."""
        try:
            return _decode(self._row.get(message, consistent_read=True))
        except DoesNotExist:
            return None

    def scan(self) -> Iterator[Message]:
        """Every message; one pass over the table, for jobs and reports."""
        return (_decode(row) for row in self._row.scan())

    def of_person(self, ids: Iterable[ProfileId]) -> Iterator[Message]:
        """A person's messages, first planned first; ``ids`` = every id of the person, as rows keep the one at entry."""
        rows = (self._row.by_profile.query(profile) for profile in ids)
        return map(_decode, merge(*rows, key=lambda row: row.planned_at))

    def advance(self, message: MessageId, status: Status, at: datetime, provider_event: str) -> Message | None:
        """Moves a message's status forward, never back; answers the message, or None when there is none of this id.

        Any word of a message that went (all but ``failed``) also settles an outcome that was lost.
        """
        row = self._row(message)
        settled = self._not_sent() if status == "failed" else self._sent()
        actions = [
            self._row.status.set(status),
            self._row.status_rank.set(rank(status)),
            self._row.status_at.set(format_instant(at)),
            self._row.provider_event.set(provider_event),
            *settled,
        ]
        behind = self._row.status_rank.does_not_exist() | (self._row.status_rank < rank(status))
        if self._update(row, actions, self._row.pk.exists() & behind):
            return _decode(row)
        return self.get(message)

    @contextmanager
    def reading(self) -> Iterator[TransactGet]:
        """One read of rows of several owners; each adds its own with its ``request``."""
        try:
            with TransactGet(connection=self.transactions.connection) as transaction:
                yield transaction
        except TransactGetError as error:
            # A writer holds one of the rows this very moment, or DynamoDB is busy.
            raise TransientError(f"records cannot be read: {code_of(error)}") from error

    def request(self, transaction: TransactGet, message: MessageId) -> MessageFuture:
        """Adds the message to a TransactGet."""
        return MessageFuture(transaction.get(self._row, message))

    def add_claim(self, transaction: TransactWrite, claimed: Message) -> None:
        """Adds the claim to a transaction, which then fails when the message was claimed or decided before."""
        self.add_line(transaction, claimed)

    def add_silent(self, transaction: TransactWrite, message: MessageId) -> None:
        """Makes the caller's transaction fail when that message went, or may have gone."""
        silent = self._row.pk.does_not_exist() | ~self._row.phase.is_in(*sorted(SPEAKING))
        transaction.condition_check(self._row, message, condition=silent)

    def write(self, line: Message) -> bool:
        """Stores a decision that needs no claim; False when the message was claimed or decided meanwhile."""
        try:
            _encode(self._row, line).save(condition=self._undecided())
        except PutError as error:
            return _refused(error)
        return True

    def add_line(self, transaction: TransactWrite, line: Message) -> None:
        """``write`` inside a transaction, which then fails when the message was claimed or decided before."""
        transaction.save(_encode(self._row, line), condition=self._undecided())

    def settle(self, done: Message) -> bool:
        """Stores how a claimed message ended; False when somebody who knew better did so before.

        That it was sent is always the better knowledge.
        """
        mine = self._row.claim == done.claim
        open_claim = mine if done.decision == "sent" else mine & (self._row.phase == "claimed")
        actions: list[Action] = [
            self._row.phase.set(done.phase),
            self._row.decision.set(str(done.decision)),
            self._row.decided_at.set(format_instant(done.decided_at)),
            self._row.reason.remove() if done.reason is None else self._row.reason.set(done.reason),
            self._row.facts.set(dict(done.facts)),
        ]
        if done.provider_id is not None:
            actions.append(self._row.provider_id.set(done.provider_id))
        return self._update(self._row(done.message), actions, open_claim)

    def release(self, claimed: Message) -> None:
        """Takes a claim back that certainly had no effect, so that the next delivery may try again."""
        try:
            self._row(claimed.message).delete((self._row.claim == claimed.claim) & (self._row.phase == "claimed"))
        except DeleteError as error:
            _refused(error)

    def _undecided(self) -> Condition:
        free: Condition = self._row.pk.does_not_exist() | (self._row.phase == "planned")
        return free

    def _sent(self) -> list[Action]:
        return [self._row.phase.set("sent"), self._row.decision.set("sent"), self._row.reason.remove()]

    def _not_sent(self) -> list[Action]:
        return [
            self._row.phase.set("failed"),
            self._row.decision.set("failed"),
            self._row.reason.set("provider_rejected"),
        ]

    def _update(self, row: MessageRow, actions: Sequence[Action], condition: Condition) -> bool:
        try:
            row.update(list(actions), condition)
        except UpdateError as error:
            return _refused(error)
        return True


def _refused(error: PynamoDBException) -> bool:
    if code_of(error) != CONDITION_FAILED:
        raise error
    return False


def _encode(row: type[MessageRow], message: Message) -> MessageRow:
    values = {name: getattr(message, name) for name in FIELDS}
    times = {name: format_instant(values[name]) for name in TIMES if values[name] is not None}
    return row(message.message, **{**values, **times, "facts": dict(message.facts)})


def _decode(row: MessageRow) -> Message:
    values: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
    times = {name: parse_instant(values[name]) for name in TIMES if values[name] is not None}
    facts = values["facts"] or {}
    return with_status(Message(message=MessageId(row.pk), **{**values, **times, "facts": facts}))
