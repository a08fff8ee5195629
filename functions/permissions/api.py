"""What may others ask of permissions? Facts for the gate, conditions for the claim, and new lines for the ledger."""

from functions.permissions.model import Consent, ConsentState, LedgerLine, Permission
from functions.permissions.store import PermissionFuture, Permissions

__all__ = ["Consent", "ConsentState", "LedgerLine", "Permission", "PermissionFuture", "Permissions"]
