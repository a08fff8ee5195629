"""Whose is a write key? The keys of the HTTP door, read from Secrets Manager and kept for a while."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.capture.model import WriteKey
from functions.capture.sqs import PROMPT
from functions.shared import aws
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.observability import count, logger

SERVICE = "accept-http"
# A key that is taken away works for at most this long: one read per environment in so many minutes.
READ_AGAIN = timedelta(minutes=5)
# How old keys may get while the secret cannot be read; then every request is told to come again.
HONOURED = timedelta(minutes=10)
# An unknown key may be a new one: look again, but not for every guess of a stranger.
LOOK_AGAIN = timedelta(minutes=1)
# After a read that failed: as long as clients are told to stay away (Retry-After).
TRY_AGAIN = timedelta(seconds=5)
BARE_KEY = re.compile("[A-Za-z0-9_-]{16,}")


class WriteKeys:
    """The keys under one secret, as they were at most five minutes ago (ten while the secret cannot be read)."""

    def __init__(self, secret: str, clock: Clock, client: Any = None) -> None:
        self._secret = secret
        self._clock = clock
        self._client = client or aws.client("secretsmanager", PROMPT)
        self._read_at = self._failed_at = datetime.min.replace(tzinfo=clock().tzinfo)
        self._keys: Mapping[bytes, WriteKey] = {}

    def find(self, key: str | None) -> WriteKey | None:
        """Where the key's events come from, or None when there is no such key.

        Raises ``TransientError`` when nobody can say: the secret cannot be read, and what is remembered of it is too
        old, or does not hold the key.
        """
        if not key:
            return None
        hashed, now = _hashed(key), self._clock()
        if now - self._read_at >= (READ_AGAIN if hashed in self._keys else LOOK_AGAIN):
            self._read(now)
        unread = self._failed_at > self._read_at
        if unread and (hashed not in self._keys or now - self._read_at >= HONOURED):
            raise TransientError("write keys cannot be read")
        return self._keys.get(hashed)

    def _read(self, now: datetime) -> None:
        if now - self._failed_at < TRY_AGAIN:
            return
        try:
            text = self._client.get_secret_value(SecretId=self._secret).get("SecretString")
        except (BotoCoreError, ClientError, OSError) as error:
            logger(SERVICE).warning("write keys not read", extra={"why": type(error).__name__})
            count(SERVICE, {"write_keys_unread": 1})
            self._failed_at = now
        else:
            self._keys = {_hashed(one): source for one, source in parse_keys(text or "").items()}
            self._read_at = now


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
