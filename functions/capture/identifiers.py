"""Does this message say who it is about?"""

from collections.abc import Mapping
from typing import Any

from functions.capture import model
from functions.shared.errors import RejectedInput
from functions.shared.identifiers import id_text

IDS = ("userId", "anonymousId", "previousId")
ADDRESSES = ("email", "phone")
DEVICE_IDS = ("id", "token", "advertisingId")


def checked_id(value: object, field: str) -> str:
    """An id as text; raises ``RejectedInput`` for what is neither text nor number."""
    if isinstance(value, int) and abs(value) >= 10**model.NUMBER_DIGITS:
        raise RejectedInput(field, f"a number of more than {model.NUMBER_DIGITS} digits")
    text = id_text(value)
    if text is None:
        raise RejectedInput(field, "neither text nor number")
    return text


def check_identified(body: Mapping[str, Any]) -> None:
    """Raises ``RejectedInput`` when an identifier is of a wrong type, or when there is none that is needed.

    One that is blocked is one all the same.
    """
    found = [name for name in IDS if name in body]
    context = body.get("context", {})
    for holder, path, names in (
        (body.get("traits", {}) if body["type"] != "group" else {}, "traits", ADDRESSES),
        (context.get("traits", {}), "context.traits", ADDRESSES),
        (context.get("device", {}), "context.device", DEVICE_IDS),
    ):
        for name in names:
            if holder.get(name) is not None:
                found.append(checked_id(holder[name], f"{path}.{name}"))
    for one in context.get("externalIds", []):
        if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
            raise RejectedInput("context.externalIds", "an entry without type and id")
        if one.get("id") is not None:
            found.append(checked_id(one["id"], "context.externalIds.id"))
    if body["type"] == "reset":
        device = context.get("device", {})
        if "anonymousId" not in body and not any(name in device for name in DEVICE_IDS):
            raise RejectedInput("anonymousId", "reset names no device")
    elif not found and body["type"] != "command":
        raise RejectedInput("userId", "no identifier")
