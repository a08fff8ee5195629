"""Is this message too large or too deep to be one?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.capture import model
from functions.shared.errors import RejectedInput

# What senders fill as they like.
SAID = ("properties", "traits", "context")
# Made once: json.dumps makes one for every message.
JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def checked_size(raw: Mapping[Any, Any]) -> int:
    """The bytes of its JSON in UTF-8; raises ``RejectedInput`` for what is too deep, too large or no JSON."""
    depth = _depth(raw)
    if depth > model.DEPTH:
        raise RejectedInput("message", f"nested more than {model.DEPTH} deep")
    try:
        text = JSON.encode(raw)
    except (TypeError, ValueError) as error:
        raise RejectedInput(
            "message", f"a number that is not finite or has more than {model.NUMBER_DIGITS} digits"
        ) from error
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > model.CLAIM_BYTES:
        raise RejectedInput("message", f"over {model.CLAIM_BYTES // 1024 // 1024} MB")
    # Most messages are too small to hold a text too large.
    if size > model.TEXT_BYTES:
        _check_texts(raw)
    return size


def _check_texts(raw: Mapping[str, Any]) -> None:
    """Raises for a text over the limit, with the way to it."""
    for name in SAID:
        way = _way_to_large(raw.get(name))
        if way is not None:
            field = f"{name}{way}"[: model.PATH_CHARACTERS]
            raise RejectedInput(field, f"a text over {model.TEXT_BYTES // 1024} KB")


def _way_to_large(value: object) -> str | None:
    """The way from here to a text that is too large, None when there is none; a name is a text of what it stands in.

    Depth is checked already, so recursion has an end.
    """
    if isinstance(value, str):
        return "" if _large(value) else None
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _large(name):
                return ""
            way = _way_to_large(inner)
            if way is not None:
                return f".{name}{way}"
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            way = _way_to_large(inner)
            if way is not None:
                return f"[{index}]{way}"
    return None


def _large(text: str) -> bool:
    return len(text) * 4 > model.TEXT_BYTES and len(text.encode("utf-8", "surrogatepass")) > model.TEXT_BYTES


def _depth(value: object) -> int:
    """How deep objects and lists stand inside a message; walks by hand, since recursion has an end."""
    deepest = 0
    level = [value]
    while level and deepest <= model.DEPTH + 1:
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, Mapping | list)]
        deepest += bool(level)
    return deepest


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
