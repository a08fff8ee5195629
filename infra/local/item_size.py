"""How many bytes does DynamoDB bill for an item?

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import base64
from collections.abc import Mapping
from typing import Any

CONTAINER_OVERHEAD = 3
ELEMENT_OVERHEAD = 1
NUMBER_LIMIT = 21


def item_bytes(item: Mapping[str, Any]) -> int:
    """Names and values of an item in DynamoDB JSON (``{"pk": {"S": "a"}}``)."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:  # noqa: PLR0911 - one return per type
    kind, content = next(iter(value.items()))
    match kind:
        case "S":
            return len(content.encode("utf-8", "surrogatepass"))
        case "N":
            return _number_bytes(content)
        case "B":
            return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(_value_bytes({kind[0]: one}) for one in content)
        case "L":
            return CONTAINER_OVERHEAD + sum(ELEMENT_OVERHEAD + _value_bytes(one) for one in content)
        case "M":
            return CONTAINER_OVERHEAD + item_bytes(content) + ELEMENT_OVERHEAD * len(content)
    raise ValueError(f"{kind} is no DynamoDB type")


def _number_bytes(text: str) -> int:
    """About one byte per two significant digits, and one more."""
    digits = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    return min(NUMBER_LIMIT, (len(digits) + 1) // 2 + 1 + text.startswith("-"))
