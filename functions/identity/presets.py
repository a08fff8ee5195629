"""For whom are the rules of identity? Named sets of choices to start from, in the words of policy.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PresetName = Literal["retail", "b2b", "kiosk", "strict"]


@dataclass(frozen=True, slots=True)
class Preset:
    """``whom`` = one sentence; ``choices`` = what would stand under ``identity:``, laid over the built-in table."""

    whom: str
    choices: Mapping[str, Any] = field(default_factory=dict)


RETAIL: PresetName = "retail"
PRESETS: Mapping[PresetName, Preset] = {
    "retail": Preset(
        "Shoppers with an account, a few mailboxes and phones and many browsers: the built-in table as it stands."
    ),
    # A switchboard number or a team's mailbox stands on many accounts: whoever proved it has it, or soon nobody has.
    "b2b": Preset(
        "People at work, who share a company phone or a team's mailbox: only a verified claim wins one over, "
        "and what six customers gave links nobody.",
        {
            "shared_after": 5,
            "namespaces": {
                "email": {"limit": 3, "contested": "verified"},
                "phone": {"limit": 2, "contested": "verified"},
            },
        },
    ),
    # A device goes to the latest login anyway. The rest keeps a till from carrying one customer into the next: a cookie
    # nobody used overnight is forgotten, and whoever serves at many tills does not collect them.
    "kiosk": Preset(
        "Shops whose customers sign in on the shop's own tills and tablets: few devices belong to one person, a device "
        "at rest is soon forgotten, and one that six customers used links nobody.",
        {
            "shared_after": 5,
            "namespaces": {
                "device_id": {"limit": 3, "expires": "7d"},
                "ad_id": {"limit": 3, "expires": "7d"},
                "push_token": {"limit": 3, "expires": "7d"},
                "anonymous_id": {"limit": 5, "expires": "1d"},
            },
        },
    ),
    "strict": Preset(
        "Banks, health, the public sector, where two people mixed up is worse than one person known twice: one mailbox "
        "and one phone each, held by whoever verified it, and few browsers.",
        {
            "bridge_on_device": False,
            "namespaces": {
                "email": {"limit": 1, "contested": "verified"},
                "phone": {"limit": 1, "contested": "verified"},
                "anonymous_id": {"limit": 10},
            },
        },
    ),
}
