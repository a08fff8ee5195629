"""Did the customer's own server sign this id? Then even a browser may say who somebody is."""

import hashlib
import hmac

from functions.shared.errors import RejectedInput
from functions.shared.identifiers import id_text

FIELD = "context.signature"


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
