"""Where do identifiers live? Table ``identity``: a row per identifier pointing at its person, a HEAD per person."""

import time
from collections.abc import Callable, Iterable

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model

from functions.identity.model import Head, Known
from functions.identity.policy import Change
from functions.shared.errors import TransientError
from functions.shared.names import ProfileId
from functions.shared.store import Transactions, TransactWrite

PERSON = "p#"


class _Row(Model):
    pk = UnicodeAttribute(hash_key=True)
    profile = UnicodeAttribute(null=True)
    trusted = BooleanAttribute(default=False)
    version = NumberAttribute(null=True)
    identifiers = UnicodeSetAttribute(null=True)


def _rows(table: str) -> type[_Row]:
    class Row(_Row):
        class Meta:
            table_name = table

    return Row


class IdentityStore:
    """Reads strongly, writes in transactions: of two writers racing, the later must see what the earlier did."""

    def __init__(self, table_name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._rows = _rows(table_name)
        self._transactions = Transactions(self._rows._get_connection().connection, pause)

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """Whose the identifiers are, those that are anybody's; 100 of them a request."""
        return {row.pk: Known(ProfileId(row.profile or ""), bool(row.trusted)) for row in self._get(set(keys))}

    def heads(self, profiles: Iterable[ProfileId]) -> dict[ProfileId, Head]:
        """The people's identifiers; people who are not there yet are left out."""
        found = self._get({PERSON + profile for profile in profiles})
        return {
            ProfileId(row.pk[len(PERSON) :]): Head(
                ProfileId(row.pk[len(PERSON) :]),
                int(row.version or 0),
                frozenset(row.identifiers or ()),
                bool(row.trusted),
            )
            for row in found
        }

    def write(self, change: Change) -> bool:
        """Changes one person's rows together; False when one of them is no longer as it was read."""
        head = change.head
        head_row = self._rows(
            PERSON + head.profile, version=head.version + 1, identifiers=set(head.keys), trusted=head.trusted
        )
        new = [
            self._rows(key, profile=head.profile, trusted=trusted)
            for key, (_identifier, trusted) in sorted(change.attach.items())
        ]

        def add(transaction: TransactWrite) -> None:
            unchanged = self._rows.version == head.version if head.version else self._rows.pk.does_not_exist()
            transaction.save(head_row, condition=unchanged)
            for row in new:
                transaction.save(row, condition=self._rows.pk.does_not_exist())
            for key in sorted(change.confirm):
                row = self._rows(key, profile=head.profile)
                still = self._rows.profile == head.profile
                transaction.update(row, actions=[self._rows.trusted.set(True)], condition=still)

        plan = [
            head.profile,
            head.version,
            head.trusted,
            [[row.pk, row.trusted] for row in new],
            sorted(change.confirm),
        ]
        return self._transactions.commit(repr(plan), add)

    def _get(self, keys: set[str]) -> list[_Row]:
        try:
            return list(self._rows.batch_get(sorted(keys), consistent_read=True)) if keys else []
        except PynamoDBException as error:
            raise TransientError(f"identity cannot be read: {error.cause_response_code}") from error
