"""Where is what a person's events said and could not carry? In the bucket where the doors left it."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import aws
from functions.shared.errors import TransientError


class Claims:
    """Messages too large to travel, as the doors kept them. Few are ever erased, so S3 is reached at the first."""

    def __init__(self, name: str, client: Any = None) -> None:
        self._name = name
        self._client = client

    def erase(self, objects: Iterable[str]) -> None:
        """Deletes objects, also those that are gone; raises ``TransientError`` when S3 refuses."""
        for key in objects:
            self._client = self._client or aws.client("s3")
            try:
                self._client.delete_object(Bucket=self._name, Key=key)
            except (BotoCoreError, ClientError, OSError) as error:
                raise TransientError(f"claims refused: {type(error).__name__}") from error
