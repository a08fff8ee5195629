"""Which values name nobody? They are dropped as identifiers, and kept in the event."""

import re
from collections.abc import Collection

# The union of what Segment, PostHog and Adobe refuse (rule R4 of docs/reference/identity-rules.md).
NOBODY = frozenset(
    {
        "", "-1", "null", "none", "nil", "undefined", "nan", "[object object]", "true", "false", "anonymous", "guest",
        "unknown", "invalid", "test", "id", "distinct_id", "distinctid", "not_authenticated", "email", "n/a",
    }
)  # fmt: skip
ZEROS = re.compile(r"[0-]*")
# What a template leaves behind when nobody filled it in.
LEFTOVER = re.compile(r"\{\{.*\}\}|\$\{.*\}|<%.*%>", re.DOTALL)
QUOTES = "\"'`\u2018\u2019\u201c\u201d"

# Mailboxes of a role, not of a person: people share them, so they link nobody.
ROLES = frozenset(
    {
        "info", "noreply", "no-reply", "donotreply", "do-not-reply", "admin", "administrator", "postmaster",
        "webmaster", "hostmaster", "abuse", "support", "sales", "contact", "office", "help", "hello", "mailer-daemon",
        "test",
    }
)  # fmt: skip


def is_blocked(value: str, more: Collection[str] = ()) -> bool:
    """True when the value stands for "no value", quoted forms included. ``more`` = policy's own list, lower case."""
    bare = value.strip().strip(QUOTES).strip().lower()
    return bare in NOBODY or bare in more or bool(ZEROS.fullmatch(bare) or LEFTOVER.search(bare))


def is_role_mailbox(email: str) -> bool:
    """True when a canonical address is a role's (``info@``, ``noreply@``): a contact, but it links nobody."""
    return email.rpartition("@")[0].partition("+")[0] in ROLES
