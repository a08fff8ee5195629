"""When does a schedule fire? Cron of five fields in a zone, as EventBridge Scheduler reads it; for authors and laptops.

No function reads cron: on AWS the scheduler does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
HINT = 'write minute, hour, day of month, month and weekday, such as "0 9 * * mon"'


class CronFault(ValueError):
    """An expression that is none; ``column`` counts from 1 in its text."""

    def __init__(self, what: str, fix: str = HINT, column: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.column = column


@dataclass(frozen=True, slots=True)
class Cron:
    """A readable expression: what each field allows; None = anything."""

    text: str
    minutes: frozenset[int] | None
    hours: frozenset[int] | None
    days: frozenset[int] | None
    months: frozenset[int] | None
    weekdays: frozenset[int] | None

    def for_scheduler(self) -> str:
        """``cron(0 9 ? * MON *)``, the spelling of EventBridge Scheduler: it has a year, wants ``?`` for the day that
        does not matter, and counts weekdays otherwise, so they go by name."""
        day = "?" if self.days is None and self.weekdays is not None else _listed(self.days)
        weekday = "?" if self.weekdays is None else ",".join(WEEKDAYS[one] for one in sorted(self.weekdays))
        return f"cron({_listed(self.minutes)} {_listed(self.hours)} {day} {_listed(self.months)} {weekday} *)"

    def after(self, instant: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Its times later than ``instant``, aware UTC: a local time that the clocks skip is left out, of one that comes
        twice the first counts (EventBridge Scheduler user guide, "Daylight saving time")."""
        from cronsim import CronSim

        # A day back: behind a jump the local clock may read earlier than it did. As if in UTC, which knows no jumps.
        begin = (instant - timedelta(days=1)).astimezone(zone).replace(tzinfo=UTC)
        for local in CronSim(self.text, begin):
            at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
            if at > instant and at.astimezone(zone).replace(tzinfo=UTC) == local:
                yield at


def read_cron(text: str) -> Cron:
    """Reads five fields of numbers, names, ``*``, lists, ranges and steps; raises ``CronFault``."""
    from cronsim import CronSim, CronSimError

    fields = text.split()
    if len(fields) != len(FIELDS):
        raise CronFault(f"{len(fields)} fields of a cron expression, not {len(FIELDS)}")
    try:
        read = CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        field = next((n for n, name in enumerate(FIELDS) if str(error) == f"Bad {name}"), 0)
        raise CronFault(f'"{fields[field]}" is no {FIELDS[field]}', column=_column(text, field)) from None
    found: list[set[Any]] = [read.minutes, read.hours, read.days, read.months, read.weekdays]
    for n, allowed in enumerate(found):
        if not all(isinstance(one, int) and one >= 0 for one in allowed):
            what = f'"{fields[n]}" is not available as {FIELDS[n]}'
            raise CronFault(what, "write numbers or names", _column(text, n))
    minutes, hours, days, months, weekdays = found
    weekdays = {one % 7 for one in weekdays}
    if len(days) < 31 and len(weekdays) < 7:
        # Cron would fire on either; the scheduler takes one of them.
        raise CronFault("a day of month and a weekday", "write * for one of them", _column(text, 2))
    wholes = (60, 24, 31, 12, 7)
    minute, hour, day, month, weekday = (
        None if len(one) == whole else frozenset(one)
        for one, whole in zip((minutes, hours, days, months, weekdays), wholes, strict=True)
    )
    return Cron(text, minute, hour, day, month, weekday)


def _column(text: str, field: int) -> int:
    at = 0
    for n, said in enumerate(text.split()):
        at = text.index(said, at)
        if n == field:
            break
        at += len(said)
    return at + 1


def _listed(allowed: frozenset[int] | None) -> str:
    return "*" if allowed is None else ",".join(str(one) for one in sorted(allowed))
