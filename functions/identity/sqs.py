"""Who hears of people and their events? The queues of journeys and of permissions, one request each per delivery."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.errors import TransientError
from functions.shared.sqs import Queue


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two queues behind identity."""

    journeys: Queue
    permissions: Queue

    def tell(self, people: Sequence[Any], consents: Sequence[Any]) -> None:
        """Returns once SQS has everything; raises ``TransientError`` when it refuses anything."""
        try:
            if people:
                self.journeys.send_packed("people", people)
            if consents:
                self.permissions.send_packed("consents", consents)
        except (BotoCoreError, ClientError, OSError) as error:
            raise TransientError(f"queue refused: {type(error).__name__}") from error
