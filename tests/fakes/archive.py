"""A delivery stream that keeps what it is given, and what stands there once the keys have their say."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.identity.archived_line import events_of
from functions.profiles.api import Profiles
from functions.shared.events import Event


@dataclass
class KeptStream:
    """Takes every record but those at ``refuses``, by their place in a call."""

    records: list[bytes] = field(default_factory=list)
    calls: int = 0
    refuses: Collection[int] = ()

    def put(self, records: Sequence[bytes]) -> set[int]:
        self.calls += 1
        self.records += [one for n, one in enumerate(records) if n not in self.refuses]
        return {n for n in range(len(records)) if n in self.refuses}

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for record in self.records for line in record.splitlines()]

    def opened(self, profiles: Profiles) -> Iterator[tuple[dict[str, Any], dict[str, Any], Event]]:
        """Every event that can be read, with its line and what is clear of it."""
        lines = self.lines()
        keys = profiles.data_keys({line["home"] for line in lines})
        for line in lines:
            for clear, event in events_of(line, keys.get(line["home"])):
                yield line, dict(clear), event
