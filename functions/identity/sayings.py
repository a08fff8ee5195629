"""What does an operator say by a command? Which identifiers it names, and what it adds to the ledger."""

from collections.abc import Mapping

from functions.identity.blocked import is_blocked
from functions.identity.canonical import canonical
from functions.identity.keys import identifier_key
from functions.identity.ledger import Ledger, register, stamp_of
from functions.identity.model import Rules
from functions.identity.naming import known_namespace
from functions.identity.settlement import Saying
from functions.shared.events import Event
from functions.shared.identifiers import id_text

VERDICTS = ("link", "cut", "clear")


def saying_of(event: Event, rules: Rules, pepper: str) -> Saying | None:
    """What a command adds to the ledger; None for other messages. What acts on what there is adds nothing by itself."""
    if event.type != "command":
        return None
    ends = ends_of(event, rules, pepper)
    at = stamp_of(event)
    verdict = event.body["command"]
    adds = Ledger()
    if verdict in VERDICTS and len(ends) == 2:
        one, other = ends
        adds = register(at, verdict, one, other)
    elif verdict == "clear_shared":
        adds = Ledger(cleared=frozenset(ends))
    return Saying(adds, ends, at, verdict, seen=False)


def ends_of(event: Event, rules: Rules, pepper: str) -> dict[str, str]:
    """The identifiers a command names: key to canonical text; one that names nobody is left out."""
    ends: dict[str, str] = {}
    for end in (event.body.get("a"), event.body.get("b")):
        found = end_of(end, rules, pepper)
        if found is not None:
            ends[found[0]] = found[1]
    return ends


def end_of(end: object, rules: Rules, pepper: str) -> tuple[str, str] | None:
    """Key and canonical text of one identifier of a command; without the text where only the key was kept."""
    if not isinstance(end, Mapping):
        return None
    if isinstance(end.get("key"), str):
        return end["key"], ""
    namespace, text = known_namespace(end.get("type")), id_text(end.get("id"))
    if namespace is None or text is None or is_blocked(text, rules.blocked):
        return None
    value = canonical(namespace, text, rules.country)
    return None if not value else (identifier_key(namespace, value, pepper), value)
