"""What time is it on the laptop? Whatever the story needs: time moves only when nothing else can."""

from datetime import datetime


class VirtualClock:
    """A clock that is told the time and never goes back. Call it for the aware UTC instant."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance_to(self, instant: datetime) -> None:
        """Moves on to ``instant``; an instant in the past changes nothing."""
        self._now = max(self._now, instant)
