"""What is known of a message, and is it ours to send? One transaction reads it all, one transaction claims it.

Both span the tables of four capabilities; each owner adds its own part through its api.
"""

from dataclasses import dataclass

from pynamodb.exceptions import TransactGetError
from pynamodb.transactions import TransactGet, TransactWrite

from functions.dispatch.api import Message, Messages
from functions.dispatch.model import SendRequest
from functions.journeys.api import Enrolments
from functions.journeys.model import Enrolment
from functions.permissions.api import Permission, Permissions
from functions.profiles.api import Profiles
from functions.profiles.model import Contact, Snapshot
from functions.shared.errors import TransientError


@dataclass(frozen=True, slots=True)
class Known:
    """Everything on record about a request at one instant; ``permission`` is that of the contact it hints at."""

    enrolment: Enrolment | None
    snapshot: Snapshot | None
    permission: Permission
    message: Message | None


class Records:
    """The tables the send path stands on."""

    def __init__(
        self, enrolments: Enrolments, profiles: Profiles, permissions: Permissions, messages: Messages
    ) -> None:
        self._enrolments = enrolments
        self._profiles = profiles
        self._permissions = permissions
        self._messages = messages

    def read(self, request: SendRequest) -> Known:
        """One TransactGet for run, person, permission and message."""
        hint = request.contacts.get(request.channel)
        try:
            with TransactGet(connection=self._messages.transactions.connection) as transaction:
                enrolment = self._enrolments.request(transaction, request.profile, request.enrolment)
                profile = self._profiles.request(transaction, request.profile)
                permission = self._permissions.request(transaction, hint, request.profile)
                message = self._messages.request(transaction, request.message)
        except TransactGetError as error:
            # A writer holds one of the rows this very moment, or DynamoDB is busy.
            raise TransientError(f"records cannot be read: {error.cause_response_code}") from error
        return Known(enrolment.enrolment(), profile.snapshot(), permission.permission(), message.message())

    def address(self, request: SendRequest, known: Known) -> tuple[Contact | None, Permission]:
        """The address to use and what is permitted there: the best one that is not suppressed, else the best one.

        The hint is usually right and costs nothing; each other address looked at costs one read.
        """
        contacts = known.snapshot.contacts.get(request.channel, ()) if known.snapshot else ()
        hint = request.contacts.get(request.channel)
        looked_at: list[tuple[Contact, Permission]] = []
        for contact in contacts:
            right = contact.key == hint
            facts = known.permission if right else self._permissions.of_contact(contact.key, known.permission)
            if facts.suppressed is None:
                return contact, facts
            looked_at.append((contact, facts))
        return looked_at[0] if looked_at else (None, known.permission)

    def claim(self, claimed: Message, permission: Permission) -> bool:
        """One transaction: the run is active, the permission unchanged, the message unclaimed -> the claim stands.

        False when any of it no longer holds: read again. The claim's own id is part of the plan, so two deliveries
        never share a client token: with one token DynamoDB would tell both that they succeeded.
        """
        if claimed.contact is None or claimed.claim is None:
            raise ValueError("a claim names its contact and its delivery")
        contact = claimed.contact

        def add(transaction: TransactWrite) -> None:
            self._enrolments.still_active(transaction, claimed.profile, claimed.enrolment)
            self._permissions.claim_conditions(transaction, contact, claimed.profile, permission)
            self._messages.add_claim(transaction, claimed)

        return self._messages.transactions.commit(f"{claimed.message}\x1f{claimed.claim}", add)
