"""When does a wait end? Computed waits: the next such local time, or a date from the person's data."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, reset_tzpath

from functions.journeys.conditions import Facts, as_time, in_utc, iso_time, parse
from functions.journeys.conditions.closures import WEEKDAYS
from functions.journeys.durations import parse_duration

# The zones of the locked package, as on Lambda, which has none of its own: a machine's may be years older, and what is
# tried there would wait otherwise than what is deployed.
reset_tzpath(to=())

CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class UnreadableDate(Exception):
    """The date a wait counts to is missing or no date; the machine catches this by name. Its text names no person."""


def zone_named(name: object) -> ZoneInfo | None:
    """The IANA zone of that name; None for anything else."""
    return _zone(name) if isinstance(name, str) else None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    if not re.fullmatch(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*", name):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def zone_of(traits: Mapping[str, Any], default: str) -> ZoneInfo:
    """The person's zone: the trait ``timezone`` when it names one, else the policy's default."""
    return zone_named(traits.get("timezone")) or zone_named(default) or ZoneInfo("UTC")


def resolve_until(spec: Mapping[str, Any], facts: Facts) -> datetime:
    """The aware UTC instant a wait ends at; one that is past means "go on at once".

    ``spec``: ``{"until": "09:00", "days"?: ["mon"], "zone"?: "profile" | IANA}`` answers the next such local time
    strictly after now; ``{"until": EXPRESSION | ISO text, "plus"?, "minus"?: DURATION, "at"?: "10:00", "zone"?}`` a
    time of the person's data. Raises ``UnreadableDate`` when there is no such date.
    """
    zone = facts.zone if spec.get("zone", "profile") == "profile" else zone_named(spec["zone"])
    if zone is None:
        raise UnreadableDate("unknown zone")
    try:
        if CLOCK.fullmatch(spec["until"]):
            return next_local_time(facts.now, clock_time(spec["until"]), zone, spec.get("days", WEEKDAYS))
        instant = iso_time(spec["until"], zone)
        if instant is None:
            instant = as_time(parse(spec["until"]).value(facts), zone)
        if instant is None:
            raise UnreadableDate("missing or no date")
        for word, sign in (("plus", 1), ("minus", -1)):
            if word in spec:
                instant += sign * parse_duration(spec[word])
        if "at" in spec:
            local = datetime.combine(instant.astimezone(zone).date(), clock_time(spec["at"]))
            instant = in_utc(local, zone)
    except OverflowError:
        raise UnreadableDate("outside the calendar") from None
    return instant


@lru_cache(maxsize=256)
def clock_time(text: str) -> time:
    """``09:00`` as a time of day; raises ``ValueError`` on anything else."""
    match = CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is no time of day')
    return time(int(match[1]), int(match[2]))


def next_local_time(now: datetime, at: time, zone: tzinfo, days: object = WEEKDAYS) -> datetime:
    """The first instant strictly after ``now`` that is ``at`` on one of ``days`` in ``zone``; ``in_utc`` says how."""
    wanted = frozenset(days) if isinstance(days, list | tuple) else frozenset(WEEKDAYS)
    today = now.astimezone(zone).date()
    candidates = (_on(today + timedelta(days=offset), at, zone, wanted) for offset in range(-1, 9))
    return min(instant for instant in candidates if instant is not None and instant > now)


def _on(day: date, at: time, zone: tzinfo, wanted: frozenset[str]) -> datetime | None:
    if WEEKDAYS[day.weekday()] not in wanted:
        return None
    return in_utc(datetime.combine(day, at), zone).astimezone(UTC)
