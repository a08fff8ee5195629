"""What does each line of a replay file become? An event as capture accepts it, or a rejection with its line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from functions.capture.model import Item, Reading
from functions.capture.policy import NO_PLAN, message_id_of, read
from functions.capture.tracking_plan import TrackingPlan
from functions.identity.model import Rules
from functions.shared.clock import parse_instant
from functions.shared.errors import RejectedInput
from infra.cli.json_line import BYTE_ORDER_MARK, read_json

SOURCE = "replay"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file; ``raw`` is what its JSON said, None where it cannot be read: then ``fault`` says why."""

    number: int
    raw: Any
    fault: RejectedInput | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A line that was kept aside: which field broke which rule.

    What came in by a door has no line: ``came`` says when, from which source, and as which event, instead.
    """

    line: int | None
    message_id: str | None
    field: str
    reason: str
    came: Mapping[str, str | None] | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape of the output."""
        said = {"line": self.line, "messageId": self.message_id, "field": self.field, "reason": self.reason}
        return {**said, **(self.came or {})}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line that capture accepted."""

    line: Line
    reading: Reading


@dataclass(slots=True)
class Reader:
    """Reads lines in their order of delivery on a clock that never goes back.

    A line is received at its own ``receivedAt``, else at its timestamp or, when that has passed, at the clock's time.
    Where a line stands in the file makes it late, but never later than ``keep``, how long timelines keep events: else
    two orders of one file would make other people.
    """

    keep: timedelta = Rules().keep
    clock: datetime = BEGINNING
    quarantined: list[Quarantined] = field(default_factory=list)
    untold: int = 0
    plan: TrackingPlan = NO_PLAN

    def accepted(self, lines: Iterable[Line], until: datetime | None = None) -> Iterator[Accepted]:
        """The lines that can be used; the others are in ``quarantined``, those after ``until`` in ``untold``."""
        for line in lines:
            received_at = self._received_at(line.raw)
            if until is not None and received_at > until:
                self.untold += 1
                continue
            self.clock = max(self.clock, received_at)
            trusted = not isinstance(line.raw, Mapping) or line.raw.get("trusted", True) is not False
            try:
                if line.fault is not None:
                    raise line.fault
                reading = read(Item(line.raw, received_at, SOURCE, trusted), self.plan)
                yield Accepted(line, self._in_time(reading, line.raw))
            except RejectedInput as rejected:
                self.quarantined.append(
                    Quarantined(line.number, message_id_of(line.raw), rejected.field, rejected.rule)
                )

    def _in_time(self, reading: Reading, raw: Any) -> Reading:
        event = reading.event
        if event.received_at - event.timestamp <= self.keep or _instant(raw, "receivedAt") is not None:
            return reading
        return replace(reading, event=replace(event, received_at=event.timestamp + self.keep))

    def _received_at(self, raw: Any) -> datetime:
        stated = _instant(raw, "receivedAt")
        return stated or max(self.clock, _instant(raw, "timestamp") or self.clock)


def read_lines(path: Path, shuffle: int | None = None) -> Sequence[Line]:
    """The lines of a file that hold anything, in another order when ``shuffle`` seeds one; raises ``OSError``."""
    texts = path.read_bytes().removeprefix(BYTE_ORDER_MARK).split(b"\n")
    lines = [_line(number, one) for number, one in enumerate(texts, start=1) if one.strip()]
    if shuffle is not None:
        Random(shuffle).shuffle(lines)
    return lines


def _line(number: int, text: bytes) -> Line:
    try:
        return Line(number, read_json(text))
    except RejectedInput as fault:
        return Line(number, None, fault)


def _instant(raw: Any, name: str) -> datetime | None:
    stated = raw.get(name) if isinstance(raw, Mapping) else None
    try:
        return parse_instant(stated) if isinstance(stated, str) else None
    except (ValueError, OverflowError):
        return None
