"""How do several rows change together, or not at all? One DynamoDB transaction under a client token."""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import (
    CancellationReason,
    DoesNotExist,
    PynamoDBException,
    TransactGetError,
    TransactWriteError,
)
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from functions.shared import aws
from functions.shared.errors import TransientError
from functions.shared.rows import Key, Row, Table, Write

__all__ = ["DynamoRows", "RowRequest", "TransactGet", "TransactWrite", "Transactions", "code_of"]

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 1.6
# BatchGetItem.
KEYS_A_READ = 100
CONDITION_FAILED = "ConditionalCheckFailed"
PASSING = frozenset(
    {
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "InternalServerError",
    }
)


PASSING_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Transactions:
    """Commits on one connection. ``pause`` waits so many seconds (tests pass a fake)."""

    connection: Connection
    pause: Pause = time.sleep

    def commit(self, plan: str, add: Callable[[TransactWrite], None]) -> bool:
        """True when the rows ``add`` names changed; False when a condition failed: read again, decide again.

        ``plan`` spells everything the transaction says; its hash is the client token, so a retry after an unknown
        outcome changes nothing twice (36 characters at most; AWS, TransactWriteItems). Conflict and throttling are
        waited out with full jitter, then raise ``TransientError``.
        """

        def ask(token: str) -> None:
            with TransactWrite(connection=self.connection, client_request_token=token) as transaction:
                add(transaction)

        return self.ask(plan, ask)

    def ask(self, plan: str, ask: Callable[[str], object]) -> bool:
        """``commit`` for who makes the request itself, under the client token it is given."""
        token = hashlib.sha256(plan.encode()).hexdigest()[:32]
        for attempt in range(ATTEMPTS):
            try:
                ask(token)
            except TransactWriteError as error:
                if any(reason and reason.code == CONDITION_FAILED for reason in _reasons(error)):
                    return False
                if not _passing(error):
                    raise TransientError(f"transaction refused: {code_of(error)}") from error
                self.back_off(attempt)
            else:
                return True
        raise TransientError(f"transaction still contended after {ATTEMPTS} attempts")

    def back_off(self, attempt: int) -> None:
        """Waits a random part of 25 ms doubled per attempt, 1.6 s at most (AWS, exponential backoff and jitter)."""
        self.pause(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))


class _Connection(Connection):
    """PynamoDB's connection, on the session that all clients of the process share."""

    @property
    def session(self) -> Session:
        return aws.session()


class _Item(Model):
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    epoch = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)
    profile = UnicodeAttribute(null=True)
    value = UnicodeAttribute(null=True)
    content = BinaryAttribute(null=True, legacy_encoding=False)


NUMBERS = ("version", "epoch", "ttl")
TEXTS = ("profile", "value")


class RowRequest:
    """A row asked for inside a caller's TransactGet; readable once that has run."""

    def __init__(self, key: Key, found: Any) -> None:
        self._key = key
        self._found = found

    def row(self) -> Row | None:
        """The row, or None when there is none."""
        try:
            return _row(self._key, self._found.get())
        except DoesNotExist:
            return None


