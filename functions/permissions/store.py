"""Where do permissions live? One STATE row per contact point or person, and a LEDGER row for everything ever said.

Both rows change in one transaction: there is no state without its proof, and no proof that does not count.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

from functions.permissions import policy
from functions.permissions.model import (
    Consent,
    LedgerLine,
    Permission,
    State,
    Statement,
    Suppression,
    whole_milliseconds,
)
from functions.shared.clock import format_instant, parse_instant
from functions.shared.errors import TransientError
from functions.shared.names import ContactKey, ProfileId
from functions.shared.store import Transactions

STATE = "STATE"
LEDGER = "LEDGER#"
# Writers of one contact point meet rarely (a person clicks while an import runs); five in a row are an incident.
PASSES = 5


class PermissionRow(Model):
    """A STATE or a LEDGER row. ``version`` counts the changes of a STATE row."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    consents = JSONAttribute(null=True)
    suppressed = JSONAttribute(null=True)
    opt_outs = JSONAttribute(null=True)
    erased_at = UnicodeAttribute(null=True)
    what = UnicodeAttribute(null=True)
    said = JSONAttribute(null=True)


class PermissionFuture:
    """What ``request`` promises: the facts, once its transaction has run."""

    def __init__(self, contact: Any, person: Any) -> None:
        self._contact = contact
        self._person = person

    def permission(self) -> Permission:
        """The facts; call it after the transaction."""
        return policy.permission(*_read(self._contact), *_read(self._person))


