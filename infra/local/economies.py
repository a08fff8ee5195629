"""Where does moto spend time that AWS would not bill? Short cuts, each with the same answer as the long way."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import jsonpath_ng.ext
from botocore.loaders import JSONFileLoader
from moto.core import responses, serialize
from moto.core.utils import unix_time
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.sqs import models as queues
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.utils import json_path

_DYNAMO_TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})


@contextmanager
def economies() -> Iterator[None]:
    """Holds inside; everything is as it was afterwards."""
    with ExitStack() as stack:
        for target, name, replacement in (*_transactions(), *_queries(), *_receipts(), *_parsers(), *_answers()):
            stack.enter_context(patch.object(target, name, replacement, create=name == "__deepcopy__"))
        yield


def _transactions() -> Iterator[tuple[Any, str, Any]]:
    """moto copies each table of a transaction whole, so as to undo it; only the rows it names can change."""
    transact = DynamoDBBackend.transact_write_items

    def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        before = [_row(backend, next(iter(item.values()))) for item in transact_items]
        try:
            transact(backend, transact_items)
        except BaseException:
            for table, hash_key, range_key, row in before:
                _restore(table, hash_key, range_key, row)
            raise

    def same(table: Table, memo: Any) -> Table:
        return table

    yield DynamoDBBackend, "transact_write_items", transact_write_items
    yield Table, "__deepcopy__", same


def _row(backend: DynamoDBBackend, action: dict[str, Any]) -> tuple[Table, DynamoType, DynamoType | None, Any]:
    table = backend.get_table(action["TableName"])
    key = action.get("Key") or action["Item"]
    hash_key = DynamoType(key[table.hash_key_attr])
    range_key = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key))


def _restore(table: Table, hash_key: DynamoType, range_key: DynamoType | None, row: Any) -> None:
    if range_key is None:
        if row is None:
            table.items.pop(hash_key, None)
        else:
            table.items[hash_key] = row
    elif row is None:
        table.items.get(hash_key, {}).pop(range_key, None)
    else:
        table.items[hash_key][range_key] = row


def _queries() -> Iterator[tuple[Any, str, Any]]:
    """moto sorts every row of a table for each query of it; only the rows under its key can be answered."""
    query = Table.query

    def query_partition(
        table: Table, *said: Any, hash_key_conditions: Sequence[tuple[str, DynamoType]], **more: Any
    ) -> Any:
        asked = copy.copy(table)
        asked.items = _under(table, dict(hash_key_conditions))
        return query(asked, *said, hash_key_conditions=hash_key_conditions, **more)

    yield Table, "query", query_partition


def _under(table: Table, asked: dict[str, DynamoType]) -> Any:
    """The rows with these values, as a table holds its rows; those of an index lie anywhere."""
    if asked.keys() == {table.hash_key_attr}:
        key = asked[table.hash_key_attr]
        return {key: table.items[key]} if key in table.items else {}
    if table.range_key_attr:
        return table.items
    return {
        key: row
        for key, row in table.items.items()
        if all(name in row.attrs and row.attrs[name] == value for name, value in asked.items())
    }


def _receipts() -> Iterator[tuple[Any, str, Any]]:
    """moto counts all messages of a queue, some thirty times, for each that it hands out; it needs one number."""

    def kept_still(backend: queues.SQSBackend, queue_name: str, message: queues.Message) -> bool:
        seconds = backend.get_queue(queue_name).message_retention_period
        return bool(seconds + message.sent_timestamp / 1000 > unix_time())

    yield queues.SQSBackend, "is_message_valid_based_on_retention_period", kept_still


def _parsers() -> Iterator[tuple[Any, str, Any]]:
    """The same few paths, names and service models are read again at every step, request and client."""
    for module in (jsonpath_ng.ext, json_path, result_path):
        yield module, "parse", cache(module.parse)
    for module in (responses, queues):
        yield module, "camelcase_to_underscores", cache(module.camelcase_to_underscores)
    yield responses, "method_names_from_class", cache(responses.method_names_from_class)
    load, models = JSONFileLoader.load_file, dict[str, Any]()

    def load_once(loader: JSONFileLoader, path: str) -> Any:
        if path not in models:
            models[path] = load(loader, path)
        return models[path]

    yield JSONFileLoader, "load_file", load_once


def _answers() -> Iterator[tuple[Any, str, Any]]:
    """A DynamoDB value has one of ten members; moto looks for all ten under each of its possible names."""
    pick = serialize.AttributePicker.__call__

    def picked(picker: serialize.AttributePicker, context: Any) -> Any:
        value = context.obj
        if type(value) is dict and len(value) == 1 and not picker.response_transformers:
            [name] = value
            if name in _DYNAMO_TYPES and context.key in _DYNAMO_TYPES:
                return value.get(context.key)
        return pick(picker, context)

    yield serialize.AttributePicker, "__call__", picked
