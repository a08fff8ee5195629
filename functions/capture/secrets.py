"""Whose is a write key? The keys of the HTTP door, read from Secrets Manager and kept for a while."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import boto3

from functions.capture.model import WriteKey
from functions.shared.clock import Clock

# An unknown key may be a new one: look again, but not for every guess of a stranger.
LOOK_AGAIN = timedelta(minutes=1)
BARE_KEY = re.compile("[A-Za-z0-9_-]{16,}")


class WriteKeys:
    """The keys under one secret. A key taken away may be honoured until the environment ends or looks again."""

    def __init__(self, secret: str, clock: Clock, client: Any = None) -> None:
        self._secret = secret
        self._clock = clock
        self._client = client or boto3.client("secretsmanager")
        self._read_at = datetime.min.replace(tzinfo=clock().tzinfo)
        self._keys: Mapping[bytes, WriteKey] = {}

    def find(self, key: str | None) -> WriteKey | None:
        """Where the key's events come from, or None when there is no such key."""
        if not key:
            return None
        hashed = _hashed(key)
        if hashed not in self._keys and self._clock() - self._read_at >= LOOK_AGAIN:
            self._keys = {_hashed(one): source for one, source in parse_keys(self._read()).items()}
            self._read_at = self._clock()
        return self._keys.get(hashed)

    def _read(self) -> str:
        return str(self._client.get_secret_value(SecretId=self._secret)["SecretString"])


def parse_keys(text: str) -> dict[str, WriteKey]:
    """Reads ``{"<key>": {"source", "browser"}}``, ``{"write_key": "...", "source": "..."}`` or one bare server key."""
    try:
        data = json.loads(text)
    except ValueError:
        data = text
    if isinstance(data, Mapping) and isinstance(data.get("write_key"), str):
        return {data["write_key"]: WriteKey.from_json({"source": "server", **data})}
    if isinstance(data, Mapping):
        return {key: WriteKey.from_json(one) for key, one in data.items() if isinstance(one, Mapping)}
    # A secret with a typo must not become a key that a stranger can guess.
    return {text: WriteKey("server", browser=False)} if BARE_KEY.fullmatch(text) else {}


def _hashed(key: str) -> bytes:
    # Looked up by hash, so that how long a miss takes says nothing about the keys there are.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
