"""How is a channel's send path put together? The same for all three; only the provider differs."""

from email.utils import formataddr, parseaddr
from functools import cache
from uuid import uuid4

from functions.dispatch.api import Messages
from functions.dispatch.dynamodb import Records
from functions.dispatch.provider import Provider
from functions.dispatch.render import Templates
from functions.dispatch.send import Sender
from functions.dispatch.settings import SendSettings
from functions.dispatch.step_functions import TaskTokens
from functions.journeys.api import Enrolments, Switches
from functions.journeys.machines import Machines
from functions.permissions.api import Permissions
from functions.profiles.api import Profiles
from functions.shared.clock import Clock
from functions.shared.names import Channel
from functions.shared.publication import Publication
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows


def assemble(settings: SendSettings, publication: Publication, provider: Provider, clock: Clock) -> Sender:
    """The send path on the tables and queues of the settings."""
    messages = Messages(settings.messages_table)
    rows = DynamoRows()
    urls: dict[Channel, str] = {
        "email": settings.email_queue_url,
        "sms": settings.sms_queue_url,
        "push": settings.push_queue_url,
    }
    records = Records(
        Enrolments(settings.enrolments_table),
        Profiles(settings.profiles_table, rows=rows, policy=publication.policy),
        Permissions(settings.permissions_table),
        messages,
        Switches(settings.enrolments_table, clock, rows),
    )
    return Sender(
        records=records,
        messages=messages,
        provider=provider,
        templates=Templates(publication.templates),
        policy=publication.policy,
        tasks=TaskTokens(),
        machines=Machines(settings.machine_prefix),
        # Only a channel that says no needs another's queue, so its client is made then and not at every start.
        queue=cache(lambda channel: Queue(urls[channel])),
        clock=clock,
        new_claim=lambda: uuid4().hex,
    )


def sending_identity(publication: Publication, channel: Channel) -> str:
    """The policy's sender of a channel; empty when it names none."""
    return str(publication.policy.get("channels", {}).get(channel, {}).get("sender", ""))


def sending_mailbox(publication: Publication) -> str:
    """The e-mail sender as readers see it: under the brand's name when the policy's sender has none of its own."""
    name, address = parseaddr(sending_identity(publication, "email"))
    return formataddr((name or str(publication.policy.get("brand", {}).get("name", "")), address)) if address else ""
