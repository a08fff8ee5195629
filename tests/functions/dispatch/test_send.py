"""The send path as Lambda runs it: the usual way, every "no", the fall-through, the races."""

from email import message_from_string, policy

import pytest

from tests.functions.dispatch.conftest import ADDRESSES, NOON, PERSON


def test_a_consented_message_goes_out_once_and_the_execution_hears_of_it(world):
    world.consent()
    assert world.deliver(world.body()) == []
    [raw] = world.inbox
    mail = message_from_string(raw, policy=policy.default)
    [line] = world.lines
    assert mail["To"] == "Ann@Example.com"
    assert mail["From"] == "Acme <hello@acme.example>"
    assert mail["Subject"] == "Hello Ann"
    assert mail["X-Segue-Message"] == line.message
    assert (line.phase, line.decision, line.reason, line.status) == ("sent", "sent", None, "sent")
    assert (line.contact, line.profile, line.visit) == ("email#1", PERSON, "1")
    assert line.facts["consent"] == "granted"
    expected = {"outcome": "sent", "reason": None, "channel": "email", "message": line.message}
    assert world.answers == [{"token": "token-1", **expected, "at": "2026-03-02T12:00:00.000Z"}]


def test_a_send_costs_five_requests(world):
    world.consent()
    world.wire.reset()
    world.deliver(world.body())
    assert world.wire.requests == [
        "TransactGetItems",
        "TransactWriteItems",
        "SendEmail",
        "UpdateItem",
        "SendTaskSuccess",
    ]


def test_a_stale_hint_costs_one_more_read_and_never_a_wrong_send(world):
    world.consent()
    world.wire.reset()
    world.deliver(world.body(contacts={"email": "email#old"}))
    assert world.requests().total() == 6
    assert world.lines[0].contact == "email#1"


def test_a_withheld_message_costs_three_requests(world):
    world.wire.reset()
    world.deliver(world.body())
    assert world.wire.requests == ["TransactGetItems", "PutItem", "SendTaskSuccess"]
    assert world.inbox == []


NO = {
    "no_consent": lambda world: None,
    "exited": lambda world: (world.consent(), world.enrolment("exited")),
    "superseded": lambda world: (world.consent(), world.enrolment("superseded")),
    "opted_out": lambda world: (world.consent(), world.consent("withdrawn", topic=None)),
    "suppressed": lambda world: (world.consent(), world.permissions.suppress("email#1", "bounced_hard", NOON, "e")),
    "erased": lambda world: (world.consent(), world.permissions.entomb(PERSON, NOON, "e")),
}


@pytest.mark.parametrize("reason", NO)
def test_every_no_has_one_line_with_its_reason_and_is_told(world, reason):
    NO[reason](world)
    assert world.deliver(world.body()) == []
    [line] = world.lines
    assert (line.phase, line.decision, line.reason, line.status) == ("withheld", "withheld", reason, None)
    assert [(a["outcome"], a["reason"]) for a in world.answers] == [("withheld", reason)]
    assert world.provider_calls == 0


def test_a_person_without_an_address_is_unreachable(world):
    assert world.deliver(world.body(profile="nobody", contacts={})) == []
    assert world.answers[0]["reason"] in {"exited", "unreachable"}
    world.consent(channel="sms")
    world.profile(addresses={"email": ADDRESSES["email"]}, message_id="m-9")
    assert world.provider_calls == 0


def test_the_next_best_address_is_used_when_the_best_is_suppressed(world):
    world.profile(addresses={"email": ("email#2", "ann@work.example")}, message_id="m-2", at=NOON.replace(hour=13))
    world.consent()
    world.permissions.suppress("email#2", "bounced_hard", NOON, "e")
    world.deliver(world.body(contacts={"email": "email#2"}))
    assert [line.contact for line in world.lines] == ["email#1"]
    assert len(world.inbox) == 1


def test_a_value_that_is_missing_fails_the_message_and_names_it(world):
    world.consent()
    world.deliver(world.body(template="needs-more"))
    [line] = world.lines
    assert (line.phase, line.decision, line.reason) == ("failed", "failed", "render_failed")
    assert "nickname" in line.facts["fault"]
    assert world.provider_calls == 0


def test_a_template_that_is_not_published_fails_the_message(world):
    world.consent()
    world.deliver(world.body(template="gone"))
    assert world.answers[0]["reason"] == "render_failed"


