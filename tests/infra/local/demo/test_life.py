from datetime import timedelta

from infra.local.demo.life import life, richest

TITLES = {"welcome": "Welcome"}


def test_tells_events_runs_and_decisions_in_order(snapshot, event, enrolment, message):
    story = life(
        snapshot(),
        [
            event("identify", -0.2, userId="17", traits={"email": "ida@example.com", "firstName": "Ida"}),
            event("consent", -0.1, topic="offers", channel="email", state="granted", source="sign-up form"),
            event("track", 0, event="Order Completed", properties={"revenue": 1234.5, "currency": "GBP", "units": 12}),
            event("track", 1.1, "segue.feedback", event="Email Delivered", properties={"journey": "welcome"}),
        ],
        [enrolment()],
        [
            message(1),
            message(
                2, days=22, decision="withheld", reason="no_consent", status=None, facts={"topic": "offers", "x": 0}
            ),
        ],
        TITLES,
    )
    assert story.name == "Ida Chen"
    assert [(line.kind, line.title) for line in story.lines] == [
        ("event", "Identified"),
        ("consent", "Consent to offers by e-mail granted"),
        ("event", "Order Completed"),
        ("enrolment", "Entered “Welcome”"),
        ("decision", "Sent by e-mail: thanks"),
        ("receipt", "Email Delivered"),
        ("decision", "Withheld by e-mail: thanks"),
        ("enrolment", "“Welcome” completed"),
    ]
    assert story.lines[2].detail == "£1,234.50, 12 units"
    withheld = story.lines[6]
    assert (withheld.tone, withheld.detail) == ("no", "No consent on record for this topic and channel.")
    assert withheld.facts == {"topic": "offers", "x": 0}
    assert story.identifiers == ["customer id 17", "e-mail ida@example.com"]


def test_somebody_held_out_is_told_so(snapshot, enrolment):
    story = life(snapshot(), [], [enrolment(status="held_out", ended_at=None)], [], TITLES)
    assert [line.title for line in story.lines] == ["Held out of “Welcome”"]


def test_a_long_token_is_shortened(snapshot, event):
    device = {"token": "a" * 64, "type": "ios"}
    story = life(snapshot(), [event("identify", context={"device": device})], [], [], TITLES)
    assert story.identifiers == ["push token aaaaaaaaaaaa...aaaaaa"]
    assert story.lines[0].detail == "takes push, ios"


def test_the_richest_story_shows_most_kinds_of_things(enrolment, message):
    messages = [
        message(1, "plain"),
        message(2, "plain", days=2),
        message(3, "rich"),
        message(4, "rich", decision="withheld", reason="no_consent", status=None),
    ]
    assert richest([enrolment("plain"), enrolment("rich")], messages) == "rich"


def test_an_endless_story_gives_way_to_a_shorter_one(enrolment, message):
    many = [message(n, "regular", days=n, reason=f"r{n % 9}") for n in range(95)]
    few = [message(200, "other"), message(201, "other", decision="withheld", reason="no_consent")]
    assert richest([], [*many, *few]) == "other"
    assert richest([], many) == "regular"


def test_nobody_has_a_story_when_nothing_was_decided():
    assert richest([], []) is None


def test_waiting_runs_have_no_end_yet(snapshot, enrolment):
    story = life(snapshot(), [], [enrolment(status="active", ended_at=None)], [], TITLES)
    assert len(story.lines) == 1


def test_a_failed_run_stands_out(snapshot, enrolment):
    failed = enrolment(status="failed", reason="unreadable_date", ended_at=enrolment().entered_at + timedelta(days=2))
    line = life(snapshot(), [], [failed], [], TITLES).lines[-1]
    assert (line.title, line.detail, line.tone) == ("“Welcome” failed", "because of unreadable date", "bad")


def test_at_one_instant_entry_decisions_in_the_order_tried_and_ending_follow(snapshot, event, enrolment, message):
    at = enrolment().entered_at
    story = life(
        snapshot(),
        [event("track", event="Order Completed")],
        [enrolment(ended_at=at)],
        [message(1, days=0), message(2, days=0, channel="push", decision="withheld", reason="unreachable")],
        TITLES,
        channel_order=["push", "email"],
    )
    assert [line.title for line in story.lines] == [
        "Order Completed",
        "Entered “Welcome”",
        "Withheld by push: thanks",
        "Sent by e-mail: thanks",
        "“Welcome” completed",
    ]
