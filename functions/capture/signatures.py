"""Did the customer's own server sign this id? Then even a browser may say that it is this customer's."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from functions.shared.errors import RejectedInput
from functions.shared.identifiers import id_text

FIELD = "context.signature"
ADDRESSES = ("email", "phone")


def taken_out(message: object) -> object:
    """The signature of a message, no longer in it: a credential is no part of what happened, and must not be stored."""
    context = message.get("context") if isinstance(message, dict) else None
    return context.pop("signature", None) if isinstance(context, dict) else None


def signature_of(user_id: str, secret: str) -> str:
    """What a server puts into ``context.signature``: lower-case hex HMAC-SHA256 of the id under the key's secret."""
    return hmac.new(secret.encode(), user_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def fault_of(signature: object, user_id: object, secret: str | None) -> RejectedInput | None:
    """Why the signature proves nothing, or None when it is right."""
    if secret is None:
        return RejectedInput(FIELD, "this write key has no signing_secret")
    text = id_text(user_id)
    if text is None:
        return RejectedInput(FIELD, "no userId that it could sign")
    right = signature_of(text, secret).encode()
    # Compared in constant time: how long a guess takes to fail must not tell how much of it was right.
    if isinstance(signature, str) and hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), right):
        return None
    return RejectedInput(FIELD, "not the signature of this userId")


def covers(body: Mapping[str, Any]) -> bool:
    """Does a signature of the ``userId`` speak for everyone a checked message names?

    Whose device this is, the page itself knows. An address or an id of another kind may be a stranger's: its server
    signed none of them, and who logs in with a right signature can write any beside it.
    """
    context = body.get("context", {})
    told = [context.get("traits", {}), body.get("traits", {}) if body["type"] != "group" else {}]
    others = [traits.get(name) for traits in told for name in ADDRESSES]
    others += [body.get("previousId"), *(one.get("id") for one in context.get("externalIds", []))]
    return all(one is None for one in others)