class Permissions:
    """The permissions table, for its own capability and through ``api.py`` for others."""

    def __init__(self, table_name: str) -> None:
        meta = type("Meta", (), {"table_name": table_name})
        self._row: type[PermissionRow] = type("Row", (PermissionRow,), {"Meta": meta})
        self._transactions = Transactions(self._row._get_connection().connection)

    def request(self, transaction: TransactGet, contact: ContactKey | None, profile: ProfileId) -> PermissionFuture:
        """Adds the reads of a contact point (when one is known) and of its person to the caller's transaction."""
        return PermissionFuture(
            contact=None if contact is None else transaction.get(self._row, contact, STATE),
            person=transaction.get(self._row, _person(profile), STATE),
        )

    def of_contact(self, contact: ContactKey, known: Permission) -> Permission:
        """The facts of another contact point of the same person: one strongly consistent read."""
        state, version = self._state(contact)
        fresh = policy.permission(state, version, State(), 0)
        return Permission(
            consents=fresh.consents,
            suppressed=fresh.suppressed,
            opted_out=known.opted_out,
            erased=known.erased,
            contact_version=version,
            person_version=known.person_version,
        )

    def read(self, contact: ContactKey, profile: ProfileId) -> Permission:
        """The facts of one contact point and its person, outside a transaction: two reads."""
        state, version = self._state(_person(profile))
        person = policy.permission(State(), 0, state, version)
        return self.of_contact(contact, person)

    def claim_conditions(
        self, transaction: TransactWrite, contact: ContactKey, profile: ProfileId, facts: Permission
    ) -> None:
        """Makes the caller's transaction fail when anything of ``facts`` has changed since it was read."""
        for key, version in ((contact, facts.contact_version), (_person(profile), facts.person_version)):
            transaction.condition_check(self._row, key, STATE, condition=self._unchanged(version))

    def record(self, consent: Consent) -> bool:
        """Writes one consent line; False when its message is known. ``ValueError``: a topic without a contact."""
        about = _person(consent.profile) if consent.topic is None else consent.contact
        if about is None:
            raise ValueError("a consent for a topic needs a contact point")
        return self._append(
            about,
            _ledger_key(consent.effective_at, consent.message_id),
            LedgerLine(about, "consent", _said(consent)),
            lambda state: policy.with_consent(state, consent),
        )

    def keep_pending(self, consent: Consent) -> bool:
        """Keeps a consent that has no contact point yet as proof with its person; it permits and forbids nothing."""
        about = _person(consent.profile)
        line = LedgerLine(about, "pending", _said(consent))
        return self._append(about, _ledger_key(consent.effective_at, consent.message_id), line, lambda state: state)

    def suppress(self, contact: ContactKey, reason: str, at: datetime, message_id: str) -> bool:
        """Stops everything to a contact point; ``message_id`` names the event that said so. False when it is known."""
        suppression = Suppression(reason, whole_milliseconds(at), message_id)
        return self._append(
            contact,
            _ledger_key(suppression.at, message_id),
            LedgerLine(contact, "suppression", suppression.to_json()),
            lambda state: policy.with_suppression(state, suppression),
        )

    def entomb(self, profile: ProfileId, at: datetime, message_id: str) -> bool:
        """Leaves the tombstone of an erased person, which stops everything; False when it stands."""
        moment = whole_milliseconds(at)
        about = _person(profile)
        return self._append(
            about,
            _ledger_key(moment, message_id),
            LedgerLine(about, "erasure", {"erased_at": format_instant(moment), "message_id": message_id}),
            lambda state: policy.with_erasure(state, moment),
        )

    def ledger(self, about: str) -> Iterator[LedgerLine]:
        """Everything ever said about a contact key or ``p#<profile>``, oldest first."""
        for row in self._row.query(about, self._row.sk.startswith(LEDGER), consistent_read=True):
            yield LedgerLine(row.pk, row.what, row.said)

    def _append(self, about: str, ledger_key: str, line: LedgerLine, fold: Callable[[State], State]) -> bool:
        for _ in range(PASSES):
            state, version = self._state(about)
            changed = fold(state)

            def add(
                transaction: TransactWrite, state: State = state, changed: State = changed, version: int = version
            ) -> None:
                transaction.save(
                    self._row(about, ledger_key, what=line.what, said=dict(line.said)),
                    condition=self._row.pk.does_not_exist(),
                )
                if changed != state:
                    transaction.save(self._state_row(about, changed, version + 1), self._unchanged(version))

            # Two deliveries of one message at one version plan the same bytes: to DynamoDB they are one request.
            if self._transactions.commit(f"{about}\x1f{ledger_key}\x1f{version}", add):
                return True
            if self._known(about, ledger_key):
                return False
        raise TransientError("permissions of one contact point kept changing")

    def _known(self, about: str, ledger_key: str) -> bool:
        try:
            self._row.get(about, ledger_key, consistent_read=True)
        except DoesNotExist:
            return False
        return True

    def _unchanged(self, version: int) -> Condition:
        return self._row.version == version if version else self._row.pk.does_not_exist()

    def _state(self, about: str) -> tuple[State, int]:
        try:
            return _decode(self._row.get(about, STATE, consistent_read=True))
        except DoesNotExist:
            return State(), 0

    def _state_row(self, about: str, state: State, version: int) -> PermissionRow:
        return self._row(
            about,
            STATE,
            version=version,
            consents={topic: said.to_json() for topic, said in state.consents.items()} or None,
            suppressed=state.suppressed.to_json() if state.suppressed else None,
            opt_outs={channel: said.to_json() for channel, said in state.opt_outs.items()} or None,
            erased_at=format_instant(state.erased_at) if state.erased_at else None,
        )


def _person(profile: ProfileId) -> str:
    return f"p#{profile}"


def _said(consent: Consent) -> dict[str, Any]:
    return {
        "profile": consent.profile,
        "channel": consent.channel,
        "topic": consent.topic,
        "state": consent.state,
        "source": consent.source,
        "effective_at": format_instant(consent.effective_at),
        "message_id": consent.message_id,
        "evidence": dict(consent.evidence),
    }


def _ledger_key(at: datetime, message_id: str) -> str:
    return f"{LEDGER}{format_instant(at)}#{message_id}"


def _read(future: Any) -> tuple[State, int]:
    if future is None:
        return State(), 0
    try:
        return _decode(future.get())
    except DoesNotExist:
        return State(), 0


def _decode(row: PermissionRow) -> tuple[State, int]:
    state = State(
        consents={topic: Statement.from_json(said) for topic, said in (row.consents or {}).items()},
        suppressed=Suppression.from_json(row.suppressed) if row.suppressed else None,
        opt_outs={channel: Statement.from_json(said) for channel, said in (row.opt_outs or {}).items()},
        erased_at=parse_instant(row.erased_at) if row.erased_at else None,
    )
    return state, int(row.version or 0)
