"""Where is kept who is in which audience? Table ``audiences``: a row per person, and one for when to look again."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from functions.audiences.model import Standing
from functions.shared.clock import format_instant, parse_instant
from functions.shared.names import ProfileId
from functions.shared.rows import Key, Row, Rows, Table, Write

STANDING = "STANDING"
DUE = "DUE"
# A partition takes 1,000 write units a second (DynamoDB quota), and due rows of all people are written side by side.
SHARDS = 8
# Standings of 400 KB, the most a row has, fill a transaction's 4 MB (DynamoDB quotas).
MARKED_TOGETHER = 10


DUE_PARTITIONS = tuple(f"due#{shard}" for shard in range(SHARDS))


def due_of(sort_key: str) -> datetime:
    """The instant of a row that says when to look again."""
    return parse_instant(sort_key.split("#")[1])


class StandingCodec:
    """How a standing becomes bytes: JSON."""

    def encode(self, content: Standing) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        return json.dumps(content.to_json(), separators=(",", ":")).encode()

    def decode(self, data: bytes) -> Standing:
        """See ``functions.shared.rows.Codec``; the version stands beside it."""
        return Standing.from_json(json.loads(data), 0)


class Standings:
    """The standings of one table; a standing and when it is due change together."""

    def __init__(self, rows: Rows, table_name: str) -> None:
        self._rows = rows
        self._table = Table(table_name, {STANDING: StandingCodec()})

    def read(self, profiles: Iterable[ProfileId]) -> dict[ProfileId, Standing]:
        """The standing of each, 100 a request; who has none has an empty one."""
        keys = {self._key(profile): profile for profile in profiles}
        rows = self._rows.read(keys) if keys else {}
        return {profile: _standing(rows.get(key)) for key, profile in keys.items()}

    def write(
        self,
        profile: ProfileId,
        before: Standing,
        after: Standing,
        others: Mapping[ProfileId, Standing],
        unchanged: Write,
    ) -> bool:
        """One transaction; False when the person (``unchanged``) or a standing is no longer as it was read.

        Standings that became part of this one are emptied, not deleted: a version that came again would name other
        moves.
        """
        writes = [unchanged, *self._changed(profile, before, after)]
        for former, other in others.items():
            if other.version:
                writes += self._changed(former, other, Standing(other.version + 1))
        return self._rows.commit(writes)

    def told(self, standings: Mapping[ProfileId, Standing]) -> None:
        """Nothing of these standings is left to tell; who has changed one meanwhile tells it once more.

        When somebody was quicker, each is marked by itself, so that only theirs is not.
        """
        marks = [self._marked(profile, standing) for profile, standing in standings.items()]
        for first in range(0, len(marks), MARKED_TOGETHER):
            together = marks[first:][:MARKED_TOGETHER]
            if not self._rows.commit(together) and len(together) > 1:
                for mark in together:
                    self._rows.commit([mark])

    def forget(self, profile: ProfileId, standing: Standing) -> None:
        """Deletes what is kept of somebody who is nobody any more; of one who has changed meanwhile, nothing."""
        if standing.version:
            self._rows.commit(self._changed(profile, standing, None))

    def due(self, shard: int, now: datetime) -> Iterator[ProfileId]:
        """People of one shard (0 to ``SHARDS`` - 1) whom somebody should look at again by ``now``, the first first."""
        until = f"{DUE}#{format_instant(now)}#~"
        for _key, row in self._rows.query(self._table, DUE_PARTITIONS[shard], DUE, until):
            yield ProfileId(row["profile"])

    def scan(self) -> Iterator[tuple[ProfileId, Standing]]:
        """Every person's standing; one pass over the table, for jobs."""
        for key, row in self._rows.scan(self._table, STANDING):
            yield ProfileId(key.pk), _standing(row)

    def page(
        self, after: Sequence[str] | None, most: int
    ) -> tuple[list[tuple[ProfileId, Standing]], Sequence[str] | None]:
        """The standings among the next ``most`` rows, and where to go on; None when there are no more."""
        begin = None if after is None else Key(self._table, *after)
        found, last = self._rows.page(self._table, STANDING, begin, most)
        standings = [(ProfileId(key.pk), _standing(row)) for key, row in found]
        return standings, None if last is None else [last.pk, last.sk]

    def _marked(self, profile: ProfileId, standing: Standing) -> Write:
        after = Standing(standing.version + 1, standing.members, standing.due, (), standing.taken)
        [mark] = self._changed(profile, standing, after)
        return mark

    def _changed(self, profile: ProfileId, before: Standing, after: Standing | None) -> Sequence[Write]:
        sets: dict[str, Any] | None = None if after is None else {"version": after.version, "content": after}
        writes = [Write(self._key(profile), sets, {"version": before.version} if before.version else None)]
        due = None if after is None else after.due
        if before.due != due:
            if before.due is not None:
                writes.append(Write(self._due_key(profile, before.due), None, {}))
            if due is not None:
                writes.append(Write(self._due_key(profile, due), {"profile": profile}, {}))
        return writes

    def _key(self, profile: ProfileId) -> Key:
        return Key(self._table, profile, STANDING)

    def _due_key(self, profile: ProfileId, due: datetime) -> Key:
        shard = crc32(profile.encode()) % SHARDS
        return Key(self._table, DUE_PARTITIONS[shard], f"{DUE}#{format_instant(due)}#{profile}")


def _standing(row: Row | None) -> Standing:
    if row is None:
        return Standing()
    kept: Standing = row["content"]
    return Standing(row["version"], kept.members, kept.due, kept.untold, kept.taken)
