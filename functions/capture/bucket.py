"""Where are rejected messages kept? In one S3 object per delivered batch, as JSON lines."""

from typing import Any

from functions.shared import aws


class Bucket:
    """Writes objects; the same key again overwrites with the same content."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client or aws.client("s3")

    def put_lines(self, key: str, text: str) -> None:
        """One object of JSON lines."""
        self._client.put_object(
            Bucket=self._name, Key=key, Body=text.encode(), ContentType="application/x-ndjson; charset=utf-8"
        )
