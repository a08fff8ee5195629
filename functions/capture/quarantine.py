"""What happens to a message that cannot be used? It is kept with its reason, and the reason is told."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.capture.bucket import Bucket
from functions.shared.bus import NoticeBus
from functions.shared.observability import count

SERVICE = "quarantine-events"
OWN_SOURCES = "segue."
NAMED_PER_NOTICE = 20


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Keeps rejected messages in the bucket and publishes why, without anything a message said."""

    bucket: Bucket
    bus: NoticeBus

    def keep(self, body: Mapping[str, Any]) -> None:
        """Handles one queue message. Its object's key is its content's hash: delivered again, it overwrites itself."""
        rejected: Sequence[Mapping[str, Any]] = body["rejected"]
        text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in rejected)
        key = object_key(rejected[0]["receivedAt"], text)
        self.bucket.put_lines(key, text)
        self.bus.publish("event.rejected", notices(rejected, key))
        count(SERVICE, {"quarantined": len(rejected)})


def object_key(received_at: str, text: str) -> str:
    """``rejected/2026/03/02/<32 hex>.jsonl``."""
    day = received_at[:10].replace("-", "/")
    return f"rejected/{day}/{hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"


def notices(rejected: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """One notice per source, field and rule. Ids are hashed, since a caller may put anything into a messageId.

    Events of our own sources are not told about: their notice would be an event about an event.
    """
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in rejected:
        if not one["source"].startswith(OWN_SOURCES):
            groups[one["source"], one["field"], one["rule"]].append(one)
    return [
        {
            "source": source,
            "field": field,
            "rule": rule,
            "count": len(many),
            "messageIdHashes": [_hashed(one["messageId"]) for one in many if one["messageId"]][:NAMED_PER_NOTICE],
            "object": key,
        }
        for (source, field, rule), many in sorted(groups.items())
    ]


def _hashed(message_id: str) -> str:
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
