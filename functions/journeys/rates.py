"""How many runs may start a second? What the policy says, else less than AWS takes of a new account."""

from collections.abc import Mapping
from typing import Any

# Step Functions takes 150 StartExecution a second of a new account, 300 in its three largest regions, and in a burst
# 800 or 1,300 (Step Functions developer guide, "Quotas related to API action throttling"). Others use the account too.
DEFAULT_RATE = "100/s"


def rate_of(policy: Mapping[str, Any]) -> float:
    """Runs a second that the policy's ``admission: {rate: 100/s}`` lets start, all processes together."""
    stated = policy.get("admission", {}).get("rate", DEFAULT_RATE)
    return float(stated.removesuffix("/s"))
