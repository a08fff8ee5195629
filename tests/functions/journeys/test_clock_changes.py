"""Every jump of the clocks from 2025 to 2028, against an oracle that knows no zones: it looks at each minute around it.

Of a jump the oracle reads only what the table says: the instant, and the offsets before and after. It is asked for
every local time inside the jump, at its edges and far from it, and says how many answers it compared.
"""

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.journeys.conditions import Facts
from functions.journeys.conditions.closures import WEEKDAYS
from functions.journeys.language.cron import read_cron
from functions.journeys.times import next_local_time, resolve_until, zone_named
from functions.profiles.model import Snapshot
from functions.shared.names import ProfileId

TABLE = Path(__file__).parent / "data" / "clock_changes.csv.gz"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 24 * 60
# How far the oracle looks around a jump; no zone has another one within.
BACK, AHEAD = 5 * DAY, 10 * DAY
SHIFTS = {"30m": 30, "1h": 60, "3h": 180, "1d": DAY, "36h": 36 * 60, "2d": 2 * DAY}

# Half a minute of one processor.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Jump:
    """All in minutes: ``at`` since 1970 in UTC, offsets from UTC, ``shown`` = the first minute at which the clocks show
    a local time."""

    zone: str
    at: int
    before: int
    after: int
    shown: dict[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        minutes = range(self.at + AHEAD, self.at - BACK, -1)
        object.__setattr__(self, "shown", {self.local(one): one for one in minutes})

    def local(self, instant: int) -> int:
        return instant + (self.before if instant < self.at else self.after)

    def instant_of(self, local: int) -> int:
        """A local time that comes twice is its first; one that never comes is the next that does."""
        while local not in self.shown:
            local += 1
        return self.shown[local]

    def next_time(self, now: int, at: int, days: frozenset[str]) -> int:
        """The first minute after ``now`` that is this time of one of these days."""
        today = self.local(now) // DAY
        # 1 January 1970 was a Thursday.
        wanted = [day * DAY + at for day in range(today - 1, today + 9) if WEEKDAYS[(day + 3) % 7] in days]
        return min(instant for one in wanted if (instant := self.instant_of(one)) > now)

    @property
    def asked(self) -> list[int]:
        """Local times: every minute or so that the jump leaves out or repeats, its edges, and some of the same day."""
        low, high = sorted((self.at + self.before, self.at + self.after))
        inside = range(low, high, max(1, (high - low) // 6))
        day = low // DAY * DAY
        return sorted({low - 1, low, low + 1, *inside, high - 1, high, high + 1, day, day + 9 * 60, day + DAY - 1})


def jumps() -> Iterator[Jump]:
    with gzip.open(TABLE, "rt") as file:
        for row in csv.DictReader(file):
            before, after = int(row["offset_before_min"]), int(row["offset_after_min"])
            yield Jump(row["zone"], minute_of(datetime.fromisoformat(row["utc_instant"])), before, after)


def minute_of(instant: datetime) -> int:
    minutes = (instant - EPOCH) / timedelta(minutes=1)
    assert minutes == int(minutes)
    return int(minutes)


def instant(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def clock(local: int) -> time:
    return time(local % DAY // 60, local % 60)


Compared = Iterator[tuple[Any, Any, Any]]
"""What was asked, what was answered, and what the oracle answers."""


def zone_of(jump: Jump) -> ZoneInfo:
    zone = zone_named(jump.zone)
    assert zone is not None
    return zone


def waits_until_a_local_time(jump: Jump) -> Compared:
    zone = zone_of(jump)
    day = WEEKDAYS[(jump.local(jump.at) // DAY + 3) % 7]
    for local in jump.asked:
        for days in (frozenset(WEEKDAYS), frozenset({day}), frozenset(WEEKDAYS) - {day}):
            for now in {jump.at - DAY, jump.at - 1, jump.at, jump.at + 45, jump.instant_of(local) - 1}:
                answer = next_local_time(instant(now), clock(local), zone, sorted(days))
                yield (local, now, days), minute_of(answer), jump.next_time(now, local % DAY, days)


def waits_for_a_date(jump: Jump) -> Compared:
    """A date of the person's data, bare and with a time; so much later or earlier; and then at a time of that day."""
    for local in jump.asked:
        text, said = instant(local).strftime("%Y-%m-%dT%H:%M"), clock(local).strftime("%H:%M")
        at = jump.instant_of(local)
        yield text, waited(jump, text), at
        yield text[:10], waited(jump, text[:10]), jump.instant_of(local // DAY * DAY)
        for word, sign in (("plus", 1), ("minus", -1)):
            for shift, minutes in SHIFTS.items():
                moved = at + sign * minutes
                that_day = jump.local(moved) // DAY * DAY
                yield (text, word, shift), waited(jump, text, **{word: shift}), moved
                answer = waited(jump, text, **{word: shift, "at": said})
                yield (text, word, shift, said), answer, jump.instant_of(that_day + local % DAY)


def waited(jump: Jump, text: str, **said: str) -> int:
    now = instant(jump.at)
    person = Snapshot(ProfileId("p"), True, now, now, 1, {"date": text})
    return minute_of(resolve_until({"until": "profile.traits.date", **said}, Facts(person, now, zone_of(jump))))


def schedules(jump: Jump) -> Compared:
    """What does not exist is left out, what comes twice fires once."""
    first, last = jump.at - 2 * DAY, jump.at + 2 * DAY
    for at in sorted({local % DAY for local in jump.asked}):
        ticks = read_cron(f"{at % 60} {at // 60} * * *").after(instant(first), zone_of(jump))
        answer = [minute_of(one) for one in takewhile(lambda tick: tick <= instant(last), ticks)]
        shown = sorted(minute for local, minute in jump.shown.items() if local % DAY == at)
        yield at, answer, [one for one in shown if first < one <= last]


def test_every_wait_and_schedule_is_right_at_every_jump(capsys: pytest.CaptureFixture[str]) -> None:
    zones: dict[str, list[int]] = {}
    compared: Counter[str] = Counter()
    differences: list[tuple[Any, ...]] = []
    for jump in jumps():
        zones.setdefault(jump.zone, []).append(jump.at)
        for ask in (waits_until_a_local_time, waits_for_a_date, schedules):
            for asked, answer, expected in ask(jump):
                compared[ask.__name__.replace("_", " ")] += 1
                if answer != expected:
                    differences.append((ask.__name__, jump.zone, instant(jump.at), asked, answer, expected))
    seen = sum(map(len, zones.values()))
    with capsys.disabled():
        counts = ", ".join(f"{number:,} {what}" for what, number in compared.items())
        sys.stdout.write(f"\n{seen:,} jumps in {len(zones)} zones: {counts}; {len(differences)} differences\n")
    assert (seen, len(zones)) == (1553, 201)
    assert min(later - one for ats in zones.values() for one, later in pairwise(ats)) > BACK + AHEAD
    assert differences == []
