"""Which JSON values can be an id? Texts, and numbers as their decimal text. And what may its namespace be called?"""

import re
from math import isfinite

NAMESPACE_NAME = re.compile(r"[a-z0-9_.-]{1,40}")


def id_text(value: object) -> str | None:
    """``"u1"`` -> ``"u1"``, ``42`` -> ``"42"``, ``42.0`` -> ``"42"``; None for anything else (true, lists, NaN ...)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return str(int(value)) if value == int(value) else format(value, "f").rstrip("0")
