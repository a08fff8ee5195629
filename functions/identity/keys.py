"""How is an identifier stored without its clear text? Under a keyed hash that only this deployment can make."""

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID, uuid5

from functions.shared.names import ContactKey, ProfileId

PEOPLE = UUID("5d0c7c55-1a0e-5b0e-9b3e-7f0a4c8f2f61")


OWN = "p#"
HASHED = {"email.sha256": "email", "phone.sha256": "phone"}
"""Namespaces of hashes that callers make, and whose hashes they are."""


@lru_cache(maxsize=10_000)
def identifier_key(namespace: str, canonical: str, pepper: str) -> str:
    """``<namespace>#<32 hex>``: 128 bits of HMAC-SHA256 under the deployment's key.

    An address and its SHA-256 have one key, so that a hashed list and a sign-up form name the same person (rule R3).
    """
    if namespace in HASHED:
        namespace = HASHED[namespace]
    elif namespace in HASHED.values():
        canonical = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    said = f"{namespace}\x1f{canonical}".encode("utf-8", "surrogatepass")
    return f"{namespace}#{hmac.digest(pepper.encode(), said, 'sha256').hex()[:32]}"


def namespace_of(key: str) -> str:
    """``email#3f..`` -> ``email``."""
    return key.partition("#")[0]


def is_hash(value: str) -> bool:
    """True of a SHA-256 that stands for a value nobody told in clear."""
    return len(value) == 64 and set(value) <= set("0123456789abcdef")


def contact_key(namespace: str, canonical: str, pepper: str) -> ContactKey:
    """The key of consent and suppression of an address, which is its identity key as well."""
    return ContactKey(identifier_key(namespace, canonical, pepper))


def founded_profile(founding_key: str, segment: int = 0) -> ProfileId:
    """The id of the n-th person that an identifier founds: a retry or a race makes the same person."""
    return ProfileId(str(uuid5(PEOPLE, f"{founding_key}|{segment}" if segment else founding_key)))


def own_home(profile: ProfileId) -> str:
    """Under what the events stand that we say of a person ourselves: an id, which no identifier is."""
    return f"{OWN}{profile}"


def anonymous_profile(device_key: str, segment: int) -> ProfileId:
    """The id of nobody in particular: what a device did between two logouts without anybody claiming it."""
    return ProfileId(str(uuid5(PEOPLE, f"{device_key}|anonymous|{segment}")))
