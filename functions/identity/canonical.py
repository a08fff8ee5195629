"""When are two spellings the same identifier? One canonical text per value; what was sent is kept beside it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

LONGEST = 512
# Zero-width and direction marks that copying from web pages and chat leaves behind.
INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def canonical(namespace: str, text: str, country: str | None) -> str | None:
    """The canonical text of an identifier, or None when it cannot be one. Version 1 of rule R3.

    ``country`` (ISO 3166, two letters) reads phone numbers written without their country code.
    """
    return _read(namespace, text, country) if len(text) <= LONGEST else None


# The same people are named again and again, and reading an address takes a hundred times as long as finding it here.
@lru_cache(maxsize=10_000)
def _read(namespace: str, text: str, country: str | None) -> str | None:
    if namespace == "phone":
        return canonical_phone(text, country)
    return READERS.get(namespace, canonical_text)(text)


def canonical_email(text: str) -> str | None:
    """Local part and domain in lower case, domain in IDNA; dots and +tags stay, for they may be different people."""
    # Here, since most events name no address: 50 ms of import that an environment may never need.
    from email_validator import EmailNotValidError, validate_email

    plain = canonical_text(text)
    if plain is None:
        return None
    local, at, domain = plain.rpartition("@")
    try:
        checked = validate_email(
            f"{local.lower()}{at}{domain.rstrip('.')}",
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except (EmailNotValidError, UnicodeError):
        return None
    return f"{checked.local_part}@{checked.ascii_domain.lower()}" if checked.ascii_domain else None


def canonical_phone(text: str, country: str | None) -> str | None:
    """E.164; an extension stays, since a desk is not its switchboard."""
    # As above.
    import phonenumbers

    plain = canonical_text(text)
    if plain is None:
        return None
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{e164};ext={number.extension}" if number.extension else e164


def canonical_device(text: str) -> str | None:
    """UUIDs in lower case (iOS writes capitals, Android small letters); other device ids as they are."""
    plain = canonical_text(text)
    return plain.lower() if plain is not None and UUID.fullmatch(plain) else plain


def canonical_text(text: str) -> str | None:
    """NFKC without surrounding space and invisible characters, case kept; None over 512 characters or not Unicode."""
    if len(text) > LONGEST or any("\ud800" <= character <= "\udfff" for character in text):
        return None
    plain = unicodedata.normalize("NFKC", text).translate(INVISIBLE).strip()
    return plain if len(plain) <= LONGEST else None


def canonical_hash(text: str) -> str | None:
    """A SHA-256 that the caller made over the canonical text, in lower-case hex."""
    plain = text.strip()
    return plain if SHA256.fullmatch(plain) else None


READERS: Mapping[str, Callable[[str], str | None]] = {
    "email": canonical_email,
    "email.sha256": canonical_hash,
    "phone.sha256": canonical_hash,
    "device_id": canonical_device,
    "ad_id": canonical_device,
    "anonymous_id": canonical_device,
}
