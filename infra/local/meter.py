"""What does it cost? AWS requests by who made them, DynamoDB units by item size, state transitions.

moto answers a consumed capacity of 1 for everything, so units are computed from the items as its tables hold them.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from infra.local.item_size import item_bytes
from infra.local.requests import Observer, Request, observed

WRITE_UNIT = 1024
READ_UNIT = 4096
WRITES = {"PutItem", "UpdateItem", "DeleteItem"}


class StringTooLong(AssertionError):
    """A request holds a string that is longer than AWS takes, which botocore does not check."""


@dataclass(slots=True)
class Units:
    """DynamoDB capacity units."""

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.read + other.read, self.write + other.write)


@dataclass(slots=True)
class Reading:
    """What was counted: requests by (actor, operation), units by actor, state transitions by machine."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    units: dict[str, Units] = field(default_factory=dict)
    transitions: Counter[str] = field(default_factory=Counter)

    def requests_of(self, *actors: str) -> int:
        """Requests made by these actors (function ids)."""
        return sum(count for (who, _), count in self.requests.items() if who in actors)

    def units_of(self, *actors: str) -> Units:
        """Units used by these actors."""
        return sum((used for who, used in self.units.items() if who in actors), Units())

    def __sub__(self, earlier: "Reading") -> "Reading":
        units = {
            who: Units(used.read - before.read, used.write - before.write)
            for who, used in self.units.items()
            for before in [earlier.units.get(who, Units())]
        }
        return Reading(self.requests - earlier.requests, units, self.transitions - earlier.transitions)

    def to_json(self, without: frozenset[str] = frozenset({"local", "app"})) -> dict[str, Any]:
        """``{"aws_requests", "read_units", "write_units", "state_transitions"}``; the laptop's own wiring left out."""
        requests: Counter[str] = Counter()
        for (who, operation), count in self.requests.items():
            if who not in without:
                requests[operation] += count
        used = sum((one for who, one in self.units.items() if who not in without), Units())
        return {
            "aws_requests": dict(sorted(requests.items())),
            "read_units": used.read,
            "write_units": used.write,
            "state_transitions": sum(self.transitions.values()),
        }


class Meter(Observer):
    """Counts while it is entered: ``with Meter() as meter: ...; meter.reading``."""

    def __init__(self) -> None:
        self.reading = Reading()
        self._observed: Any = None

    def __enter__(self) -> Self:
        self._observed = observed(self)
        self._observed.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._observed.__exit__(*error)

    def snapshot(self) -> Reading:
        """A copy of what was counted so far; subtract two to measure what lies between."""
        now = self.reading
        return Reading(
            now.requests.copy(), {who: Units(u.read, u.write) for who, u in now.units.items()}, now.transitions.copy()
        )

    @contextmanager
    def measured(self) -> Iterator[Reading]:
        """Answers, once left, what was counted inside."""
        before, inside = self.snapshot(), Reading()
        yield inside
        after = self.snapshot() - before
        inside.requests, inside.units, inside.transitions = after.requests, after.units, after.transitions

    def before(self, request: Request) -> None:
        """Counts the request and remembers the items it is about to change."""
        self.reading.requests[request.actor, request.name] += 1
        if request.model.service_model.service_name == "dynamodb":
            body = json.loads(request.params["body"])
            _check_lengths(request.model.input_shape, body)
            request.noted = (body, [(write, _current(*write)) for write in _written(request.model.name, body)])

    def after(self, request: Request) -> None:
        """Computes units, when the tables show what the request left."""
        if request.noted is None:
            return
        body, before = request.noted
        factor = 2 if request.model.name.startswith("Transact") else 1
        used = Units(read=_read_units(request.model.name, body))
        for (table, key), old in before:
            new = _current(table, key)
            used.write += factor * max(_units(old, WRITE_UNIT), _units(new, WRITE_UNIT))
            used.write += _index_units(table, old, new)
        self.reading.units[request.actor] = self.reading.units.get(request.actor, Units()) + used


def _units(item: Mapping[str, Any] | None, size: int) -> int:
    return max(1, math.ceil(item_bytes(item) / size)) if item else 1


def _table(name: str) -> Any:
    for backend in dynamodb_backends[DEFAULT_ACCOUNT_ID].values():
        if name.rpartition("/")[2] in backend.tables:
            return backend.tables[name.rpartition("/")[2]]
    return None


