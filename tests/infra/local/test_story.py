"""A story of three customers on the laptop: what goes in comes out once, on the right person, with permission."""

from collections import Counter
from datetime import timedelta

import pytest

from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.local.story import CUSTOMERS, START, rows, story, tell


@pytest.fixture(scope="module")
def told():
    with LocalWorld(start=START) as world:
        messages = story()
        tell(world, messages)
        world.run_until(START + timedelta(days=120))
        yield world, messages


def test_every_invariant_holds_after_the_story(told):
    invariants.check(*told)


def test_each_order_is_confirmed_once_to_the_address_as_sent(told):
    world, messages = told
    orders = [one for one in messages if one.get("event") == "Order Completed"]
    confirmations = [one for one in world.outbox if "is confirmed" in one.subject]
    assert len(confirmations) == len(orders)
    assert {one.to for one in confirmations} == {f"c{customer}@example.com" for customer in CUSTOMERS}


def test_marketing_without_consent_is_withheld_and_says_so(told):
    world, _ = told
    lines = [one for one in rows(world, Messages, "messages") if one.message_class == "marketing"]
    decided = Counter((one.decision, one.reason) for one in lines if one.channel == "email")
    assert decided["withheld", "no_consent"] > 0
    assert decided["sent", None] > 0
    sent = [one for one in world.outbox if one.to == f"c{CUSTOMERS[2]}@example.com"]
    assert all("is confirmed" in one.subject for one in sent)


def test_marketing_mail_carries_a_way_out_in_its_headers(told):
    world, _ = told
    thanks = [one for one in world.outbox if "Thank you for your first order" in one.subject]
    assert thanks
    assert all("List-Unsubscribe" in one.headers for one in thanks)
    assert all(one.text.strip() and one.html for one in thanks)


def test_a_new_order_ends_a_replenishment_run_at_once(told):
    world, _ = told
    runs = [one for one in rows(world, Enrolments, "enrolments") if one.journey == "replenish"]
    left = [one for one in runs if (one.status, one.reason) == ("exited", "Order Completed")]
    assert left
    # A run that cannot predict (a first order) ends by itself before the next one.
    assert all(one.ended_at > one.entered_at for one in left)


def test_receipts_come_back_as_events_on_the_persons_timeline(told):
    world, _ = told
    with acting("local"):
        history = world.history()
        names = Counter(event.name for one in history.profiles.scan() for event in history.timeline(one.profile))
    assert names["Email Delivered"] == len([one for one in world.outbox if one.channel == "email"])


def test_the_same_messages_again_change_nothing(told):
    invariants.check_that_replay_changes_nothing(*told)
