"""How does a message look on the wire? Raw MIME, multipart/alternative, so that headers are ours to set."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from functions.shared.names import MessageId

# Quoted-printable lines end at 76 (RFC 2045, section 6.7); the policy would take 78.
WRITTEN = SMTP.clone(max_line_length=76)
# Long headers stay on one line (RFC 5322 allows 998): folding would encode an unfoldable List-Unsubscribe URL.
ON_THE_WIRE = SMTP.clone(max_line_length=998)


def compose(
    *, sender: str, recipient: str, subject: str, text: str, html: str, message: MessageId, unsubscribe: str | None
) -> bytes:
    """The message as bytes; the same input gives the same bytes. ``recipient`` comes from ``recipient_of``.

    ``Message-ID`` and ``Date`` are the provider's to set. ``List-Unsubscribe-Post`` promises one click and is set only
    for an https link (RFC 8058, section 3.1).
    """
    mail = EmailMessage(policy=WRITTEN)
    mail["From"] = sender
    mail["To"] = Address(addr_spec=recipient)
    # A line break in a subject would start a new header.
    mail["Subject"] = " ".join(subject.split())
    mail["X-Segue-Message"] = message
    if unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        if unsubscribe.startswith("https:"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"segue-{message}")
    return mail.as_bytes(policy=ON_THE_WIRE)


def recipient_of(address: str) -> str:
    """The one mailbox an address names, its domain in ASCII; raises ``ValueError`` when it names none, or several."""
    local, _, domain = address.strip().rpartition("@")
    try:
        recipient = f"{local}@{domain.encode('idna').decode()}"
        recipient.encode("ascii")
        return Address(addr_spec=recipient).addr_spec
    except Exception as error:
        # The parser raises many kinds, with the address in their text.
        raise ValueError("not an address") from error
