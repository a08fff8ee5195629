"""Where do messages live on the laptop's runner? In a dictionary, with the conditions of the messages table."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from functions.dispatch.api import Message, MessageFuture, Messages, Status
from functions.dispatch.model import SPEAKING
from functions.dispatch.policy import rank, with_status
from functions.shared.changed import changed
from functions.shared.names import MessageId, ProfileId
from functions.shared.store import TransactGet, TransactWrite
from infra.local.runner.stores.together import NO_READING, MemoryTransactions, as_kept, inside

TIMES = ("planned_at", "decided_at", "until", "lease_until", "status_at")


class Found(MessageFuture):
    """A message that was read when it was asked for."""

    def message(self) -> Message | None:
        """See ``MessageFuture``."""
        found: Message | None = self._found
        return found


class MemoryMessages(Messages):
    """``functions.dispatch.api.Messages`` in this process."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self.transactions = MemoryTransactions()
        self._lines: dict[MessageId, Message] = {}

    def get(self, message: MessageId) -> Message | None:
        """See ``Messages``."""
        line = self._lines.get(message)
        return None if line is None else with_status(line)

    def scan(self) -> Iterator[Message]:
        """See ``Messages``."""
        return map(with_status, self._lines.values())

    def of_person(self, ids: Iterable[ProfileId]) -> Iterator[Message]:
        """See ``Messages``."""
        wanted = set(ids)
        theirs = [line for line in self._lines.values() if line.profile in wanted]
        return map(with_status, sorted(theirs, key=lambda line: line.planned_at))

    def advance(self, message: MessageId, status: Status, at: datetime, provider_event: str) -> Message | None:
        """See ``Messages``."""
        line = self._lines.get(message)
        if line is None or (line.status is not None and rank(line.status) >= rank(status)):
            return self.get(message)
        settled: dict[str, Any] = {"phase": "sent", "decision": "sent", "reason": None}
        if status == "failed":
            settled = {"phase": "failed", "decision": "failed", "reason": "provider_rejected"}
        return with_status(self._write(line, status=status, status_at=as_kept(at), **settled))

    def reading(self) -> AbstractContextManager[TransactGet]:  # type: ignore[override]
        """See ``Messages``."""
        return NO_READING

    def request(self, transaction: TransactGet, message: MessageId) -> MessageFuture:
        """See ``Messages``."""
        return Found(self.get(message))

    def write(self, line: Message) -> bool:
        """See ``Messages``."""
        return self.transactions.commit("", lambda transaction: self.add_line(transaction, line))

    def add_line(self, transaction: TransactWrite, line: Message) -> None:
        """See ``Messages``."""
        stands = self._lines.get(line.message)
        inside(transaction).expect(stands is None or stands.phase == "planned")
        inside(transaction).then(lambda: self._keep(line))

    def add_silent(self, transaction: TransactWrite, message: MessageId) -> None:
        """See ``Messages``."""
        stands = self._lines.get(message)
        inside(transaction).expect(stands is None or stands.phase not in SPEAKING)

    def settle(self, done: Message) -> bool:
        """See ``Messages``."""
        line = self._lines.get(done.message)
        if line is None or line.claim != done.claim or (done.decision != "sent" and line.phase != "claimed"):
            return False
        provider = {} if done.provider_id is None else {"provider_id": done.provider_id}
        self._write(
            line,
            phase=done.phase,
            decision=done.decision,
            decided_at=as_kept(done.decided_at),
            reason=done.reason,
            facts=done.facts,
            **provider,
        )
        return True

    def release(self, claimed: Message) -> None:
        """See ``Messages``."""
        line = self._lines.get(claimed.message)
        if line is not None and line.claim == claimed.claim and line.phase == "claimed":
            del self._lines[claimed.message]

    def _keep(self, line: Message) -> None:
        finer: dict[str, datetime | None] = {name: getattr(line, name) for name in TIMES}
        kept: dict[str, Any] = {name: as_kept(at) for name, at in finer.items() if at and at.microsecond % 1000}
        self._lines[line.message] = changed(line, **kept) if kept else line

    def _write(self, line: Message, **sets: Any) -> Message:
        kept = self._lines[line.message] = changed(line, **sets)
        return kept
