"""What other capabilities and jobs may ask of identity."""

from functions.identity.canonical import canonical_email, canonical_phone
from functions.identity.history import History
from functions.identity.keys import contact_key
from functions.identity.model import Rules
from functions.identity.store import IdentityStore
from functions.profiles.api import Profiles
from functions.shared.rows import Rows

__all__ = ["History", "Rules", "canonical_email", "canonical_phone", "contact_key", "history_of"]


def history_of(rows: Rows, identity_table: str, profiles_table: str, rules: Rules | None = None) -> History:
    """Whose events are whose, over two tables of one store."""
    profiles = Profiles(profiles_table, rows=rows)
    return History(IdentityStore(rows, identity_table, profiles), profiles, rules or Rules())
