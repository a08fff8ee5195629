"""What would a shop have sent, had these customers bought today? Real invoices as Segment-spec events."""

import csv
import gzip
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import groupby, islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from functions.shared.clock import format_instant

SOURCE = "shop"
SHOP_ZONE = ZoneInfo("Europe/London")
"""The data set's times are the wall clock of a shop in the United Kingdom."""
DATA_FILE = "online_retail_ii.csv.gz"
TOPIC = "offers"

Fate = Literal["delivered", "bounced", "complained"]

_FIRST_NAMES = (
    "Ada", "Amir", "Anna", "Asha", "Ben", "Carmen", "Chloe", "Daniel", "Elena", "Emeka", "Emma", "Farah",
    "George", "Grace", "Hana", "Ida", "Ines", "Jack", "Jonas", "Kofi", "Laura", "Leo", "Lucy", "Maya",
    "Mina", "Nadia", "Noah", "Olga", "Omar", "Priya", "Rosa", "Sam", "Sofia", "Tom", "Wei", "Zoe",
)  # fmt: skip
_LAST_NAMES = (
    "Adams", "Ali", "Bailey", "Barnes", "Berg", "Brown", "Chen", "Clarke", "Costa", "Dixon", "Evans", "Fischer",
    "Foster", "Gray", "Green", "Hall", "Hughes", "Jansen", "Jones", "Khan", "Laine", "Martin", "Mensah", "Moreau",
    "Novak", "Okafor", "Palmer", "Patel", "Reid", "Rossi", "Shaw", "Silva", "Turner", "Walsh", "Webb", "Young",
)  # fmt: skip
_COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI",
    "France": "FR", "Germany": "DE", "Greece": "GR", "Iceland": "IS", "Israel": "IL", "Italy": "IT", "Japan": "JP",
    "Korea": "KR", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Nigeria": "NG",
    "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG",
    "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "Thailand": "TH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB",
}  # fmt: skip
# Ofcom and PTS keep these for drama use: nobody can be called. Countries without such a range get no phone.
_FICTIONAL_PHONES = {"GB": ("+442079460", 1000, 3), "SE": ("+46701740", 95, 3)}
_FICTIONAL_OFFSETS = {"GB": 0, "SE": 605}