class DynamoRows:
    """Rows in DynamoDB (see ``functions.shared.rows.Rows``). ``pause`` waits so many seconds (tests pass a fake)."""

    def __init__(self, pause: Pause = time.sleep) -> None:
        self._items: dict[str, type[_Item]] = {}
        self._pause = pause
        # One for all tables, its client made here: PynamoDB would make one for each table, at the first event.
        self.connection = _Connection()
        assert self.connection.client

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``."""
        wanted = {(key.pk, key.sk): key for key in keys}
        if not wanted:
            return {}
        [table] = {key.table for key in wanted.values()}
        asked = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in sorted(wanted)]
        items = [
            item
            for first in range(0, len(asked), KEYS_A_READ)
            for item in self._got(table, asked[first:][:KEYS_A_READ])
        ]
        return {key: _plain_row(key, item) for item in items for key in [wanted[item["pk"]["S"], item["sk"]["S"]]]}

    def _got(self, table: Table, keys: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
        """One BatchGetItem, and more for what it left out (16 MB at once, throttling). PynamoDB's models would take as
        much CPU to read a row as it takes to decide on it."""
        for attempt in range(ATTEMPTS):
            request = {table.name: {"Keys": keys, "ConsistentRead": True}}
            with _explained(f"{table.name} cannot be read"):
                answer = self.connection.dispatch("BatchGetItem", {"RequestItems": request})
            yield from answer["Responses"].get(table.name, ())
            keys = answer.get("UnprocessedKeys", {}).get(table.name, {}).get("Keys", ())
            if not keys:
                return
            Transactions(self.connection, self._pause).back_off(attempt)
        raise TransientError(f"{table.name} cannot be read: throttled")

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``. A write that is under way cancels the read (TransactGetItems); it is asked again."""
        wanted = sorted(set(keys), key=lambda key: (key.table.name, key.pk, key.sk))
        if not wanted:
            return {}
        transactions = Transactions(self.connection, self._pause)
        for attempt in range(ATTEMPTS):
            try:
                with TransactGet(connection=transactions.connection) as transaction:
                    requests = [self.request(transaction, key) for key in wanted]
            except TransactGetError as error:
                if code_of(error) not in PASSING:
                    raise TransientError(f"rows cannot be read: {code_of(error)}") from error
                transactions.back_off(attempt)
            else:
                found = ((key, request.row()) for key, request in zip(wanted, requests, strict=True))
                return {key: row for key, row in found if row is not None}
        raise TransientError(f"rows still contended after {ATTEMPTS} attempts")

    def request(self, transaction: TransactGet, key: Key) -> RowRequest:
        """Adds a row to a caller's TransactGet."""
        return RowRequest(key, transaction.get(self._model(key.table), key.pk, key.sk))

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        model = self._model(table)
        # An empty text is no value in a key condition.
        beginning = model.sk.startswith(prefix) if prefix else None
        wanted = beginning if until is None else model.sk.between(prefix, until)
        with _explained(f"{table.name} cannot be read"):
            for item in model.query(pk, wanted, consistent_read=True):
                key = Key(table, pk, item.sk)
                yield key, _row(key, item)

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        model = self._model(table)
        with _explained(f"{table.name} cannot be read"):
            for item in model.scan(model.sk == sk):
                key = Key(table, item.pk, sk)
                yield key, _row(key, item)

    def page(self, table: Table, prefix: str, after: Key | None, most: int) -> tuple[list[tuple[Key, Row]], Key | None]:
        """See ``Rows``; what was written a moment ago may be missing."""
        self._model(table)
        request: dict[str, Any] = {
            "TableName": table.name,
            "Limit": most,
            "FilterExpression": "begins_with (#sk, :prefix)",
            "ExpressionAttributeNames": {"#sk": "sk"},
            "ExpressionAttributeValues": {":prefix": {"S": prefix}},
        }
        if after is not None:
            request["ExclusiveStartKey"] = {"pk": {"S": after.pk}, "sk": {"S": after.sk}}
        with _explained(f"{table.name} cannot be read"):
            answer = self.connection.dispatch("Scan", request)
        keys = [(Key(table, item["pk"]["S"], item["sk"]["S"]), item) for item in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        rows = [(key, _plain_row(key, item)) for key, item in keys]
        return rows, None if last is None else Key(table, last["pk"]["S"], last["sk"]["S"])

    def commit(self, writes: Sequence[Write]) -> bool:
        """See ``Rows``; one TransactWriteItems, its token good for this call alone: DynamoDB answers a token of the
        last ten minutes without looking, and a row deleted since may have to be written in the same words."""
        checks: list[dict[str, Any]] = []
        deletes: list[dict[str, Any]] = []
        updates: list[dict[str, Any]] = []
        for write in writes:
            sets = _encoded(write)
            kind = deletes if sets is None else updates if sets else checks
            kind.append(_asked(write, sets))

        def ask(token: str) -> object:
            return self.connection.transact_write_items(checks, deletes, [], updates, client_request_token=token)

        return Transactions(self.connection, self._pause).ask(str(uuid4()), ask)

    def _model(self, table: Table) -> type[_Item]:
        if table.name not in self._items:
            model: type[_Item] = type("Item", (_Item,), {"Meta": type("Meta", (), {"table_name": table.name})})
            made = model._get_connection()
            self.connection.add_meta_table(made.get_meta_table())
            made.connection = self.connection
            self._items[table.name] = model
        return self._items[table.name]


def _asked(write: Write, sets: Row | None) -> dict[str, Any]:
    """One row of TransactWriteItems.

    PynamoDB makes expressions of trees of objects, and that takes more CPU than all that is decided about a person. A
    row has few attributes, of known types, so its expressions are written at once.
    """
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    said: dict[str, Any] = {
        "TableName": write.key.table.name,
        "Key": {"pk": {"S": write.key.pk}, "sk": {"S": write.key.sk}},
        "ConditionExpression": " AND ".join(_conditions(write.expects, names, values)),
        "UpdateExpression": _update(sets, names, values) if sets else "",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return {name: one for name, one in said.items() if one}


def _conditions(expects: Row | None, names: dict[str, str], values: dict[str, Any]) -> list[str]:
    if expects is None:
        names["#pk"] = "pk"
        return ["attribute_not_exists (#pk)"]
    for name, value in expects.items():
        names[f"#{name}"] = name
        if value is not None:
            values[f":had_{name}"] = {_kind(name): _plain(value)}
    return [
        f"attribute_not_exists (#{name})" if value is None else f"#{name} = :had_{name}"
        for name, value in expects.items()
    ]


def _update(sets: Row, names: dict[str, str], values: dict[str, Any]) -> str:
    names.update({f"#{name}": name for name in sets})
    values.update({f":{name}": {_kind(name): _plain(value)} for name, value in sets.items() if value is not None})
    setting = ", ".join(f"#{name} = :{name}" for name, value in sets.items() if value is not None)
    removing = ", ".join(f"#{name}" for name, value in sets.items() if value is None)
    return " ".join(part for part in (setting and f"SET {setting}", removing and f"REMOVE {removing}") if part)


def _kind(name: str) -> str:
    return "N" if name in NUMBERS else "S" if name in TEXTS else "B"


def _plain(value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value)


def _encoded(write: Write) -> Row | None:
    if not write.sets or write.sets.get("content") is None:
        return write.sets
    return {**write.sets, "content": write.key.table.codec(write.key.sk).encode(write.sets["content"])}


def _plain_row(key: Key, item: Mapping[str, Any]) -> Row:
    row: dict[str, Any] = {name: int(item[name]["N"]) for name in NUMBERS if name in item}
    row.update({name: item[name]["S"] for name in TEXTS if name in item})
    if "content" in item:
        row["content"] = key.table.codec(key.sk).decode(item["content"]["B"])
    return row


def _row(key: Key, item: _Item) -> Row:
    row: dict[str, Any] = {name: int(getattr(item, name)) for name in NUMBERS if getattr(item, name) is not None}
    row.update({name: getattr(item, name) for name in TEXTS if getattr(item, name) is not None})
    if item.content is not None:
        row["content"] = key.table.codec(key.sk).decode(item.content)
    return row


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except PynamoDBException as error:
        raise TransientError(f"{what}: {code_of(error)}") from error
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise TransientError(f"{what}: {code}") from error


def code_of(error: PynamoDBException) -> str:
    """What DynamoDB answered, as ``ConditionalCheckFailedException``; the class of what kept it from answering.

    Not ``cause_response_code``, which fails on a connection that was lost: botocore's error then has no response.
    """
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error.cause).__name__)


def _passing(error: TransactWriteError) -> bool:
    codes = {reason.code for reason in _reasons(error) if reason}
    return code_of(error) in PASSING and codes <= PASSING_REASONS


def _reasons(error: TransactWriteError) -> list[CancellationReason | None]:
    return list(getattr(error.cause, "cancellation_reasons", ()))
