"""Who hears of people and their events? The queues of journeys and of permissions, one request each per delivery."""

from collections.abc import Mapping, Sequence
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

    def tell(self, people: Sequence[Any], consents: Sequence[Any] = (), merges: Sequence[Any] = ()) -> None:
        """Returns once SQS has everything; raises ``TransientError`` when it refuses anything."""
        self._tell({"people": people, "merges": merges}, {"consents": consents})

    def tell_erased(self, erased: Any) -> None:
        """Says that a person is to be forgotten by who sends and by who keeps consent."""
        self._tell({"erasures": [erased]}, {"erasures": [erased]})

    def _tell(self, journeys: Mapping[str, Sequence[Any]], permissions: Mapping[str, Sequence[Any]]) -> None:
        try:
            for queue, said in ((self.journeys, journeys), (self.permissions, permissions)):
                for field, items in said.items():
                    queue.send_packed(field, items)
        except (BotoCoreError, ClientError, OSError) as error:
            raise TransientError(f"queue refused: {type(error).__name__}") from error