def test_a_channel_that_says_no_hands_the_request_to_the_next(world):
    world.consent(channel="sms")
    body = world.body(fallback=["sms", "push"])
    world.deliver(body)
    assert world.answers == []
    [forwarded] = world.forwarded("sms")
    assert forwarded == {**body, "channel": "sms", "fallback": ["push"]}
    world.deliver(forwarded)
    lines = {line.channel: (line.decision, line.reason) for line in world.lines}
    assert lines == {"email": ("withheld", "no_consent"), "sms": ("sent", None)}
    assert [(answer["outcome"], answer["channel"]) for answer in world.answers] == [("sent", "sms")]


def test_the_last_channel_answers_when_all_say_no(world):
    world.deliver(world.body(fallback=["sms"]))
    world.deliver(*world.forwarded("sms"))
    assert [(a["outcome"], a["channel"], a["reason"]) for a in world.answers] == [("withheld", "sms", "no_consent")]


def test_a_run_that_ended_tries_no_other_channel(world):
    world.enrolment("exited")
    world.deliver(world.body(fallback=["sms"]))
    assert world.forwarded("sms") == []
    assert world.answers[0]["reason"] == "exited"


def test_a_lost_answer_tries_no_other_channel(world):
    world.consent()
    world.wire.say["SendEmail"] = "lost"
    world.deliver(world.body(fallback=["sms"]))
    assert world.forwarded("sms") == []
    assert world.answers[0]["reason"] == "unknown_outcome"


def test_a_certain_failure_tries_the_next_channel(world):
    world.consent()
    world.wire.say["SendEmail"] = "rejected"
    world.deliver(world.body(fallback=["sms"]))
    assert [body["channel"] for body in world.forwarded("sms")] == ["sms"]
    assert world.lines[0].reason == "provider_rejected"


def test_a_text_message_carries_our_id_and_its_kind(world):
    world.consent(channel="sms")
    world.deliver(world.body(channel="sms"))
    [text] = world.wire.texts
    assert text == {
        "DestinationPhoneNumber": "+358401234567",
        "OriginationIdentity": "ACME",
        "MessageBody": "Acme: hi Ann",
        "MessageType": "PROMOTIONAL",
        "Context": {"segue-message": world.lines[0].message},
    }
    assert world.lines[0].provider_id == "sms-1"


def test_a_notification_goes_to_the_raw_token(world):
    world.consent(channel="push")
    world.deliver(world.body(channel="push"))
    [push] = world.wire.pushes
    assert push["Addresses"] == {"tok-1": {"ChannelType": "GCM"}}
    content = push["MessageConfiguration"]["GCMMessage"]
    assert content["Body"] == "40 spent"
    assert content["Data"] == {"segue-message": world.lines[0].message}
    assert (content["TimeToLive"], content["Url"], content["Action"]) == (60, "https://x", "URL")


PUSH_RESULTS = {
    ("PERMANENT_FAILURE", 410): ("withheld", "unreachable"),
    ("PERMANENT_FAILURE", 400): ("failed", "provider_rejected"),
    ("UNKNOWN_FAILURE", 500): ("failed", "unknown_outcome"),
    ("DUPLICATE", 200): ("sent", None),
}


@pytest.mark.parametrize("result", PUSH_RESULTS)
def test_push_answers_for_its_one_address(world, result):
    world.consent(channel="push")
    world.wire.result = {"DeliveryStatus": result[0], "StatusCode": result[1]}
    world.deliver(world.body(channel="push"))
    assert (world.lines[0].decision, world.lines[0].reason) == PUSH_RESULTS[result]


OPERATIONS = {"email": "SendEmail", "sms": "SendTextMessage", "push": "SendMessages"}


@pytest.mark.parametrize("channel", OPERATIONS)
def test_a_throttled_message_comes_again_and_is_sent_once(world, channel):
    world.consent(channel=channel)
    world.wire.say[OPERATIONS[channel]] = "throttled"
    assert world.deliver(world.body(channel=channel)) == [0]
    assert world.lines == []
    assert world.answers == []
    world.wire.say.clear()
    assert world.deliver(world.body(channel=channel)) == []
    assert world.provider_calls == 1


