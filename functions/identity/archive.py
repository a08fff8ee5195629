"""What is kept of every event for good? Sealed lines in S3, from which everything could be computed again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.identity.archived_line import Kept, clear_of, line_of, message_key
from functions.identity.firehose import RECORD_BYTES, Stream
from functions.identity.keys import identifier_key
from functions.identity.model import Rules
from functions.identity.resolve import Message, Place
from functions.identity.sayings import end_of
from functions.profiles.api import Profiles, Recorded
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.observability import count

SERVICE = "recognise-people"
# Of what one line says; sealed it takes a third more, and with what is clear of it still fits a record.
LINE_BYTES = 350_000
ENDS = ("a", "b")


@dataclass(frozen=True, slots=True)
class Archive:
    """Keeps what a delivery brought, once that is recorded: with one request, before its messages are deleted.

    A delivery that comes again is archived again; who reads the archive knows copies by message and identifier.
    """

    stream: Stream
    pepper: str
    rules: Rules

    def events(self, who: ProfileId, recorded: Recorded, placed: Sequence[tuple[Message, Place]]) -> Iterator[Kept]:
        """The events of a person, copies and other contents under a known id included."""
        for message, place in placed:
            event, home = message.event, place.home
            yield Kept(message.record, event, home, recorded.keys[home], who, recorded.refuses(event))

    def words(self, messages: Sequence[Message], profiles: Profiles) -> list[Kept]:
        """What stands in no timeline: logouts and commands. A command names people that can be erased one by one, so it
        is kept once for each, who is named in it as said, and the others by the keys of their identifiers alone."""
        said = [(message, home, event) for message in messages for home, event in self._by_home(message).items()]
        sealed = {home for message, home, _ in said if not _is_erasure(message)}
        keys = profiles.made_keys(sealed) if sealed else {}
        return [Kept(message.record, event, home, keys.get(home)) for message, home, event in said]

    def keep_again(self, home: str, events: Sequence[Event], profiles: Profiles) -> None:
        """What stays under an identifier whose key was destroyed, at once and under its new one. Raises
        ``TransientError`` when it could not be kept."""
        key = profiles.made_keys([home])[home]
        if self.keep([Kept("", event, home, key) for event in events]):
            raise TransientError("what stays could not be archived again")

    def keep(self, kept: Sequence[Kept]) -> set[str]:
        """Answers the records of which something could not be kept: they must come again."""
        packed = list(_packed([self._line(part) for part in _parts(kept)]))
        refused = self.stream.put([data for data, _ in packed]) if packed else set()
        if refused:
            count(SERVICE, {"archive_refused": len(refused)})
        return {record for n in refused for record in packed[n][1]}

    def _line(self, part: Sequence[tuple[Kept, str]]) -> tuple[bytes, set[str]]:
        clear = [clear_of(kept, self.pepper) for kept, _ in part]
        return line_of(part[0][0], clear, [text for _, text in part]), {kept.record for kept, _ in part}

    def _by_home(self, message: Message) -> Mapping[str, Event]:
        event = message.event
        if event.type != "command":
            linking = message.names.linking
            home = linking[0].key if linking else identifier_key("event", event.message_id, self.pepper)
            return {home: event}
        ends = {end: found[0] for end in ENDS if (found := end_of(event.body.get(end), self.rules, self.pepper))}
        if _is_erasure(message):
            return {ends["a"]: self._without_text(event, ends["a"])} if "a" in ends else {}
        return {home: _naming(event, home, ends) for home in ends.values()}

    def _without_text(self, event: Event, key: str) -> Event:
        """Whose erasure it is must be readable after it, and must name nobody: all that is kept is a key."""
        body = {"type": event.type, "command": event.body["command"], "a": {"key": key}}
        return replace(event, message_id=message_key(event.message_id, self.pepper), body=body)


def _is_erasure(message: Message) -> bool:
    return message.event.type == "command" and message.event.body["command"] == "erase"


def _naming(event: Event, home: str, ends: Mapping[str, str]) -> Event:
    others = {end: {"key": key} for end, key in ends.items() if key != home}
    return replace(event, body={**event.body, **others})


def _parts(kept: Sequence[Kept]) -> Iterator[list[tuple[Kept, str]]]:
    """Events that are sealed together: of one identifier, one person and one key, in the order they came."""
    parts: dict[Any, list[tuple[Kept, str]]] = {}
    sizes: dict[Any, int] = {}
    for one in kept:
        text = one.event.to_text()
        together = (one.home, one.profile, one.key and one.key.secret)
        if together in parts and sizes[together] + len(text) > LINE_BYTES:
            yield parts.pop(together)
            sizes[together] = 0
        parts.setdefault(together, []).append((one, text))
        sizes[together] = sizes.get(together, 0) + len(text)
    yield from parts.values()


def _packed(lines: Sequence[tuple[bytes, set[str]]]) -> Iterator[tuple[bytes, set[str]]]:
    """Many lines a record: a stream is paid by the record, each rounded up to 5 KB."""
    data: list[bytes] = []
    records: set[str] = set()
    size = 0
    for line, brought_by in lines:
        if data and size + len(line) > RECORD_BYTES:
            yield b"".join(data), records
            data, records, size = [], set(), 0
        data.append(line)
        records |= brought_by
        size += len(line)
    if data:
        yield b"".join(data), records
