"""Where is kept what no queue carries and no row holds? In objects of S3: whole messages, and what was refused."""

from collections.abc import Iterable
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import aws
from functions.shared.errors import TransientError


class Bucket:
    """One bucket; what S3 refuses raises a ``TransientError`` that names no object.

    Most deliveries put nothing and fewer delete, so S3 is reached at the first request; ``config`` = how long it waits.
    """

    def __init__(self, name: str, config: Config | None = None, client: Any = None) -> None:
        self._name = name
        self._config = config
        self._client = client

    def put_lines(self, key: str, text: str) -> None:
        """One object of JSON lines; the same key again overwrites."""
        self._put(key, text, "application/x-ndjson; charset=utf-8")

    def put_json(self, key: str, text: str) -> None:
        """One object that is one JSON text; the same key again overwrites."""
        self._put(key, text, "application/json; charset=utf-8")

    def delete(self, keys: Iterable[str]) -> None:
        """Deletes objects, also those that are gone."""
        for key in keys:
            self._ask("delete_object", Key=key)

    def _put(self, key: str, text: str, content_type: str) -> None:
        self._ask("put_object", Key=key, Body=text.encode(), ContentType=content_type)

    def _ask(self, request: str, **said: Any) -> None:
        self._client = self._client or aws.client("s3", self._config)
        try:
            getattr(self._client, request)(Bucket=self._name, **said)
        except (BotoCoreError, ClientError, OSError) as error:
            raise TransientError(f"a bucket refused: {type(error).__name__}") from error
