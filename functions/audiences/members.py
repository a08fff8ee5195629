"""Who enters a journey by its schedule? The members of its audience, a page at a time, as fast as runs may start.

A page is passed on before the next is asked for, so that whoever dies in between passes it on again. What a tick enters
is named after journey, tick and person: nobody enters twice.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.audiences.store import Standings
from functions.shared.clock import Clock, parse_instant
from functions.shared.observability import logger
from functions.shared.publication import Publication
from functions.shared.sqs import Queue, encode

SERVICE = "enter-scheduled"
# What one process of the journeys consumer may start at once, at the default rate.
PEOPLE_PER_MESSAGE = 50
# Rows looked at for one page: one request, and at most twenty messages.
ROWS_PER_PAGE = 1000
LONGEST_DELAY_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Members:
    """Passes members on to ``journeys``, and the next page to ``own``; ``rate`` = runs a second that may start."""

    standings: Standings
    journeys: Queue
    own: Queue
    publication: Publication
    rate: float
    clock: Clock

    def pass_on(self, said: Mapping[str, Any]) -> int:
        """Handles ``{"journey", "tick"}`` of the scheduler, or ``{..., "after": [pk, sk]}`` of the page before.

        Answers how many people were passed on. A tick that comes later than the policy's ``freshness`` enters nobody,
        and neither does one of a journey that has no schedule any more.
        """
        name, tick = said["journey"], parse_instant(said["tick"])
        entry = self.publication.journeys.get(name, {}).get("entry", {})
        if "schedule" not in entry:
            return 0
        if "after" not in said and self.clock() - tick > timedelta(seconds=self.publication.freshness_seconds):
            logger(SERVICE).warning("tick is late", extra={"journey": name, "tick": said["tick"]})
            return 0
        rows = max(PEOPLE_PER_MESSAGE, min(ROWS_PER_PAGE, int(self.rate * LONGEST_DELAY_SECONDS)))
        page, after = self.standings.page(said.get("after"), rows)
        members = [profile for profile, standing in page if entry["audience"] in standing.members]
        for first in range(0, len(members), PEOPLE_PER_MESSAGE):
            some = {"journey": name, "tick": said["tick"], "profiles": members[first:][:PEOPLE_PER_MESSAGE]}
            self.journeys.send_later(encode({"scheduled": [some]}), self._seconds(first), {})
        if after is not None:
            rest = {"journey": name, "tick": said["tick"], "after": after}
            self.own.send_later(encode(rest), self._seconds(len(members)), {})
        return len(members)

    def _seconds(self, people: int) -> int:
        return min(LONGEST_DELAY_SECONDS, math.ceil(people / self.rate))
