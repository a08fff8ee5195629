"""A pause holds a message back without deciding it: the machine stands still, and asks again when it is let go."""

import pytest

from tests.fakes.providers import Killed

HELD = {"token": "token-1", "error": "Paused", "cause": "email"}


@pytest.mark.parametrize("target", [{"journey": "welcome"}, {"channel": "email"}], ids=["journey", "channel"])
def test_a_paused_message_sends_its_machine_to_stand_still_and_leaves_its_line(world, target):
    world.consent()
    world.switch("pause", **target)
    world.deliver(world.body(**{"class": "transactional", "fallback": ["sms"]}))
    assert world.answers == [HELD]
    [line] = world.lines
    assert (line.phase, line.decision, line.reason, line.guard) == ("planned", "deferred", "paused", "not_paused")
    assert line.facts["paused"] == next(iter(target))
    # Another channel is no way around a pause.
    assert world.forwarded("sms") == []
    assert world.provider_calls == 0


def test_it_goes_once_when_it_is_asked_again(world):
    world.consent()
    world.switch("pause", journey="welcome")
    world.deliver(world.body())
    world.switch(None, journey="welcome")
    world.deliver(world.body(token="token-2"))
    world.deliver(world.body())
    assert len(world.inbox) == 1
    assert [(one["token"], one.get("outcome")) for one in world.answers] == [
        ("token-1", None),
        ("token-2", "sent"),
        ("token-1", "sent"),
    ]


def test_a_pause_that_is_over_holds_nobody_although_it_was_read_a_moment_ago(world):
    world.consent()
    world.switch("pause", journey="welcome")
    world.deliver(world.body())
    world.switch(None, journey="welcome")
    world.later(seconds=1)
    world.deliver(world.body(step="other"))
    assert world.answers[-1]["outcome"] == "sent"


def test_who_has_left_is_not_held(world):
    world.enrolment("exited")
    world.switch("pause", journey="welcome")
    world.deliver(world.body())
    assert world.answers[0]["reason"] == "exited"


def test_a_killed_message_is_withheld_although_its_journey_is_paused(world):
    world.switch("pause", journey="welcome")
    world.switch("kill", channel="email")
    world.deliver(world.body())
    assert world.answers[0]["reason"] == "kill_switch"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", [1, 2, 3, 4])
def test_a_crash_around_any_request_loses_nothing_and_sends_nothing_twice(world, point, moment):
    world.consent()
    world.switch("pause", journey="welcome")
    world.deliver(world.body(step="warm"))
    world.restart()
    world.handlers["email"] = world.builders["email"]()
    world.wire.reset()
    world.wire.answers.clear()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.deliver(world.body())
    world.restart()
    assert world.deliver(world.body()) == []
    assert world.answers[-1] == HELD
    world.switch(None, journey="welcome")
    world.later(seconds=5)
    for _ in range(2):
        world.deliver(world.body(token="token-2"))
    assert world.deliver(world.body()) == []
    assert [line.decision for line in world.lines if line.step == "greet"] == ["sent"]
    assert len(world.inbox) == 1
