"""Where is kept what no queue carries and no row holds? In objects of S3: whole messages, and what was refused."""

from collections.abc import Iterable
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import aws
from functions.shared.errors import TransientError

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
KEYS_PER_CALL = 1000


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
        """Deletes objects, also those that are gone; a thousand a request, and none when there are none.

        When S3 keeps some, all the others are deleted before it raises.
        """
        once = list(dict.fromkeys(keys))
        kept: set[str] = set()
        for first in range(0, len(once), KEYS_PER_CALL):
            named = [{"Key": key} for key in once[first : first + KEYS_PER_CALL]]
            # Quiet: the answer names only what was not deleted.
            answer = self._ask("delete_objects", Delete={"Objects": named, "Quiet": True})
            kept |= {one["Code"] for one in answer.get("Errors", ())}
        if kept:
            raise TransientError(f"a bucket refused: {', '.join(sorted(kept))}")

    def _put(self, key: str, text: str, content_type: str) -> None:
        self._ask("put_object", Key=key, Body=text.encode(), ContentType=content_type)

    def _ask(self, request: str, **said: Any) -> Any:
        self._client = self._client or aws.client("s3", self._config)
        try:
            return getattr(self._client, request)(Bucket=self._name, **said)
        except (BotoCoreError, ClientError, OSError) as error:
            raise TransientError(f"a bucket refused: {type(error).__name__}") from error
