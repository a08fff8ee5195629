"""Which messages stand in what the bus door is delivered? One in an event of the bus, many in what is put back.

Operators put back what was kept in quarantine (``segue quarantine replay``): each message as it once came, with the
receipt, the source and the trust it had then, and with what its door held against it.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.capture.envelope import item_of
from functions.capture.model import Item
from functions.capture.policy import usable_number
from functions.shared.clock import parse_instant
from functions.shared.errors import RejectedInput

NOTICES = "segue.notice"
PUT_BACK = "segue.replay"
# Where it stands in what is put back. An event of a bus begins otherwise, and need not be read twice to be told.
BEGINNING = 40


def items_of(texts: Sequence[str], received_at: datetime) -> list[Item]:
    """The items of a delivery. Our own notices are no events; the rule leaves them out, and so do we."""
    items = [item for text in texts for item in _items(text, received_at)]
    return [item for item in items if item.source != NOTICES]


def item_put_back(line: Mapping[str, Any]) -> Item:
    """The item that a line of the quarantine once was (``Rejection.to_json``), with no more trust than it had.

    Raises ``ValueError``, ``LookupError``, ``TypeError`` or ``AttributeError`` when it is no such line.
    """
    sent_at, happened_at, allowed = line.get("sentAt"), line.get("happenedAt"), line.get("allowed")
    item = Item(
        raw=None,
        received_at=parse_instant(line["receivedAt"]),
        source=_said(line["source"]),
        trusted=line.get("trusted") is True,
        text=_body(line),
        sent_at=None if sent_at is None else _said(sent_at),
        happened_at=None if happened_at is None else parse_instant(happened_at),
        browser=line.get("browser") is not False,
        allowed=None if allowed is None else frozenset(map(_said, allowed)),
        refused=RejectedInput(_said(line["field"]), _said(line["rule"])) if line.get("refused") else None,
    )
    return _delivered_again(item) if line.get("unread") else _read_again(item)


def _items(text: str, received_at: datetime) -> Iterator[Item]:
    lines = _put_back(text) if PUT_BACK in text[:BEGINNING] else None
    if lines is None:
        yield item_of(text, received_at)
        return
    for line in lines:
        try:
            yield item_put_back(line)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, zlib.error):
            kept = json.dumps(line, separators=(",", ":"))
            yield Item(None, received_at, "bus", trusted=False, text=kept, browser=True)


def _put_back(text: str) -> list[Any] | None:
    """The lines put back; None when these are none. Nobody on a bus can name a field beside ``detail``."""
    try:
        envelope = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    if not isinstance(envelope, Mapping) or PUT_BACK not in envelope:
        return None
    lines = envelope[PUT_BACK]
    return lines if isinstance(lines, list) else [lines]


def _body(line: Mapping[str, Any]) -> str:
    """``zipped`` (base64 of zlib) where the text itself would not have fitted into a queue message."""
    if "zipped" in line:
        return zlib.decompress(base64.b64decode(line["zipped"])).decode("utf-8", "surrogatepass")
    return _said(line["body"])


def _said(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _read_again(item: Item) -> Item:
    try:
        return replace(item, raw=json.loads(item.text or "", parse_int=usable_number), text=None)
    except (ValueError, RecursionError):
        return item


def _delivered_again(item: Item) -> Item:
    """What could not be read once is a whole delivery of the bus; it is trusted as far as it was and is."""
    read = item_of(item.text or "", item.received_at)
    if read.text is not None or item.browser:
        return item
    return replace(read, trusted=read.trusted and item.trusted)
