"""What happens to a message that cannot be used? It is kept with its reason, found by it, and the reason is told."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.capture.index import Line, day_of, grouped, name_of, object_key, part_key
from functions.capture.model import OWN_SOURCES
from functions.shared.bucket import Bucket
from functions.shared.bus import Bus, BusEvent

SERVICE = "quarantine-events"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Keeps rejected messages in the bucket and publishes why, without anything a message said."""

    bucket: Bucket
    bus: Bus

    def keep(self, body: Mapping[str, Any]) -> int:
        """Handles one queue message; answers how many rejected messages it brought.

        Keys follow from content, and whatever tells of an object is written after it: delivered again after a crash
        between any two requests, everything overwrites itself and the rest is done.
        """
        days: dict[str, list[Line]] = defaultdict(list)
        for line in body["rejected"]:
            days[day_of(line)].append(line)
        return sum(self._keep(day, lines) for day, lines in days.items())

    def _keep(self, day: str, lines: Sequence[Line]) -> int:
        first = [line for line in lines if line.get("part", 1) == 1]
        for line in lines:
            if line.get("part", 1) > 1:
                self.bucket.put_json(part_key(day, line["whole"], line["part"]), _text(line))
        if first:
            text = "".join(_text(line) + "\n" for line in first)
            name = name_of(text)
            key = object_key(day, name)
            self.bucket.put_lines(key, text)
            for group in grouped(first):
                self.bucket.put_json(group.entry(day, name).key, _text({**group.to_json(), "object": key}))
            self.bus.publish([BusEvent("event.rejected", one) for one in notices(first, key)])
        return len(first)


def notices(rejected: Sequence[Line], key: str) -> list[dict[str, Any]]:
    """One notice per source, field and rule.

    Events of our own sources are not told about: their notice would be an event about an event.
    """
    told = [line for line in rejected if not line["source"].startswith(OWN_SOURCES)]
    return [{**group.told(), "object": key} for group in grouped(told)]


def _text(line: Mapping[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"))
