"""Who hears of people and their events? The queues of journeys, of permissions and of audiences, one request each per
delivery; and of merges whoever listens on the bus for ``profile.merged``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.bus import Bus, BusEvent
from functions.shared.errors import TransientError
from functions.shared.sqs import Queue


@dataclass(frozen=True, slots=True)
class Listeners:
    """The three queues behind identity, and the bus."""

    journeys: Queue
    permissions: Queue
    audiences: Queue
    bus: Bus

    def tell(
        self,
        people: Sequence[Any],
        consents: Sequence[Any] = (),
        merges: Sequence[Any] = (),
        looks: Sequence[Any] = (),
    ) -> None:
        """Returns once SQS has everything; raises ``TransientError`` when it does not take something now, and
        ``ClientError`` when it never will."""
        self._tell({"people": people, "merges": merges}, {"consents": consents}, {"looks": looks}, merges)

    def tell_erased(self, erased: Any) -> None:
        """Says that a person is to be forgotten by who sends, by who keeps consent and by who keeps memberships."""
        self._tell({"erasures": [erased]}, {"erasures": [erased]}, {"erasures": [erased]})

    def _tell(
        self,
        journeys: Mapping[str, Sequence[Any]],
        permissions: Mapping[str, Sequence[Any]],
        audiences: Mapping[str, Sequence[Any]],
        merges: Sequence[Any] = (),
    ) -> None:
        told = ((self.journeys, journeys), (self.permissions, permissions), (self.audiences, audiences))
        try:
            for queue, said in told:
                for field, items in said.items():
                    queue.send_packed(field, items)
            self.bus.publish([BusEvent("profile.merged", _notice(one)) for one in merges])
        except (BotoCoreError, ClientError, OSError) as error:
            if isinstance(error, ClientError) and _is_refused_for_good(error):
                # Something unforeseen in one record, as a message too large for SQS is; its neighbours go on alone.
                raise
            raise TransientError(f"a listener refused: {type(error).__name__}") from error


def _is_refused_for_good(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "")
    return status == 400 and "Throttl" not in code


def _notice(merge: Mapping[str, Any]) -> dict[str, Any]:
    """Ids alone: whoever may listen on the bus need not know who somebody is."""
    return {"loser": merge["loser"], "survivor": merge["profile"]["profile"], "op": merge["op"]}