@pytest.mark.parametrize("channel", OPERATIONS)
@pytest.mark.parametrize("manner", ["fault", "lost"])
def test_an_unknown_outcome_is_never_sent_again(world, channel, manner):
    world.consent(channel=channel)
    world.wire.say[OPERATIONS[channel]] = manner
    for _ in range(3):
        assert world.deliver(world.body(channel=channel)) == []
        world.later(minutes=5)
    [line] = world.lines
    assert (line.phase, line.decision, line.reason) == ("unknown", "failed", "unknown_outcome")
    assert world.requests()[OPERATIONS[channel]] == 1
    assert {answer["reason"] for answer in world.answers} == {"unknown_outcome"}


def test_a_lost_answer_is_settled_by_the_providers_own_word(world):
    world.consent()
    world.wire.say["SendEmail"] = "lost"
    world.deliver(world.body())
    message = world.lines[0].message
    settled = world.messages.advance(message, "sent", NOON, "event-1")
    assert (settled.phase, settled.decision, settled.reason, settled.status) == ("sent", "sent", None, "sent")


def test_a_request_that_never_left_comes_again(world):
    world.consent()
    world.wire.say["SendEmail"] = "unsent"
    assert world.deliver(world.body()) == [0]
    assert world.lines == []


def test_a_late_token_is_harmless(world):
    world.consent()
    world.wire.say["SendTaskSuccess"] = "late"
    assert world.deliver(world.body()) == []
    assert world.lines[0].decision == "sent"


def test_two_deliveries_of_one_request_send_once_and_answer_alike(world):
    world.consent()
    world.deliver(world.body(), world.body())
    assert len(world.inbox) == 1
    assert len({str(answer) for answer in world.answers}) == 1


def test_two_deliveries_at_once_send_once(world):
    world.consent()
    again = []
    world.wire.before["TransactWriteItems"] = lambda: again.extend(world.deliver(world.body()))
    assert world.deliver(world.body()) == []
    assert again == []
    assert len(world.inbox) == 1
    assert len(world.lines) == 1
    assert {answer["outcome"] for answer in world.answers} == {"sent"}


def test_a_delivery_that_finds_another_one_sending_waits_for_its_outcome(world):
    world.consent()
    meanwhile = []
    world.wire.before["SendEmail"] = lambda: meanwhile.extend(world.deliver(world.body()))
    assert world.deliver(world.body()) == []
    assert meanwhile == [0]
    assert len(world.inbox) == 1
    assert world.deliver(world.body()) == []
    assert [answer["outcome"] for answer in world.answers] == ["sent", "sent"]


RACES = {
    "consent withdrawn": (
        lambda world: world.consent("withdrawn", at=NOON.replace(hour=13)),
        "no_consent",
    ),
    "channel left": (lambda world: world.consent("withdrawn", topic=None), "opted_out"),
    "address suppressed": (
        lambda world: world.permissions.suppress("email#1", "complained", NOON, "e"),
        "suppressed",
    ),
    "person erased": (lambda world: world.permissions.entomb(PERSON, NOON, "e"), "erased"),
    "run ended": (lambda world: world.enrolment("exited"), "exited"),
}


@pytest.mark.parametrize("race", RACES)
def test_what_changes_between_reading_and_claiming_is_honoured(world, race):
    change, reason = RACES[race]
    world.consent()

    def rival():
        change(world)

    world.wire.before["TransactWriteItems"] = rival
    assert world.deliver(world.body()) == []
    [line] = world.lines
    assert (line.decision, line.reason) == ("withheld", reason)
    assert world.provider_calls == 0


def test_a_batch_returns_only_what_must_come_again(world):
    world.consent()
    bad = {"token": "x", "channel": "email"}
    assert world.deliver(world.body(), bad, world.body(step="second")) == [1]
    assert len(world.inbox) == 2


def test_each_visit_of_a_step_is_a_message_of_its_own(world):
    world.consent()
    world.deliver(world.body(), world.body(visit=2))
    assert len(world.inbox) == 2


def test_nothing_personal_is_logged(world, said):
    world.consent()
    world.wire.say["SendEmail"] = "throttled"
    world.deliver(world.body(), {"token": "x", "channel": "email", "enrolment": "Ann@Example.com"})
    assert "Ann" not in said()


def test_messages_are_read_by_person_in_the_order_they_were_planned(world):
    world.consent()
    world.deliver(world.body(planned_at="2026-03-02T12:00:00.000Z", step="b"))
    world.deliver(world.body(planned_at="2026-03-01T12:00:00.000Z", step="a"))
    assert [message.step for message in world.messages.of_person([PERSON])] == ["a", "b"]
