"""How does a word of the customer become permission? Each line goes to the ledger once, whatever order it comes in."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from functions.permissions.api import Consent, Permissions
from functions.shared.clock import parse_instant


def record_consents(body: Mapping[str, Any], permissions: Permissions) -> Counter[str]:
    """Records the consents and erasures of a queue message; counts ``consents_recorded``, ``_known``, ``erased``.

    A consent whose person has no address on the channel yet cannot be kept with a contact point: it is
    counted as ``consents_without_contact`` and kept with the person's own ledger by ``keep_pending``.
    """
    counts = Counter({"consents_recorded": 0})
    for erasure in body.get("erasures", ()):
        for person in (erasure["profile"], *erasure["aka"]):
            counts["erased"] += permissions.entomb(person, parse_instant(erasure["at"]), erasure["messageId"])
    for item in body.get("consents", ()) if "erasures" in body else body["consents"]:
        consent = Consent.from_json(item)
        if consent.topic is not None and consent.contact is None:
            new = permissions.keep_pending(consent)
            counts["consents_without_contact"] += new
        else:
            new = permissions.record(consent)
        counts["consents_recorded" if new else "consents_known"] += 1
    return counts
