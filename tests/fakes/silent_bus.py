"""A bus nobody listens to."""

from collections.abc import Sequence

from functions.shared.bus import NOTICES, Bus, BusEvent


class SilentBus(Bus):
    """Takes all, and tells nobody."""

    def __init__(self) -> None:
        super().__init__("nowhere", NOTICES)

    def publish(self, events: Sequence[BusEvent]) -> None:
        """Reaches nothing."""
