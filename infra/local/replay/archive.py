"""What does the archive still tell? Every event that was recorded, once, less those whose keys were destroyed."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import boto3

from functions.identity.archived_line import events_of
from functions.profiles.api import DataKey, Profiles
from functions.shared.events import Event

EVENTS = "events/"
Place = tuple[int, int]
"""Where a line stands: the how many-th object, the how many-th line of it."""


@dataclass(frozen=True, slots=True)
class ArchivedEvent:
    """An event and where its first copy stands."""

    event: Event
    place: Place

    @property
    def order(self) -> tuple[datetime, datetime, Place]:
        """As it was told: by receipt; what was received at once was told by its own time."""
        return (self.event.received_at, self.event.timestamp, self.place)


@dataclass(slots=True)
class Archived:
    """What was read. ``erased`` = events that nothing opens any more; ``damaged`` = lines that are not as written, by
    object and number; ``conflicts`` = other contents under a known id, which stay out."""

    objects: int = 0
    lines: int = 0
    copies: int = 0
    damaged: list[str] = field(default_factory=list)
    _events: dict[tuple[str, str], ArchivedEvent] = field(default_factory=dict)
    _conflicts: set[tuple[str, str]] = field(default_factory=set)
    _sealed: set[str] = field(default_factory=set)
    _opened: set[str] = field(default_factory=set)

    def events(self, since: datetime | None = None, until: datetime | None = None) -> list[Event]:
        """The events received within these times, in order."""
        ordered = sorted(self._events.values(), key=lambda one: one.order)
        return [
            one.event
            for one in ordered
            if (since is None or one.event.received_at >= since) and (until is None or one.event.received_at <= until)
        ]

    def to_json(self) -> dict[str, Any]:
        """The counts."""
        return {
            "objects": self.objects,
            "lines": self.lines,
            "events": len(self._events),
            "copies": self.copies,
            "conflicts": len(self._conflicts),
            "erased": len(self._sealed - self._opened),
            "damaged": self.damaged,
        }

    def add_sealed(self, line: Mapping[str, Any]) -> None:
        """A line that nothing opens."""
        self._sealed.update(clear["message"] for clear in line["events"])

    def add(self, home: str, clear: Mapping[str, Any], event: Event, place: Place) -> None:
        """One event of a line; a copy of one that is known only counts."""
        message = str(clear["message"])
        self._opened.add(message)
        if clear.get("conflict"):
            self._conflicts.add((message, home))
            return
        # A command is kept once for each person it names.
        known_by = (message, "" if event.type == "command" else home)
        known = self._events.get(known_by)
        if known is None:
            self._events[known_by] = ArchivedEvent(event, place)
            return
        body = _together(known.event.body, event.body)
        self.copies += body == known.event.body
        self._events[known_by] = replace(known, event=replace(known.event, body=body), place=min(known.place, place))


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each end of a command as it was said, where either tells it."""
    told = {
        end: other[end]
        for end in ("a", "b")
        if "key" in _mapping(one.get(end)) and "key" not in _mapping(other.get(end)) and end in other
    }
    return {**one, **told}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class ArchiveBucket:
    """The archive's objects, read in the order they were written. ``profiles`` = where the keys are."""

    name: str
    profiles: Profiles
    client: Any = field(default_factory=lambda: boto3.client("s3"))

    def objects(self, since: datetime | None = None) -> list[str]:
        """The keys of objects; with ``since`` only those written since then, for nothing is archived before it came."""
        after = {} if since is None else {"StartAfter": f"{EVENTS}date={since:%Y-%m-%d}/hour={since:%H}/"}
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=EVENTS, **after)
        found = [one for page in pages for one in page.get("Contents", [])]
        return [one["Key"] for one in sorted(found, key=lambda one: (one["LastModified"], one["Key"]))]

    def read(self, objects: Sequence[str], progress: Callable[[int], None] = lambda n: None) -> Archived:
        """Everything in these objects; it is kept in memory, about 1 KB an event."""
        archived = Archived()
        keys: dict[str, DataKey | None] = {}
        for key in objects:
            self._read(key, archived, keys)
            archived.objects += 1
            progress(1)
        return archived

    def _read(self, key: str, archived: Archived, keys: dict[str, DataKey | None]) -> None:
        body = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        texts = gzip.decompress(body).splitlines()
        lines = {number: _line(text) for number, text in enumerate(texts, start=1)}
        homes = {line["home"] for line in lines.values() if line is not None}
        wanted = homes - keys.keys()
        found = self.profiles.data_keys(wanted)
        keys.update({home: found.get(home) for home in wanted})
        for number, line in lines.items():
            archived.lines += 1
            try:
                if line is None:
                    raise ValueError
                opened = list(events_of(line, keys[line["home"]]))
            except (ValueError, KeyError):
                archived.damaged.append(f"{key}:{number}")
                continue
            if not opened and line["events"]:
                archived.add_sealed(line)
            for clear, event in opened:
                archived.add(line["home"], clear, event, (archived.objects, number))


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("home"), str) else None
