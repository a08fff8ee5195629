"""A kill switch stops every message of a journey or a channel, at the next claim and within five seconds."""

import pytest

from tests.functions.dispatch.conftest import NOON


@pytest.mark.parametrize("target", [{"journey": "welcome"}, {"channel": "email"}], ids=["journey", "channel"])
@pytest.mark.parametrize("message_class", ["marketing", "service", "transactional"])
def test_a_killed_message_is_withheld_with_its_reason(world, target, message_class):
    world.consent()
    world.switch("kill", **target)
    world.deliver(world.body(**{"class": message_class}))
    [line] = world.lines
    assert (line.decision, line.reason, line.guard) == ("withheld", "kill_switch", "kill_switch")
    assert line.facts["killed"] == next(iter(target))
    assert [(a["outcome"], a["reason"]) for a in world.answers] == [("withheld", "kill_switch")]
    assert world.provider_calls == 0


@pytest.mark.parametrize("target", [{"journey": "farewell"}, {"channel": "sms"}])
def test_other_journeys_and_channels_go_on(world, target):
    world.consent()
    world.switch("kill", **target)
    world.deliver(world.body())
    assert world.lines[0].decision == "sent"


def test_a_switch_takes_effect_within_five_seconds_and_again_when_it_is_back(world):
    world.consent()

    def reason_of_message(step):
        world.deliver(world.body(step=step))
        return next(line for line in world.lines if line.step == step).reason

    assert reason_of_message("first") is None
    world.switch("kill", journey="welcome")
    world.later(seconds=4.999)
    # What was read five seconds ago may be used; nothing older.
    assert reason_of_message("second") is None
    world.later(seconds=0.001)
    assert reason_of_message("third") == "kill_switch"
    world.switch(None, journey="welcome")
    world.later(seconds=5)
    assert reason_of_message("fourth") is None


def test_the_switches_cost_no_request_and_are_read_at_most_every_five_seconds(world):
    world.consent()
    clean = ["TransactGetItems", "TransactWriteItems", "SendEmail", "UpdateItem", "SendTaskSuccess"]
    rows = []
    for step, seconds in (("a", 0), ("b", 4), ("c", 1), ("d", 4.9)):
        world.later(seconds=seconds)
        world.wire.reset()
        world.deliver(world.body(step=step))
        assert world.wire.requests == clean
        rows.append(world.wire.rows_read[-1])
    assert rows == [6, 5, 6, 5]


def test_a_killed_channel_hands_on_to_the_next_and_a_killed_journey_does_not(world):
    world.consent(channel="sms")
    world.switch("kill", channel="email")
    world.deliver(world.body(fallback=["sms"]))
    assert [body["channel"] for body in world.forwarded("sms")] == ["sms"]
    world.switch("kill", journey="welcome")
    world.later(seconds=5)
    world.deliver(world.body(step="next", fallback=["sms"]))
    assert world.forwarded("sms") == []
    assert world.answers[-1]["reason"] == "kill_switch"


def test_what_was_decided_before_stays_decided(world):
    world.consent()
    world.deliver(world.body())
    world.switch("kill", journey="welcome")
    world.later(seconds=10)
    world.deliver(world.body())
    assert world.lines[0].decision == "sent"
    assert [answer["outcome"] for answer in world.answers] == ["sent", "sent"]
    assert world.now > NOON
