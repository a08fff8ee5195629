"""Does this message say what its type needs, and may its sender say it?"""

from collections.abc import Collection, Mapping
from typing import Any

from functions.capture import model
from functions.capture.identifiers import checked_id
from functions.capture.model import Item
from functions.shared.errors import RejectedInput
from functions.shared.identifiers import NAMESPACE_NAME
from functions.shared.names import CHANNELS

CONSENT_STATES = ("granted", "withdrawn")
LIST_STATES = ("joined", "left")
# Names a person to our own events alone; nobody may link or erase by it.
PROFILE = "segue_profile"


def checked_type(body: Mapping[str, Any]) -> str:
    """The type a message is of; raises ``RejectedInput`` when it is of none that is known."""
    # Segment's own spec pages leave the type out beside an event name; only a track has one.
    kind = body.get("type", "track" if "event" in body else None)
    if kind is None:
        raise RejectedInput("type", "missing")
    if kind in model.LATER_TYPES:
        raise RejectedInput("type", "not supported yet")
    if not isinstance(kind, str) or kind not in model.TYPES:
        raise RejectedInput("type", f"not one of {', '.join(model.TYPES)}")
    return kind


def check_type(kind: str, body: dict[str, Any], item: Item) -> None:
    """Raises ``RejectedInput`` when something is missing or wrong, or is not for its sender to say; ids of a command
    become texts in ``body``."""
    # A signature proves who somebody is. It makes nobody's public key a secret.
    server = item.trusted and not item.browser
    if not server and kind in model.SERVER_TYPES:
        raise RejectedInput("type", model.SERVER_TYPES[kind])
    if item.browser and body.get("verified") is True:
        raise RejectedInput("verified", "nothing is verified with a browser's key")
    if kind == "track":
        name = body.get("event")
        if not isinstance(name, str) or not name.strip():
            raise RejectedInput("event", "missing" if name is None else "not a name")
    elif kind == "identify" and "scores" in body:
        _check_scores(body["scores"], server)
    elif kind == "consent":
        _check_consent(body, server)
    elif kind == "audience":
        _check_audience(body)
    elif kind == "command":
        _check_command(body)


def check_allowed(kind: str, body: Mapping[str, Any], allowed: Collection[str] | None) -> None:
    """Raises ``RejectedInput`` for what its write key may not send; None allows all."""
    if allowed is None or kind in allowed or (kind == "track" and body["event"] in allowed):
        return
    raise RejectedInput("event" if kind == "track" else "type", "not allowed for this write key")


def _check_scores(scores: object, server: bool) -> None:
    if not server:
        raise RejectedInput("scores", "scores need a secret key")
    if not isinstance(scores, Mapping):
        raise RejectedInput("scores", "not an object")
    if len(scores) > model.SCORES:
        raise RejectedInput("scores", f"more than {model.SCORES} scores")
    for name, value in scores.items():
        named = isinstance(name, str) and len(name) <= model.SCORE_NAME_CHARACTERS
        if not named or not model.SCORE_NAME.fullmatch(name):
            raise RejectedInput("scores", "a name that is none: lower case, digits, - and _, 40 characters at most")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise RejectedInput(f"scores.{name}", "not a number")
        # Conditions compare floats; a number beyond those that are whole is a mistake.
        if value is not None and abs(value) > model.LARGEST_SCORE:
            raise RejectedInput(f"scores.{name}", "beyond 2^53")


def _check_consent(body: Mapping[str, Any], server: bool) -> None:
    topic = body.get("topic")
    if not isinstance(topic, str) or not topic:
        raise RejectedInput("topic", "missing" if topic is None else "not a name")
    if body.get("channel") not in CHANNELS:
        raise RejectedInput("channel", f"not one of {', '.join(CHANNELS)}")
    if body.get("state") not in CONSENT_STATES:
        raise RejectedInput("state", f"not one of {', '.join(CONSENT_STATES)}")
    if not isinstance(body.get("address", ""), str):
        raise RejectedInput("address", "not a text")
    if body["state"] == "granted" and not server:
        raise RejectedInput("state", "consent cannot be granted with a browser's key")


def _check_audience(body: Mapping[str, Any]) -> None:
    """Which lists there are is not asked here: a list may be filled before the policy that names it is deployed."""
    name = body.get("audience")
    if not isinstance(name, str):
        raise RejectedInput("audience", "missing" if name is None else "not a name")
    if not 0 < len(name) <= model.AUDIENCE_CHARACTERS:
        raise RejectedInput("audience", f"not 1 to {model.AUDIENCE_CHARACTERS} characters")
    if body.get("state") not in LIST_STATES:
        raise RejectedInput("state", f"not one of {', '.join(LIST_STATES)}")


def _check_command(body: dict[str, Any]) -> None:
    """Raises unless it says what a command needs; ids become texts in ``body``."""
    command = body.get("command")
    if not isinstance(command, str) or command not in model.COMMANDS:
        known = f"not one of {', '.join(model.COMMANDS)}"
        raise RejectedInput("command", "missing" if command is None else known)
    wanted = model.COMMANDS[command]
    for name in wanted:
        body[name] = _end(body.get(name), name)
    # Whoever names two people in a command that is about one meant another command.
    if "b" in body and "b" not in wanted:
        raise RejectedInput("b", f"{command} takes a only")
    if "b" in wanted and all(body["a"][part] == body["b"][part] for part in ("type", "id")):
        raise RejectedInput("b", "the same as a")


def _end(end: object, field: str) -> dict[str, Any]:
    if not isinstance(end, Mapping):
        raise RejectedInput(field, "missing" if end is None else "not an object")
    kind = end.get("type")
    if not isinstance(kind, str) or not NAMESPACE_NAME.fullmatch(kind) or kind == PROFILE:
        raise RejectedInput(f"{field}.type", "missing" if kind is None else "not the name of a namespace")
    if "id" not in end:
        raise RejectedInput(f"{field}.id", "missing")
    text = checked_id(end["id"], f"{field}.id")
    if not text.strip():
        raise RejectedInput(f"{field}.id", "empty")
    return {**end, "id": text}
