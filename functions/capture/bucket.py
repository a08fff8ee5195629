"""Where are rejected messages kept? In one S3 object per delivered batch, as JSON lines, with an index beside it."""

from typing import Any

from botocore.config import Config

from functions.shared import aws


class Bucket:
    """Writes objects; the same key again overwrites with the same content."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client or aws.client("s3")

    def put_lines(self, key: str, text: str) -> None:
        """One object of JSON lines."""
        self._put(key, text, "application/x-ndjson; charset=utf-8")

    def put_json(self, key: str, text: str) -> None:
        """One object that is one JSON text."""
        self._put(key, text, "application/json; charset=utf-8")

    def _put(self, key: str, text: str, content_type: str) -> None:
        self._client.put_object(Bucket=self._name, Key=key, Body=text.encode(), ContentType=content_type)


class Claims:
    """Where messages too large to travel are kept. Most doors never see one, so S3 is reached at the first."""

    def __init__(self, name: str, config: Config | None = None) -> None:
        self._name = name
        self._config = config

    def put_json(self, key: str, text: str) -> None:
        """One object that is one message."""
        Bucket(self._name, aws.client("s3", self._config)).put_json(key, text)
