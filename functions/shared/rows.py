"""What do capabilities keep, and how do rows change together? Under a key, written all at once or not at all.

``functions.shared.store.DynamoRows`` keeps them in DynamoDB; ``MemoryRows`` keeps them in this process, for replays and
tests. Both pass one contract suite.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

ROWS_PER_TRANSACTION = 100
"""What DynamoDB takes at once (TransactWriteItems)."""


class Codec(Protocol):
    """How one kind of content becomes bytes and is read again."""

    def encode(self, content: Any) -> bytes:
        """The bytes of a content."""

    def decode(self, data: bytes) -> Any:
        """What ``encode`` was given."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its physical name. ``codecs`` read and write ``content``, by the sort key up to its ``#``."""

    name: str
    codecs: Mapping[str, Codec] = field(default_factory=dict, compare=False)

    def codec(self, sk: str) -> Codec:
        """The codec of a row."""
        return self.codecs[sk.partition("#")[0]]


class Key(NamedTuple):
    """Where a row stands."""

    table: Table
    pk: str
    sk: str


Row = Mapping[str, Any]
"""Attributes of a stored row, the keys aside: ``version``, ``epoch``, ``ttl`` (whole numbers), ``profile``, ``value``
(texts) and ``content`` (what the codec reads)."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row of a transaction. ``sets`` = attributes to set (None removes one); None deletes the row; {} only checks.

    ``expects`` = attributes that must still be so; None = the row must not exist; {} = nothing is expected.
    """

    key: Key
    sets: Row | None
    expects: Row | None


class Rows(Protocol):
    """A store of rows. Reads are strongly consistent; what cannot be reached raises ``TransientError``."""

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """The rows there are, of one table; 100 a request."""

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """The rows there are, of any tables, as of one instant; 100 at most, one request."""

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        """The rows of a partition whose sort keys begin so, ascending; those up to ``until``, which begins so too."""

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        """Every row of one kind; for jobs."""

    def page(self, table: Table, prefix: str, after: Key | None, most: int) -> tuple[list[tuple[Key, Row]], Key | None]:
        """The rows whose sort keys begin so among the next ``most`` of a table, and the last row looked at, to go on
        after it (None: there are no more); one request. For jobs that outlast a process."""

    def commit(self, writes: Sequence[Write]) -> bool:
        """Writes all (100 at most); False, and nothing written, when one row is not as expected."""


class MemoryRows:
    """Rows in this process. ``before`` is called ahead of each request, so that a scheduler can interleave workers."""

    def __init__(self, before: Callable[[str], None] = lambda request: None) -> None:
        self._partitions: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self._before = before

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``."""
        self._before("read")
        return self._found(keys)

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        """See ``Rows``."""
        self._before("read")
        return self._found(keys)

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        self._before("query")
        partition = self._partitions.get((table.name, pk), {})
        for sk in sorted(sk for sk in partition if sk.startswith(prefix) and (until is None or sk <= until)):
            yield Key(table, pk, sk), partition[sk]

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        """See ``Rows``."""
        self._before("scan")
        for (name, pk), partition in list(self._partitions.items()):
            if name == table.name and sk in partition:
                yield Key(table, pk, sk), partition[sk]

    def commit(self, writes: Sequence[Write]) -> bool:
        """See ``Rows``."""
        self._before("commit")
        if not all(_holds(write.expects, self._row(write.key)) for write in writes):
            return False
        for write in writes:
            partition = self._partitions.setdefault((write.key.table.name, write.key.pk), {})
            if write.sets is None:
                partition.pop(write.key.sk, None)
            elif write.sets:
                kept = {**partition.get(write.key.sk, {}), **write.sets}
                partition[write.key.sk] = {name: value for name, value in kept.items() if value is not None}
        return True

    def page(self, table: Table, prefix: str, after: Key | None, most: int) -> tuple[list[tuple[Key, Row]], Key | None]:
        """See ``Rows``."""
        self._before("page")
        rows = sorted(
            (pk, sk) for (name, pk), partition in self._partitions.items() if name == table.name for sk in partition
        )
        ahead = [Key(table, *one) for one in rows if after is None or one > (after.pk, after.sk)]
        seen = ahead[:most]
        wanted = [key for key in seen if key.sk.startswith(prefix)]
        found: list[tuple[Key, Row]] = [(key, self._partitions[table.name, key.pk][key.sk]) for key in wanted]
        return found, seen[-1] if len(ahead) > len(seen) else None

    def everything(self) -> dict[tuple[str, str, str], Row]:
        """Every row by table, partition and sort key, as it is now; for who compares two moments."""
        return {
            (name, pk, sk): dict(row)
            for (name, pk), partition in self._partitions.items()
            for sk, row in partition.items()
        }

    def _row(self, key: Key) -> Row | None:
        return self._partitions.get((key.table.name, key.pk), {}).get(key.sk)

    def _found(self, keys: Iterable[Key]) -> dict[Key, Row]:
        rows = ((key, self._row(key)) for key in keys)
        return {key: row for key, row in rows if row is not None}


def _holds(expects: Row | None, row: Row | None) -> bool:
    if expects is None:
        return row is None
    return all((row or {}).get(name) == value for name, value in expects.items())
