"""Lambda: takes send requests for e-mail off their queue; each goes through the gate and to SES once."""

from collections import Counter
from typing import Any

from functions.dispatch.assemble import assemble, sending_mailbox
from functions.dispatch.ses import SesEmail
from functions.dispatch.settings import SendEmailSettings
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication

SERVICE = "send-email"


def build(settings: SendEmailSettings, clock: Clock) -> Handler:
    """Builds the handler on the records, the templates and the provider."""
    publication = load_publication(settings.publication_path)
    provider = SesEmail(sending_mailbox(publication), settings.configuration_set)
    sender = assemble(settings, publication, provider, clock)

    def handle(event: dict[str, Any], context: Any) -> Any:
        decisions = Counter(sent=0)
        answer = each_record(event, lambda body: decisions.update([sender.send(body)]), SERVICE)
        count(SERVICE, decisions)
        return answer

    return handle


handler = wire(build, SendEmailSettings)
