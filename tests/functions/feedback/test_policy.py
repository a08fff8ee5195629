"""SES's records as AWS documents them: each one word about one message, called by its Segment name."""

from datetime import UTC, datetime

import pytest

from functions.dispatch.model import Message
from functions.feedback.policy import receipt, track
from tests.fakes.ses_events import KINDS, ses_event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = Message(
    "m", "p-1", "e-1", "welcome", "v", "greet", "1", "email", "marketing", "offers", "hello", NOON, NOON, "sent"
)


def word(kind, **changes):
    return receipt(ses_event(kind, "m", **changes)["detail"])


EXPECTED = {
    "Send": ("sent", None, None),
    "Delivery": ("delivered", None, "Email Delivered"),
    "Open": ("opened", None, "Email Opened"),
    "Click": ("clicked", None, "Email Link Clicked"),
    "Bounce": ("bounced_hard", "bounced_hard", "Email Bounced"),
    "Complaint": ("complained", "complained", "Email Marked as Spam"),
    "Reject": ("failed", None, None),
    "Rendering Failure": ("failed", None, None),
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_kind_is_a_status_a_suppression_and_a_name(kind):
    one = word(kind)
    assert (one.status, one.suppress, one.event) == EXPECTED[kind]
    assert one.message == "m"


def test_a_soft_bounce_suppresses_nothing():
    one = word("Bounce", bounceType="Transient", bounceSubType="MailboxFull")
    assert (one.status, one.suppress, one.properties) == ("bounced_soft", None, {"bounce": "soft"})


def test_a_word_against_spam_is_no_complaint():
    assert word("Complaint", complaintFeedbackType="not-spam") is None


@pytest.mark.parametrize("kind", ["DeliveryDelay", "Subscription", "Something New"])
def test_kinds_that_are_not_final_are_left(kind):
    assert receipt({**ses_event("Send", "m")["detail"], "eventType": kind}) is None


def test_mail_that_is_not_ours_is_told_apart_and_the_header_serves_without_tags():
    event = ses_event("Send", None)
    assert receipt(event["detail"]).message is None
    event["detail"]["mail"]["headers"] = [{"name": "X-Segue-Message", "value": "m"}]
    assert receipt(event["detail"]).message == "m"


@pytest.mark.parametrize("kind", KINDS)
def test_told_twice_it_is_the_same_word(kind):
    once, again = ses_event(kind, "m", envelope_id="1"), ses_event(kind, "m", envelope_id="2")
    assert receipt(once["detail"]) == receipt(again["detail"])
    other = receipt(ses_event(kind, "m", ses_id="other")["detail"])
    assert other.provider_event != receipt(once["detail"]).provider_event


def test_a_track_names_the_person_and_the_message_and_no_address():
    one = word("Click", link="https://shop.example/sale?email=ann%40example.com&utm=1#x")
    message = track(LINE, one)
    assert message["event"] == "Email Link Clicked"
    assert message["context"] == {"externalIds": [{"type": "segue_profile", "id": "p-1"}]}
    assert message["properties"]["link_url"] == "https://shop.example/sale"
    named = {name: message["properties"][name] for name in ("journey", "step", "message", "enrolment")}
    assert named == {"journey": "welcome", "step": "greet", "message": "m", "enrolment": "e-1"}
    assert "@" not in str(message)
    assert "ann%40" not in str(message)
    assert track(LINE, one)["messageId"] == message["messageId"]
    assert track(LINE, word("Open"))["messageId"] != message["messageId"]