@dataclass(frozen=True, slots=True)
class Invoice:
    """One row of the data set; ``amount`` in GBP, negative for a cancellation."""

    number: str
    customer: str
    at: datetime
    cancelled: bool
    lines: int
    units: int
    amount: float
    country: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as the shop puts it on the bus; ``broken`` ones must end in quarantine."""

    at: datetime
    name: str
    detail: Mapping[str, Any]
    broken: bool = False


def invoices(customers: int) -> Iterator[tuple[int, list[Invoice]]]:
    """The first ``customers`` customers of the slice: ordinal and invoices in order of time (see ATTRIBUTION.md)."""
    text = gzip.decompress(files("infra.local.demo").joinpath(DATA_FILE).read_bytes()).decode()
    groups = groupby(csv.DictReader(text.splitlines()), key=lambda row: row["customer_id"])
    for ordinal, (_, rows) in enumerate(islice(groups, customers)):
        yield ordinal, [_invoice(row) for row in rows]


def arrivals(customers: int) -> list[Arrival]:
    """Everything the shop sends in two years, in order of time; the same for every run."""
    events = [arrival for ordinal, bought in invoices(customers) for arrival in _customer(ordinal, bought)]
    if events:
        events.extend(_broken(min(event.at for event in events)))
    return sorted(events, key=lambda event: (event.at, str(event.detail.get("messageId"))))


def fate(address: str) -> Fate:
    """What the simulated mailbox does with a message: a few do not exist, very few complain."""
    local = address.partition("@")[0]
    if local.endswith("+bounce"):
        return "bounced"
    return "complained" if local.endswith("+complaint") else "delivered"


def _invoice(row: Mapping[str, str]) -> Invoice:
    return Invoice(
        number=row["invoice"],
        customer=row["customer_id"],
        at=datetime.fromisoformat(row["timestamp"]).replace(tzinfo=SHOP_ZONE).astimezone(UTC),
        cancelled=row["kind"] == "cancel",
        lines=int(row["lines"]),
        units=int(row["units"]),
        amount=float(row["amount_gbp"]),
        country=_COUNTRIES.get(row["country"], "GB"),
    )


def _customer(ordinal: int, bought: list[Invoice]) -> Iterator[Arrival]:
    first, last = bought[0], bought[-1]
    customer, country = first.customer, first.country
    cookie = hashlib.sha256(f"cookie {customer}".encode()).hexdigest()[:32]
    landed = first.at - timedelta(minutes=12)
    signed_up = first.at - timedelta(minutes=4)
    yield _message(
        landed,
        "page",
        f"page-{customer}",
        anonymousId=cookie,
        name="Gifts",
        properties={"path": "/gifts", "title": "Gifts for every occasion"},
    )
    yield _message(
        signed_up,
        "identify",
        f"identify-{customer}",
        userId=customer,
        anonymousId=cookie,
        traits=_traits(ordinal, customer, country),
    )
    token = _device(customer)
    if token:
        yield _message(
            signed_up + timedelta(minutes=1),
            "identify",
            f"device-{customer}",
            userId=customer,
            context={"device": token},
        )
    yield from _consents(customer, signed_up + timedelta(minutes=2), last.at, has_device=token is not None)
    for invoice in bought:
        yield _order(invoice)


def _traits(ordinal: int, customer: str, country: str) -> dict[str, Any]:
    first, last = _pick(_FIRST_NAMES, "first name", customer), _pick(_LAST_NAMES, "last name", customer)
    chance = _share("mailbox", customer)
    tag = "+bounce" if chance < 0.04 else "+complaint" if chance < 0.055 else ""
    traits = {
        "firstName": first,
        "lastName": last,
        "email": f"{first}.{last}.{customer}{tag}@example.com".lower(),
        "country": country,
    }
    phone = _phone(ordinal, customer, country)
    return traits | ({"phone": phone} if phone else {})


def _phone(ordinal: int, customer: str, country: str) -> str | None:
    if country not in _FICTIONAL_PHONES or _share("phone", customer) >= 0.7:
        return None
    prefix, size, digits = _FICTIONAL_PHONES[country]
    return f"{prefix}{_FICTIONAL_OFFSETS[country] + ordinal % size:0{digits}d}"


def _device(customer: str) -> dict[str, str] | None:
    if _share("device", customer) >= 0.3:
        return None
    token = hashlib.sha256(f"device {customer}".encode()).hexdigest()
    platform = "ios" if _share("platform", customer) < 0.5 else "android"
    return {"id": token[:16], "token": token, "type": platform}


def _consents(customer: str, asked: datetime, last: datetime, has_device: bool) -> Iterator[Arrival]:
    granted = {"email": _share("consent email", customer) < 0.82, "sms": _share("consent sms", customer) < 0.2}
    if has_device:
        granted["push"] = True
    for channel, agreed in granted.items():
        if agreed:
            yield _consent(asked, customer, channel, "granted", "sign-up form")
    if granted["email"] and _share("withdraw", customer) < 0.15:
        # One-time buyers leave within the welcome's wait, regulars somewhere along their two years.
        span = max(last - asked, timedelta(days=20))
        yield _consent(asked + span * _share("withdraw when", customer), customer, "email", "withdrawn", "account page")


def _consent(at: datetime, customer: str, channel: str, state: str, source: str) -> Arrival:
    return _message(
        at,
        "consent",
        f"consent-{customer}-{channel}-{state}",
        userId=customer,
        topic=TOPIC,
        channel=channel,
        state=state,
        source=source,
    )


def _order(invoice: Invoice) -> Arrival:
    name = "Order Refunded" if invoice.cancelled else "Order Completed"
    return _message(
        invoice.at,
        "track",
        f"invoice-{invoice.number}",
        userId=invoice.customer,
        event=name,
        properties={
            "order_id": invoice.number,
            "revenue": abs(invoice.amount),
            "currency": "GBP",
            "units": abs(invoice.units),
            "lines": invoice.lines,
            "country": invoice.country,
        },
    )


def _broken(first: datetime) -> Iterable[Arrival]:
    """What careless senders do; each must end in quarantine with field and rule, and stop nobody else."""

    def track(days: int, key: str, **fields: Any) -> Arrival:
        message = {"type": "track", "event": "Order Completed", "userId": "17850", **fields}
        at = first + timedelta(days=days)
        detail = {"messageId": f"broken-{key}", "timestamp": format_instant(at), **message}
        kept = {name: value for name, value in detail.items() if value is not None}
        return Arrival(at, str(message["event"] or message["type"]), kept, broken=True)

    yield track(3, "nobody", userId=None)
    yield track(40, "properties", properties="revenue=12.50")
    yield track(41, "time", timestamp="yesterday, around noon")
    yield track(120, "large", properties={"note": "x" * 33_000})
    yield track(200, "person", userId={"id": 17850})
    yield track(330, "event", event=404)
    yield track(500, "state", type="consent", event=None, topic=TOPIC, channel="email", state="perhaps")


def _message(at: datetime, kind: str, message_id: str, **fields: Any) -> Arrival:
    detail = {"type": kind, "messageId": message_id, "timestamp": format_instant(at), **fields}
    return Arrival(at, str(fields.get("event", kind)), detail)


def _share(purpose: str, customer: str) -> float:
    digest = hashlib.sha256(f"{purpose} {customer}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _pick(names: tuple[str, ...], purpose: str, customer: str) -> str:
    return names[int(_share(purpose, customer) * len(names))]
