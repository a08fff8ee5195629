"""How does the archive keep events that may have to be forgotten? What they say is sealed; what partitions is clear.

A line holds events of one identifier, as a delivery brought them. What is clear names nobody: identifiers and message
ids stand there as hashes under the deployment's key.
"""

import base64
import hmac
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from functions.profiles.api import DataKey
from functions.shared.clock import format_instant
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.sqs import encode

VERSION = 1
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """An event for the archive. ``record`` = the delivered record that brought it; ``home`` = the identifier it stands
    under, whose ``key`` seals it (None: it names nobody, and is kept in the open); ``profile`` = whose it was then;
    ``conflict`` = another content was known under its id, and stays."""

    record: str
    event: Event
    home: str
    key: DataKey | None
    profile: ProfileId | None = None
    conflict: bool = False


def clear_of(kept: Kept, pepper: str) -> dict[str, Any]:
    """What of an event anybody may read who may read the archive."""
    event = kept.event
    said = {
        "message": message_key(event.message_id, pepper),
        "type": event.type,
        "timestamp": format_instant(event.timestamp),
        "receivedAt": format_instant(event.received_at),
        "source": event.source,
        "trusted": event.trusted,
    }
    return {**said, "conflict": True} if kept.conflict else said


def message_key(message_id: str, pepper: str) -> str:
    """A message id without its text, which callers choose and may put anything into."""
    said = f"message\x1f{message_id}".encode("utf-8", "surrogatepass")
    return hmac.digest(pepper.encode(), said, "sha256").hex()[:32]


def line_of(one: Kept, clear: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> bytes:
    """One line of events that share home, key and person: ``clear`` and ``texts`` (JSON) stand side by side.

    They are compressed and sealed together (AES-256-GCM): what is sealed can no longer be compressed, and events of one
    delivery are much alike. What is clear is authenticated with them, so no line can be passed off as another's.
    """
    said: dict[str, Any] = {"v": VERSION, "home": one.home, "profile": one.profile, "events": clear}
    if one.key is None:
        return f"{encode({**said, 'open': [json.loads(text) for text in texts]})}\n".encode()
    said["key"] = one.key.id
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + _cipher(one.key).encrypt(nonce, zlib.compress("\n".join(texts).encode()), encode(said).encode())
    return f"{encode({**said, 'sealed': base64.b64encode(sealed).decode()})}\n".encode()


def events_of(line: Mapping[str, Any], key: DataKey | None) -> Iterator[tuple[Mapping[str, Any], Event]]:
    """The events of a line, each with what is clear of it; none when ``key`` is not the one that sealed it.

    Raises ``ValueError`` or ``KeyError`` for a line that is none of ours, or was changed.
    """
    if line["v"] != VERSION:
        raise ValueError("this line was written by a later version")
    said = line.get("open")
    if said is None:
        if key is None or key.id != line["key"]:
            return
        said = _opened(line, key)
    for clear, one in zip(line["events"], said, strict=True):
        yield clear, Event.from_json(one)


def _opened(line: Mapping[str, Any], key: DataKey) -> list[Any]:
    sealed = base64.b64decode(line["sealed"])
    clear = encode({name: value for name, value in line.items() if name != "sealed"}).encode()
    try:
        text = _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], clear)
    except InvalidTag as error:
        raise ValueError("this line was changed after it was written") from error
    return [json.loads(one) for one in zlib.decompress(text).decode().split("\n")]


def _cipher(key: DataKey) -> AESGCM:
    return AESGCM(key.secret)
