"""What is known of a message, and is it ours to send? One transaction reads it all, one transaction claims it.

Both span the tables of four capabilities; each owner adds its own part through its api.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pynamodb.transactions import TransactWrite

from functions.dispatch.api import Message, Messages
from functions.dispatch.model import SendRequest
from functions.journeys.api import Board, Enrolments, Switches
from functions.journeys.model import Enrolment
from functions.permissions.api import Permission, PermissionFuture, Permissions
from functions.profiles.api import Profiles
from functions.profiles.model import Contact, Snapshot
from functions.shared.changed import changed
from functions.shared.names import Channel, MessageId, ProfileId

# A TransactGetItems takes 100 rows (DynamoDB quota); a person may have had 101 ids.
READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Known:
    """Everything on record about a request at one instant; ``permission`` is that of the contact it hints at.

    ``person`` is the id that ``permission`` was read for. ``earlier`` is the run that goes on instead of this one.
    ``board`` = the switches, five seconds old at most; ``rivals`` = what is on record of messages on other channels of
    which only one may go.
    """

    enrolment: Enrolment | None
    snapshot: Snapshot | None
    permission: Permission
    message: Message | None
    person: ProfileId
    board: Board
    earlier: Enrolment | None = None
    rivals: tuple[Message, ...] = ()


class Records:
    """The tables the send path stands on."""

    def __init__(
        self,
        enrolments: Enrolments,
        profiles: Profiles,
        permissions: Permissions,
        messages: Messages,
        switches: Switches,
    ) -> None:
        self.switches = switches
        self._enrolments = enrolments
        self._profiles = profiles
        self._permissions = permissions
        self._messages = messages

    def read(self, request: SendRequest) -> Known:
        """One TransactGet for run, person, permission and message, and every five seconds for the switches."""
        hint = request.contacts.get(request.channel)
        with self._messages.reading() as transaction:
            enrolment = self._enrolments.request(transaction, request.profile, request.enrolment)
            profile = self._profiles.request(transaction, request.profile)
            permission = self._permissions.request(transaction, hint, request.profile)
            message = self._messages.request(transaction, request.message)
            board = self.switches.request(transaction)
            rivals = [self._messages.request(transaction, one) for one in request.rivals]
        return Known(
            enrolment.enrolment(),
            profile.snapshot(),
            permission.permission(),
            message.message(),
            request.profile,
            board.board(),
            rivals=tuple(one for one in (rival.message() for rival in rivals) if one is not None),
        )

    def read_merged(self, known: Known) -> Known:
        """The same with what stands under the person's other ids; no request for a person who has none.

        Leaving a channel counts for the whole person, whichever side of a merge said so (a merge permits nothing).
        """
        others = [one for one in (known.snapshot.ids if known.snapshot else ()) if one != known.person]
        if known.snapshot is None or not others:
            return known
        said = {known.person: known.permission, **self._permissions_of(others)}
        present = known.snapshot.profile
        permission = changed(
            known.permission,
            opted_out=frozenset[Channel]().union(*(one.opted_out for one in said.values())),
            erased=any(one.erased for one in said.values()),
            person_version=said[present].person_version,
        )
        run = known.enrolment
        earlier = self._enrolments.earlier(run, known.snapshot.ids) if run and run.running else None
        return changed(known, permission=permission, person=present, earlier=earlier)

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

    def claim(
        self, claimed: Message, permission: Permission, person: ProfileId, rivals: Sequence[MessageId] = ()
    ) -> bool:
        """One transaction: the run is active, the permission unchanged, the message unclaimed and none of its rivals on
        other channels either -> the claim stands.

        False when any of it no longer holds: read again. ``person`` is the id under which a new opt-out is written.
        The claim's own id is part of the plan, so two deliveries never share a client token: with one token DynamoDB
        would tell both that they succeeded.
        """
        if claimed.contact is None or claimed.claim is None:
            raise ValueError("a claim names its contact and its delivery")
        contact = claimed.contact

        def add(transaction: TransactWrite) -> None:
            self._enrolments.still_active(transaction, claimed.profile, claimed.enrolment)
            self._permissions.claim_conditions(transaction, contact, person, permission)
            self._messages.add_claim(transaction, claimed)
            for rival in rivals:
                self._messages.add_silent(transaction, rival)

        return self._messages.transactions.commit(f"{claimed.message}\x1f{claimed.claim}", add)

    def withhold_merged(self, line: Message, run: Enrolment) -> bool:
        """One transaction: the run ends as superseded, and its message is withheld; False as with ``claim``."""

        def add(transaction: TransactWrite) -> None:
            self._enrolments.add_supersede(transaction, run, line.decided_at)
            self._messages.add_line(transaction, line)

        return self._messages.transactions.commit(repr(line), add)

    def _permissions_of(self, ids: Sequence[ProfileId]) -> dict[ProfileId, Permission]:
        """What people said of themselves, not of an address."""
        asked: dict[ProfileId, PermissionFuture] = {}
        for start in range(0, len(ids), READ_AT_ONCE):
            with self._messages.reading() as transaction:
                for profile in ids[start : start + READ_AT_ONCE]:
                    asked[profile] = self._permissions.request(transaction, None, profile)
        return {profile: future.permission() for profile, future in asked.items()}
