"""How much of a delivery is worked on at once? What has begun is to be done long before the time is over."""

from collections.abc import Sequence

from functions.identity.naming import Named
from functions.shared.events import Event

# The function has a minute. Another portion begins only in the first half of it; the first is never asked.
SECONDS_NEEDED = 30
EVENTS_TOGETHER = 1_000
# Somebody new is two transactions of 10 to 20 ms, one after the other: 333 of them take 13 seconds, and the 500 of a
# single message 20. Further events of a person cost some CPU only.
EVENTS_OF_A_PERSON = 3


def work_of(events: Sequence[tuple[Event, Named]]) -> int:
    """How much of ``EVENTS_TOGETHER`` a record takes, by its people where these are many."""
    return max(len(events), EVENTS_OF_A_PERSON * len({_named(*one) for one in events}))


def _named(event: Event, names: Named) -> str:
    """Of whom it most likely is; who names nobody is somebody of their own."""
    return names.profile or (names.linking[0].key if names.linking else event.message_id)
