"""A message that comes far too late is better not sent, where its journey says so; a wait it was told to make is no
lateness."""

import pytest

from functions.shared.clock import format_instant
from tests.functions.dispatch.conftest import NOON

LATE = {"late_after": 3600, "then": "skip"}


def test_a_message_beyond_its_time_is_withheld_and_tries_no_other_channel(world):
    world.consent()
    world.later(hours=1, seconds=1)
    world.deliver(world.body(**LATE, fallback=["sms"]))
    [line] = world.lines
    assert (line.decision, line.reason, line.guard) == ("withheld", "late", "not_late")
    assert line.facts["late_by"] == 3601
    assert world.forwarded("sms") == []
    assert world.provider_calls == 0


@pytest.mark.parametrize("said", [{}, {"late_after": 3600, "then": "run"}])
def test_a_journey_that_says_run_or_nothing_sends_whenever_it_can(world, said):
    world.consent()
    world.later(days=2)
    world.deliver(world.body(**said))
    assert world.lines[0].decision == "sent"


@pytest.mark.parametrize("said", [{}, {"late_after": 3600, "then": "run"}])
def test_nothing_goes_once_the_machine_has_given_up_waiting_for_it(world, said):
    world.consent()
    world.later(days=4)
    world.deliver(world.body(**said))
    [line] = world.lines
    assert (line.decision, line.reason, line.guard) == ("withheld", "expired", "not_expired")
    assert world.provider_calls == 0


def test_a_message_is_not_late_at_the_very_end_of_its_time(world):
    world.consent()
    world.later(hours=1)
    world.deliver(world.body(**LATE))
    assert world.lines[0].decision == "sent"


def test_what_a_pause_held_back_is_not_late_when_it_is_asked_again(world):
    world.consent()
    world.switch("pause", journey="welcome")
    world.deliver(world.body(**LATE))
    world.switch(None, journey="welcome")
    world.later(days=2)
    # The queue delivers the held message once more, before the machine's new one: it must not decide for it.
    world.deliver(world.body(**LATE))
    world.deliver(world.body(**LATE, token="token-2", planned_at=format_instant(world.now)))
    assert [line.decision for line in world.lines] == ["sent"]
    assert len(world.inbox) == 1


def test_what_was_held_back_and_asked_again_may_be_late_after_all(world):
    world.consent()
    world.switch("pause", journey="welcome")
    world.deliver(world.body(**LATE))
    world.switch(None, journey="welcome")
    world.later(hours=1)
    asked_again = format_instant(world.now)
    world.later(hours=2)
    world.deliver(world.body(**LATE, token="token-2", planned_at=asked_again))
    assert [line.reason for line in world.lines] == ["late"]
    assert world.now > NOON
