"""Where does a reader go to stop, or to choose? Today by e-mail to the sender; later to the preference page."""

from email.utils import parseaddr
from urllib.parse import quote

from functions.shared.names import MessageId


def links(sender: str | None, message: MessageId) -> dict[str, str]:
    """``unsubscribe_url`` and ``preferences_url``; none without a sending address that can be written to."""
    address = parseaddr(sender or "")[1]
    if "@" not in address:
        return {}
    return {f"{wish}_url": _mailto(address, f"{wish} {message}") for wish in ("unsubscribe", "preferences")}


def _mailto(address: str, subject: str) -> str:
    # RFC 6068: the subject is percent-encoded; the message id in it names the person to whoever reads the mailbox.
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}"
