"""What does a message say of people that nobody needs? The end of an address, and e-mails in what a browser showed."""

import re
from collections.abc import Mapping
from typing import Any

PAGE = ("url", "search", "referrer", "path")
PROPERTIES = ("url", "search", "referrer")
IP_V4 = re.compile(r"((?:\d{1,3}\.){3})\d{1,3}", re.ASCII)
IP_V6_KEPT = 48
QUERY = re.compile("[?#]")
SEPARATORS = re.compile(r"([?&=#;/\s])")
# Also as a URL spells it, however often it was passed on.
AT = re.compile("@|%(?:25)*40")


def without_ip(context: dict[str, Any]) -> None:
    """Cuts ``context.ip`` to its network, in place: 203.0.113.7 to 203.0.113.0, IPv6 to /48. Else it goes."""
    ip = context.get("ip")
    if ip is None:
        return
    network = _network(ip) if isinstance(ip, str) else None
    if network is None:
        del context["ip"]
    elif network != ip:
        context["ip"] = network


def without_query_emails(context: Mapping[str, Any], properties: dict[str, Any] | None) -> None:
    """Empties what holds an e-mail address in the queries of a page's addresses, in place."""
    page = context.get("page")
    for holder, names in ((page, PAGE), (properties, PROPERTIES)):
        if not isinstance(holder, dict):
            continue
        for name in names:
            text = holder.get(name)
            if isinstance(text, str) and AT.search(text):
                holder[name] = _emptied(text, whole=name == "search")


def _network(ip: str) -> str | None:
    match = IP_V4.fullmatch(ip.strip())
    if match is not None:
        return f"{match[1]}0"
    from ipaddress import AddressValueError, IPv6Network

    try:
        return str(IPv6Network((ip.strip().partition("%")[0], IP_V6_KEPT), strict=False).network_address)
    except AddressValueError:
        return None


def _emptied(text: str, whole: bool) -> str:
    query = QUERY.search(text)
    start = 0 if whole else query.start() if query else len(text)
    return text[:start] + "".join("" if _address(part) else part for part in SEPARATORS.split(text[start:]))


def _address(part: str) -> bool:
    match = AT.search(part)
    return match is not None and match.start() > 0 and match.end() < len(part)
