"""What other capabilities may ask of identity: the canonical form and the key of an address."""

from functions.identity.canonical import canonical_email, canonical_phone
from functions.identity.keys import contact_key

__all__ = ["canonical_email", "canonical_phone", "contact_key"]
