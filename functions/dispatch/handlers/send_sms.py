"""Lambda: takes send requests for text messages off their queue; each goes through the gate and out once."""

from collections import Counter
from typing import Any

from functions.dispatch.assemble import assemble, sending_identity
from functions.dispatch.end_user_messaging import TextMessages
from functions.dispatch.settings import SendSmsSettings
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.publication import load_publication

SERVICE = "send-sms"


def build(settings: SendSmsSettings, clock: Clock) -> Handler:
    """Builds the handler on the records, the templates and the provider."""
    publication = load_publication(settings.publication_path)
    provider = TextMessages(sending_identity(publication, "sms"))
    sender = assemble(settings, publication, provider, clock)

    def handle(event: dict[str, Any], context: Any) -> Any:
        decisions = Counter(sent=0)
        answer = each_record(event, lambda body: decisions.update([sender.send(body)]), SERVICE)
        count(SERVICE, decisions)
        return answer

    return handle


handler = wire(build, SendSmsSettings)
