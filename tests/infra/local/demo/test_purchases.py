import json
from collections import Counter
from datetime import UTC, timedelta
from importlib.resources import files

import phonenumbers
import pytest

from infra.local.demo.purchases import arrivals, fate, invoices

CUSTOMERS = 40


@pytest.fixture(scope="module")
def events():
    return arrivals(CUSTOMERS)


def test_the_slice_is_small_and_names_its_source():
    folder = files("infra.local.demo")
    assert len(folder.joinpath("online_retail_ii.csv.gz").read_bytes()) <= 300_000
    attribution = folder.joinpath("ATTRIBUTION.md").read_text()
    assert "Chen" in attribution
    assert "CC BY 4.0" in attribution


def test_the_slice_holds_two_years_of_first_time_regular_and_cancelling_customers():
    bought = [orders for _, orders in invoices(10_000)]
    assert len(bought) == 1000
    assert sum(len(orders) == 1 for orders in bought) > 200
    assert sum(len(orders) > 10 for orders in bought) > 100
    assert sum(any(order.cancelled for order in orders) for orders in bought) > 300
    times = [order.at for orders in bought for order in orders]
    assert max(times) - min(times) > timedelta(days=730)


def test_shop_time_becomes_utc_in_summer_too():
    summer = [order.at for _, orders in invoices(100) for order in orders if order.at.month == 7]
    assert summer
    assert all(at.tzinfo is UTC for at in summer)
    assert min(at.hour for at in summer) <= 8


def test_the_same_events_come_every_time_in_order_of_time(events):
    assert events == arrivals(CUSTOMERS)
    assert [event.at for event in events] == sorted(event.at for event in events)
    ids = [event.detail["messageId"] for event in events]
    assert len(ids) == len(set(ids))


def test_everybody_is_identified_before_their_first_order(events):
    known = set()
    for event in events:
        if event.broken:
            continue
        if event.detail["type"] == "identify":
            known.add(event.detail["userId"])
        elif event.detail["type"] in {"track", "consent"}:
            assert event.detail["userId"] in known
    assert len(known) == CUSTOMERS


def test_more_customers_only_add_events():
    few = {event.detail["messageId"]: event for event in arrivals(25)}
    many = {event.detail["messageId"]: event for event in arrivals(50)}
    assert few.keys() <= many.keys()


def test_nobody_real_can_be_reached():
    for event in arrivals(1000):
        traits = event.detail.get("traits", {})
        assert traits.get("email", "x@example.com").endswith("@example.com")
        phone = traits.get("phone")
        if phone:
            assert phone.startswith(("+442079460", "+467017406"))
            assert phonenumbers.is_valid_number(phonenumbers.parse(phone))


def test_contact_points_belong_to_one_person_each():
    traits = [event.detail["traits"] for event in arrivals(1000) if "traits" in event.detail]
    for name in ("email", "phone"):
        values = [one[name] for one in traits if name in one]
        assert len(values) == len(set(values))


def test_consent_is_mostly_email_seldom_sms_and_sometimes_taken_back():
    states = Counter((e.detail["channel"], e.detail["state"]) for e in arrivals(1000) if e.detail["type"] == "consent")
    assert 750 < states["email", "granted"] < 880
    assert 150 < states["sms", "granted"] < 250
    assert 60 < states["email", "withdrawn"] < 200


def test_a_few_mailboxes_bounce_and_very_few_complain():
    fates = Counter(fate(event.detail["traits"]["email"]) for event in arrivals(1000) if "traits" in event.detail)
    assert fates["delivered"] > 900
    assert 20 < fates["bounced"] < 70
    assert 3 < fates["complained"] < 40


def test_broken_events_are_broken_in_different_ways(events):
    broken = [event for event in events if event.broken]
    assert len(broken) == 7
    sizes = [len(json.dumps(event.detail)) for event in broken]
    assert max(sizes) > 32 * 1024
    assert sum("userId" not in event.detail for event in broken) == 1
