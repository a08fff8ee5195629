"""``channel: preferred``: the person's own wish comes first, then the policy's order, and one message goes."""

import pytest

from tests.fakes.providers import Killed

PREFERRED = {"preferred": True, "fallback": ["sms", "push"], "class": "service"}


def prefers(world, channel, message_id="m-2"):
    traits = {"first_name": "Ann", "preferred_channel": channel}
    world.later(seconds=1)
    world.profile(traits=traits, message_id=message_id, at=world.now)


def passes_on(world):
    """Delivers what waits on the other queues, until nothing does."""
    while bodies := [body for channel in ("email", "sms", "push") for body in world.forwarded(channel)]:
        for body in bodies:
            assert world.deliver(body) == []


def test_the_preferred_channel_gets_the_request_without_a_decision_of_the_first(world):
    prefers(world, "sms")
    world.wire.reset()
    world.deliver(world.body(**PREFERRED))
    assert world.wire.requests == ["TransactGetItems", "SendMessage"]
    assert (world.lines, world.answers) == ([], [])
    [forwarded] = world.forwarded("sms")
    assert (forwarded["channel"], forwarded["fallback"], forwarded["preferred"]) == ("sms", ["email", "push"], False)
    world.deliver(forwarded)
    assert [(line.channel, line.decision) for line in world.lines] == [("sms", "sent")]
    assert [(one["channel"], one["outcome"]) for one in world.answers] == [("sms", "sent")]


@pytest.mark.parametrize("wish", [None, "email", "fax", 7, ["sms"]])
def test_without_a_wish_that_can_be_met_the_policys_order_holds_and_costs_nothing_more(world, wish):
    if wish is not None:
        prefers(world, wish)
    world.wire.reset()
    world.deliver(world.body(**PREFERRED))
    assert len(world.wire.requests) == 5
    assert [(line.channel, line.decision) for line in world.lines] == [("email", "sent")]


def test_a_preferred_channel_that_says_no_falls_through_in_the_policys_order(world):
    prefers(world, "push")
    world.consent("withdrawn", channel="push", topic=None)
    world.deliver(world.body(**PREFERRED))
    passes_on(world)
    lines = {line.channel: line.reason for line in world.lines}
    assert lines == {"push": "opted_out", "email": None}
    assert [(one["channel"], one["outcome"]) for one in world.answers] == [("email", "sent")]


def test_a_wish_that_changes_between_two_deliveries_sends_no_second_message(world):
    prefers(world, "sms")
    world.deliver(world.body(**PREFERRED))
    passes_on(world)
    prefers(world, "push", "m-3")
    world.deliver(world.body(**PREFERRED))
    passes_on(world)
    prefers(world, "email", "m-4")
    world.deliver(world.body(**PREFERRED))
    assert world.provider_calls == 1
    assert {(one["channel"], one["outcome"]) for one in world.answers} == {("sms", "sent")}


def test_two_channels_at_once_send_one_message(world):
    prefers(world, "sms")
    world.deliver(world.body(**PREFERRED))
    [first] = world.forwarded("sms")
    prefers(world, "push", "m-3")
    world.deliver(world.body(**PREFERRED))
    [second] = world.forwarded("push")
    # Between reading and claiming the other one claims.
    world.wire.before["TransactWriteItems"] = lambda: world.deliver(second)
    world.deliver(first)
    assert world.provider_calls == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_while_it_is_handed_on_loses_nothing_and_sends_nothing_twice(world, point, moment):
    prefers(world, "sms")
    world.handlers["email"] = world.builders["email"]()
    world.wire.reset()
    world.wire.kill = (point, moment)
    with pytest.raises(Killed):
        world.deliver(world.body(**PREFERRED))
    world.restart()
    world.deliver(world.body(**PREFERRED))
    passes_on(world)
    assert world.provider_calls == 1
    assert {(one["channel"], one["outcome"]) for one in world.answers} == {("sms", "sent")}


def test_a_step_on_all_channels_is_a_message_of_its_own_on_each(world):
    said = {"class": "service", "step": "alert"}
    for channel in ("email", "sms", "push"):
        world.deliver(world.body(**said, channel=channel, token=f"token-{channel}"))
    assert len({line.message for line in world.lines}) == 3
    assert [(one["token"], one["outcome"]) for one in world.answers] == [
        (f"token-{channel}", "sent") for channel in ("email", "sms", "push")
    ]
