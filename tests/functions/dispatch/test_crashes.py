"""The process may end around any AWS request: redelivery leaves one line, one answer and at most one message."""

import pytest

from tests.fakes.providers import Killed

JOURNEYS = {
    "sent": {"topic": "offers"},
    "withheld": {"topic": "news"},
    "failed": {"template": "needs-more"},
    "handed on": {"topic": "news", "fallback": ["sms"]},
    "transactional": {"class": "transactional"},
}


def finish(world, body):
    """Redelivers as SQS does, through and past the lease."""
    for _ in range(3):
        world.deliver(body)
        for forwarded in world.forwarded("sms"):
            world.deliver(forwarded)
        world.later(seconds=40)


@pytest.mark.parametrize("kind", JOURNEYS)
def test_a_crash_around_any_request_never_sends_twice_and_never_leaves_the_journey_waiting(world, kind):
    world.consent()
    world.wire.reset()
    world.deliver(world.body(**JOURNEYS[kind]))
    clean = list(world.wire.requests)
    assert len(clean) >= 3
    world.forwarded("sms")

    for point in range(1, len(clean) + 1):
        for moment in ("before", "after"):
            enrolment = f"e-{point}-{moment}"
            world.enrolment("active", enrolment)
            body = world.body(enrolment=enrolment, token=enrolment, **JOURNEYS[kind])
            sent_before = len(world.inbox)
            world.wire.reset()
            world.wire.kill = (point, moment)
            with pytest.raises(Killed):
                world.deliver(body)
            world.restart()
            finish(world, body)

            assert len(world.inbox) - sent_before <= 1
            lines = [line for line in world.lines if line.enrolment == enrolment]
            assert sorted(line.channel for line in lines) == sorted(["email", *body["fallback"]])
            assert all(line.decision in {"sent", "withheld", "failed"} for line in lines)
            answers = [answer for answer in world.answers if answer["token"] == enrolment]
            assert len({str(answer) for answer in answers}) == 1
            assert answers[0]["channel"] == ["email", *body["fallback"]][-1]


def test_a_claim_whose_holder_died_becomes_unknown_once_its_lease_is_over(world):
    world.consent()
    world.wire.reset()
    world.wire.kill = (3, "after")
    with pytest.raises(Killed):
        world.deliver(world.body())
    world.restart()
    assert len(world.inbox) == 1
    assert world.lines[0].status == "queued"
    assert world.deliver(world.body()) == [0]
    world.later(seconds=30)
    assert world.deliver(world.body()) == []
    [line] = world.lines
    assert (line.phase, line.decision, line.reason) == ("unknown", "failed", "unknown_outcome")
    assert len(world.inbox) == 1


def test_the_providers_word_that_comes_first_is_the_outcome(world):
    world.consent()
    world.wire.reset()
    world.wire.kill = (3, "after")
    with pytest.raises(Killed):
        world.deliver(world.body())
    world.restart()
    world.messages.advance(world.lines[0].message, "delivered", world.now, "event-1")
    assert world.deliver(world.body()) == []
    assert [answer["outcome"] for answer in world.answers] == ["sent"]
    assert world.lines[0].status == "delivered"
