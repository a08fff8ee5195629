"""How does a rejected message become the event it would have been? It goes to the bus door's queue as it once came."""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from functions.capture.delivery import PUT_BACK, item_put_back
from functions.capture.index import Entry
from functions.capture.policy import NO_PLAN, read
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.errors import RejectedInput
from functions.shared.sqs import MESSAGE_BYTES, encode
from infra.quarantine.kept import Expired, Kept, QuarantineBucket

Send: TypeAlias = Callable[[str, Sequence[object]], None]
"""``Queue.send_packed`` of the bus door's queue."""

# All that a door knew of a message beside what it said, and what a writer of another body answers for.
CAME_WITH = ("receivedAt", "source", "trusted", "browser", "sentAt", "happenedAt", "unread", "field", "rule")
HELD_AGAINST = ("allowed", "refused")
# What packing adds around a message.
AROUND = 128


@dataclass(slots=True)
class Outcome:
    """What becomes of messages: how many were put back (or would be), and of these which are refused by today's rules.

    ``refused`` counts by field and rule, ``stay`` names those that cannot be put back, each with the reason;
    ``edited`` = how many have a body of an operator's.
    """

    put_back: int = 0
    edited: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    stay: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Edits:
    """Bodies an operator wrote anew, by object and line. With ``only`` all other messages stay where they are.

    Who writes a message anew vouches for it: what its key may not send, or its signature was wrong for, goes in. It is
    trusted as it was, and a browser's only about the customer whose id was signed.
    """

    bodies: Mapping[tuple[str, int], str | Mapping[str, Any]]
    only: bool

    def of(self, kept: Kept) -> Kept:
        """The message with its new body, if it has one."""
        body = self.bodies.get((kept.object, kept.number))
        if body is None:
            return kept
        said = {"body": body} if isinstance(body, str) else {"body": encode(body), "unread": False}
        line: dict[str, Any] = {name: value for name, value in kept.line.items() if name not in HELD_AGAINST}
        line |= said
        if line.get("browser") is not False and _user(line["body"]) != _user(kept.line["body"]):
            line["trusted"] = False
        return replace(kept, line=line, missing=())


UNCHANGED = Edits({}, only=False)


@dataclass(frozen=True, slots=True)
class Replay:
    """Takes chosen entries of the quarantine an object at a time; ``edits`` stand in for what was kept."""

    bucket: QuarantineBucket
    edits: Edits = UNCHANGED

    def judged(self, objects: Iterable[Sequence[Entry]], plan: TrackingPlan = NO_PLAN) -> Iterator[Outcome]:
        """What would become of the messages of each object by a plan of this checkout; nothing is sent."""
        for entries in objects:
            sorting = self._sorted(entries)
            refused = Counter(reason for kept in sorting.ready if (reason := _refusal(kept, plan)))
            yield Outcome(len(sorting.ready), sorting.edited, refused, sorting.stay)

    def put_back(self, objects: Iterable[Sequence[Entry]], send: Send) -> Iterator[Outcome]:
        """Sends the messages of each object to the door's queue, then closes what is done of it.

        Stopped anywhere, the same again goes on there; what was queued twice counts once, since an event is known by
        its message's id, or by its content.
        """
        for entries in objects:
            sorting = self._sorted(entries)
            send(PUT_BACK, [carried(kept) for kept in sorting.ready])
            for entry in entries:
                if entry.group not in sorting.unfinished:
                    self.bucket.close(entry)
            yield Outcome(len(sorting.ready), sorting.edited, stay=sorting.stay)

    def _sorted(self, entries: Sequence[Entry]) -> "_Sorting":
        sorting = _Sorting()
        try:
            messages = self.bucket.messages(entries)
        except Expired:
            sorting.unfinished.update(entry.group for entry in entries)
            sorting.stay.append((entries[0].object[:12], "no longer kept"))
            return sorting
        for kept in map(self.edits.of, messages):
            edited = (kept.object, kept.number) in self.edits.bodies
            sorting.edited += edited
            if self.edits.only and not edited:
                sorting.unfinished.add(kept.group)
            elif why := _hindrance(kept):
                sorting.unfinished.add(kept.group)
                sorting.stay.append((kept.name, why))
            else:
                sorting.ready.append(kept)
        return sorting


@dataclass(slots=True)
class _Sorting:
    """Messages of one object that can be put back, those that cannot, and the groups that stay open."""

    ready: list[Kept] = field(default_factory=list)
    stay: list[tuple[str, str]] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)
    edited: int = 0


def carried(kept: Kept) -> dict[str, Any]:
    """The message on its way back. A body too long for a queue message is zipped."""
    said = {name: kept.line[name] for name in (*CAME_WITH, *HELD_AGAINST) if name in kept.line}
    body = kept.line["body"]
    plain = {**said, "body": body}
    if len(encode(plain)) + AROUND <= MESSAGE_BYTES:
        return plain
    return {**said, "zipped": base64.b64encode(zlib.compress(body.encode("utf-8", "surrogatepass"))).decode()}


def edits_in(lines: Iterable[str]) -> dict[tuple[str, int], str | Mapping[str, Any]]:
    """The bodies of a file that ``segue quarantine show --json`` wrote; raises ``ValueError`` naming the line."""
    found: dict[tuple[str, int], str | Mapping[str, Any]] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            said = json.loads(text)
            place, body = (str(said["object"]), int(said["line"])), said["body"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{number}: not an object with object, line and body") from error
        if not isinstance(body, str | dict):
            raise ValueError(f"{number}: body is neither an object nor a text")
        if place in found:
            raise ValueError(f"{number}: the same message as on a line before")
        found[place] = body
    return found


def _user(body: str) -> object:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said.get("userId") if isinstance(said, dict) else None


def _hindrance(kept: Kept) -> str | None:
    if kept.missing:
        return f"part {kept.missing[0]} of its body has not arrived"
    return "too large for a queue message" if len(encode(carried(kept))) + AROUND > MESSAGE_BYTES else None


def _refusal(kept: Kept, plan: TrackingPlan) -> tuple[str, str] | None:
    try:
        read(item_put_back(kept.line), plan)
    except RejectedInput as refusal:
        return refusal.field, refusal.rule
    return None
