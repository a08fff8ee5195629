"""Lambda: takes consent lines off its queue and writes them to the ledger."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from functions.permissions.api import Permissions
from functions.permissions.record import record_consents
from functions.shared.batch import each_record
from functions.shared.clock import Clock
from functions.shared.handler import Handler, wire
from functions.shared.observability import count
from functions.shared.settings import Settings

SERVICE = "record-consent"


@dataclass(frozen=True, slots=True)
class RecordConsentSettings(Settings):
    """Environment of the function."""

    permissions_table: str


def build(settings: RecordConsentSettings, clock: Clock) -> Handler:
    """Builds the handler on the permissions table."""
    permissions = Permissions(settings.permissions_table)

    def handle(event: dict[str, Any], context: Any) -> Any:
        counts = Counter({"consents_recorded": 0})
        answer = each_record(event, lambda body: counts.update(record_consents(body, permissions)), SERVICE)
        count(SERVICE, counts)
        return answer

    return handle


handler = wire(build, RecordConsentSettings)