def _current(table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
    """An item as moto's table holds it, in DynamoDB JSON; None when there is none."""
    held = _table(table)
    if held is None:
        return None
    names = [held.hash_key_attr, *([held.range_key_attr] if held.range_key_attr else [])]
    if not all(name in key for name in names):
        return None
    hash_value = _dynamo(key[names[0]])
    range_value = _dynamo(key[names[1]]) if len(names) > 1 else None
    item = held.get_item(hash_value, range_value)
    return None if item is None else {name: value.to_json() for name, value in item.attrs.items()}


def _dynamo(value: Mapping[str, Any]) -> Any:
    from moto.dynamodb.models.dynamo_type import DynamoType

    return DynamoType(dict(value))


def _written(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(table, key or item) of every item a request writes or checks in a transaction."""
    if operation in WRITES:
        yield body["TableName"], body.get("Key") or body["Item"]
    elif operation == "TransactWriteItems":
        for action in body["TransactItems"]:
            one = next(iter(action.values()))
            yield one["TableName"], one.get("Key") or one["Item"]
    elif operation == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            for request in requests:
                one = next(iter(request.values()))
                yield table, one.get("Key") or one["Item"]


def _read_units(operation: str, body: Mapping[str, Any]) -> float:
    """Strong reads 1 per 4 KB, eventual half, transactional double; a missing item costs as one unit of size."""
    match operation:
        case "GetItem":
            share = 1.0 if body.get("ConsistentRead") else 0.5
            return share * _units(_current(body["TableName"], body["Key"]), READ_UNIT)
        case "BatchGetItem":
            return sum(
                (1.0 if one.get("ConsistentRead") else 0.5) * _units(_current(table, key), READ_UNIT)
                for table, one in body["RequestItems"].items()
                for key in one["Keys"]
            )
        case "TransactGetItems":
            gets = [one["Get"] for one in body["TransactItems"]]
            return 2.0 * sum(_units(_current(get["TableName"], get["Key"]), READ_UNIT) for get in gets)
        case "Query" | "Scan":
            return (1.0 if body.get("ConsistentRead") else 0.5) * _pages(operation, body)
    return 0.0


def _pages(operation: str, body: Mapping[str, Any]) -> int:
    table = _table(body["TableName"])
    items = _asked(table, operation, body) if table else ()
    total = sum(item_bytes({name: value.to_json() for name, value in item.attrs.items()}) for item in items)
    return max(1, math.ceil(total / READ_UNIT))


def _asked(table: Any, operation: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """The rows a query or scan reads, in no order; a table of two years has too many to look at each for a query."""
    partitions = table.items
    index = body.get("IndexName")
    if operation == "Query":
        wanted = [
            value for value in body["ExpressionAttributeValues"].values() if not {"S", "N", "B"}.isdisjoint(value)
        ]
        if not index:
            keys = {_dynamo(value) for value in wanted}
            partitions = {key: partitions[key] for key in keys if key in partitions}
    rows = (row for one in partitions.values() for row in (one.values() if table.range_key_attr else (one,)))
    if operation == "Query" and index:
        name = table.get_index(index).schema[0]["AttributeName"]
        return (row for row in rows if name in row.attrs and row.attrs[name].to_json() in wanted)
    return iter(rows)


def _index_units(table: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> int:
    """Each index whose entry changes is written once, twice when its key moves."""
    held = _table(table)
    units = 0
    for index in (*held.global_indexes, *held.indexes) if held else ():
        keys = [one["AttributeName"] for one in index.schema]
        entries = [item if item and all(key in item for key in keys) else None for item in (old, new)]
        if entries[0] == entries[1]:
            continue
        moved = all(entries) and any(entries[0][key] != entries[1][key] for key in keys)  # type: ignore[index]
        units += sum(
            _units(entry, WRITE_UNIT) for entry in (entries if moved else entries[-1:] if entries[1] else entries[:1])
        )
    return units


def _check_lengths(shape: Any, value: Any) -> None:
    """Raises ``StringTooLong`` for a string over its model's ``max`` (a client token has 36)."""
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, one in (value or {}).items():
            _check_lengths(shape.members.get(name), one)
    elif shape.type_name == "string" and isinstance(value, str):
        limit = shape.metadata.get("max")
        if limit is not None and len(value) > limit:
            raise StringTooLong(f"{shape.name} takes {limit} characters, the request holds {len(value)}")
