"""Do the shipped messages render, whatever is known of the person?"""

from pathlib import Path
from typing import Any

import pytest

from functions.dispatch.render import Templates
from functions.journeys.language.publication import publish

PUBLICATION = publish(Path(__file__).parents[2] / "journeys")[0]
TEMPLATES = Templates(PUBLICATION.templates)
PARTS = [(name, channel) for name, parts in PUBLICATION.templates.items() for channel in parts]


def rendered(name: str, channel: str, traits: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    context = {
        "profile": {"traits": traits},
        "entry": {"event": "Order Completed", "properties": properties, "traits": {}},
        "event": {},
        "steps": {},
        "brand": PUBLICATION.policy["brand"],
        "unsubscribe_url": "https://example.com/u",
        "preferences_url": "https://example.com/p",
    }
    result = TEMPLATES.render(name, channel, context)
    assert isinstance(result, dict), result
    return result


@pytest.mark.parametrize(("name", "channel"), PARTS)
def test_every_message_renders_when_nothing_is_known(name: str, channel: str) -> None:
    for part in rendered(name, channel, {}, {}).values():
        assert "{{" not in str(part)


def test_the_confirmation_shows_number_and_amount_in_the_orders_currency() -> None:
    order = {"order_id": "489434", "revenue": 1505.3, "currency": "GBP", "units": 166, "lines": 8, "country": "France"}
    parts = rendered("order-confirmation/confirmation", "email", {"first_name": "Ada & Co"}, order)
    assert parts["subject"] == "Your order 489434 is confirmed"
    assert "£1505.30" in parts["text"]
    assert "Thank you, Ada & Co." in parts["text"]
    assert "Ada &amp; Co" in parts["html"]


@pytest.mark.parametrize(("amount", "shown"), [(0.1, "0.10"), (12, "12.00"), (12.05, "12.05"), (99.999, "100.00")])
def test_amounts_have_two_digits(amount: float, shown: str) -> None:
    parts = rendered("order-confirmation/confirmation", "email", {}, {"revenue": amount, "currency": "EUR"})
    assert f"€{shown}" in parts["text"]


def test_marketing_shows_the_way_out_and_the_address() -> None:
    for name in ("welcome/thanks", "welcome/reminder", "replenish/reminder"):
        parts = rendered(name, "email", {}, {})
        for part in (parts["html"], parts["text"]):
            assert "https://example.com/u" in part
            assert "14 Wharf Lane" in part
    assert "STOP" in rendered("replenish/nudge", "sms", {}, {})["body"]
