"""Who hears of people where only identity runs? Nobody."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from functions.identity.sqs import Listeners
from functions.shared.bus import NOTICES, Bus
from functions.shared.sqs import Queue


def nobody() -> Listeners:
    """Listeners that are told nothing, and reach no AWS."""
    nowhere = Queue("nowhere", client=nullcontext())
    return _Nobody(nowhere, nowhere, nowhere, Bus("nowhere", NOTICES, client=nullcontext()))


class _Nobody(Listeners):
    def tell(
        self,
        people: Sequence[Any],
        consents: Sequence[Any] = (),
        merges: Sequence[Any] = (),
        looks: Sequence[Any] = (),
    ) -> None:
        """Does nothing."""

    def tell_erased(self, erased: Any) -> None:
        """Does nothing."""
