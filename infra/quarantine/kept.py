"""What stands in a stage's quarantine? A listing of its bucket tells what is open, objects hold the messages."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from functions.capture.index import PREFIX, Entry, Line, grouped, object_key, part_key

PUT_BACK_PREFIX = "replayed/"


class Expired(Exception):
    """The messages are no longer kept, though a listing still names them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One rejected message: its object and line there (from 1), its group, and the parts of its body still missing."""

    object: str
    number: int
    group: str
    line: Line
    missing: Sequence[int] = ()

    @property
    def name(self) -> str:
        """How a person calls it: ``3f0c9d2e41aa line 3``."""
        return f"{self.object[:12]} line {self.number}"


class QuarantineBucket:
    """The bucket ``quarantine_events`` writes."""

    def __init__(self, name: str, client: Any) -> None:
        self._name = name
        self._client = client

    def entries(self, since: date | None = None, *, put_back: bool = False) -> Iterator[Entry]:
        """What is open (or was put back), by day, source, field and rule: one request per thousand entries."""
        prefix = PUT_BACK_PREFIX if put_back else PREFIX
        start = f"{prefix}{since:%Y/%m/%d}" if since else prefix
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=prefix, StartAfter=start
        )
        for page in pages:
            for found in page.get("Contents", []):
                entry = Entry.from_key(PREFIX + found["Key"].removeprefix(prefix))
                if entry is not None:
                    yield entry

    def messages(self, entries: Sequence[Entry]) -> list[Kept]:
        """The messages of entries of one object, in its order, long bodies joined; raises ``Expired``."""
        day, name = entries[0].day, entries[0].object
        body = self._read(object_key(day, name))
        if body is None:
            raise Expired(object_key(day, name))
        lines: list[Line] = [json.loads(line) for line in body.splitlines()]
        numbers = {id(line): number for number, line in enumerate(lines, start=1)}
        wanted = {entry.group for entry in entries}
        chosen = [
            Kept(name, numbers[id(line)], group.id, line)
            for group in grouped(lines)
            if group.id in wanted
            for line in group.lines
        ]
        return [self._whole(day, one) for one in sorted(chosen, key=lambda one: one.number)]

    def close(self, entry: Entry) -> None:
        """Its messages were put back: it is no longer open. Again, or by two operators at once, is the same."""
        closed = PUT_BACK_PREFIX + entry.key.removeprefix(PREFIX)
        try:
            self._client.copy_object(Bucket=self._name, Key=closed, CopySource={"Bucket": self._name, "Key": entry.key})
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
        self._client.delete_object(Bucket=self._name, Key=entry.key)

    def _whole(self, day: str, kept: Kept) -> Kept:
        line = kept.line
        later = {part: self._read(part_key(day, line["whole"], part)) for part in range(2, line.get("parts", 1) + 1)}
        bodies = [line["body"], *(json.loads(text)["body"] for text in later.values() if text is not None)]
        missing = [part for part, text in later.items() if text is None]
        return replace(kept, line={**line, "body": "".join(bodies)}, missing=missing)

    def _read(self, key: str) -> str | None:
        try:
            body: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        return body.decode()


def entry_of_key(key: str) -> Entry | None:
    """The entry whose key this is, open or put back."""
    for prefix in (PREFIX, PUT_BACK_PREFIX):
        if key.startswith(prefix):
            return Entry.from_key(PREFIX + key.removeprefix(prefix))
    return None


def by_object(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Entries of the same object together, in the order they were listed."""
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.day, entry.object].append(entry)
    return list(found.values())
