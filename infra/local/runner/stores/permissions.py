"""Where do permissions live on the laptop's runner? In dictionaries, with the conditions of the permissions table."""

from collections.abc import Callable, Iterator

from functions.permissions.api import LedgerLine, Permission, PermissionFuture, Permissions
from functions.permissions.model import State
from functions.permissions.policy import permission
from functions.shared.names import ContactKey, ProfileId
from functions.shared.store import TransactGet, TransactWrite
from infra.local.runner.stores.together import inside

NOTHING_SAID = (State(), 0)


class Found(PermissionFuture):
    """Facts that were read when they were asked for."""

    def __init__(self, found: Permission) -> None:
        self._permission = found

    def permission(self) -> Permission:
        """See ``PermissionFuture``."""
        return self._permission


class MemoryPermissions(Permissions):
    """``functions.permissions.api.Permissions`` in this process."""

    def __init__(self) -> None:
        """Nobody has said anything."""
        self._states: dict[str, tuple[State, int]] = {}
        self._ledger: dict[str, dict[str, LedgerLine]] = {}

    def request(self, transaction: TransactGet, contact: ContactKey | None, profile: ProfileId) -> PermissionFuture:
        """See ``Permissions``."""
        about = NOTHING_SAID if contact is None else self._state(contact)
        return Found(permission(*about, *self._state(person_key(profile))))

    def claim_conditions(
        self, transaction: TransactWrite, contact: ContactKey, profile: ProfileId, facts: Permission
    ) -> None:
        """See ``Permissions``."""
        seen = ((contact, facts.contact_version), (person_key(profile), facts.person_version))
        for key, version in seen:
            inside(transaction).expect(self._state(key)[1] == version)

    def ledger(self, about: str) -> Iterator[LedgerLine]:
        """See ``Permissions``."""
        return (line for _, line in sorted(self._ledger.get(about, {}).items()))

    def _append(self, about: str, ledger_key: str, line: LedgerLine, fold: Callable[[State], State]) -> bool:
        lines = self._ledger.setdefault(about, {})
        if ledger_key in lines:
            return False
        lines[ledger_key] = line
        state, version = self._state(about)
        changed = fold(state)
        if changed != state:
            self._states[about] = changed, version + 1
        return True

    def _state(self, about: str) -> tuple[State, int]:
        return self._states.get(about, NOTHING_SAID)


def person_key(profile: ProfileId) -> str:
    """What a person's own rows stand under."""
    return f"p#{profile}"
