"""How does one write an identifier on a command line? As namespace:value."""

from functions.identity.canonical import canonical
from functions.identity.naming import known_namespace
from infra.cli.problems import Unusable

EXAMPLE = "write namespace:value, like email:ann@example.com, customer_id:u-17 or anonymous_id:81"


def identifier(text: str) -> tuple[str, str]:
    """Namespace and value as written; raises ``Unusable`` when it cannot name anybody."""
    namespace, colon, value = text.partition(":")
    if not colon or not value.strip() or known_namespace(namespace) is None:
        raise Unusable(f"{text} is no identifier", EXAMPLE)
    if namespace in ("email", "phone") and canonical(namespace, value, None) is None and not value.strip()[0].isdigit():
        raise Unusable(f"{text} is no {namespace}", EXAMPLE)
    return namespace, value
