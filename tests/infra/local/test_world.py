"""The whole system on the laptop, under bad input, any order and bad news."""

from collections import Counter
from datetime import timedelta
from itertools import permutations

import pytest

from functions.dispatch.api import Messages
from functions.profiles.api import Profiles
from functions.shared.clock import format_instant
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.local.story import START, arrival, order, rows, tell


def test_events_that_break_a_rule_are_kept_with_their_reason_and_block_nobody():
    good = [*arrival("17850", START), order("17850", 1, START)]
    bad = [
        {"type": "track", "messageId": "nobody", "event": "Order Completed", "timestamp": format_instant(START)},
        {"type": "track", "messageId": "list", "event": "Order Completed", "userId": ["17850"]},
        {
            "type": "track",
            "messageId": "large",
            "event": "Order Completed",
            "userId": "1",
            "properties": {"x": "y" * 40_000},
        },
    ]
    with LocalWorld(start=START) as world:
        world.put_events([good[0], bad[0], good[1], bad[1], good[2], bad[2]])
        world.run_until(START + timedelta(hours=1))
        kept = {line["messageId"]: (line["field"], line["rule"]) for line in world.quarantined()}
        invariants.check(world, [*good, *bad])
        assert kept.keys() == {"nobody", "list", "large"}
        assert all(field and rule for field, rule in kept.values())
        assert [one.subject for one in world.outbox if "confirmed" in one.subject]


@pytest.mark.parametrize("name", ['Viewed "Sale"', "a\\b", "tab\t", "<id>", "<detail>", "unit\x1f"])
def test_an_event_arrives_whatever_its_name_holds(name):
    message = {"type": "track", "messageId": "m1", "event": name, "userId": "u1", "properties": {"<time>": "<source>"}}
    with LocalWorld(start=START) as world:
        world.put_events([message])
        world.drain()
        history = world.history()
        [event] = [one for person in history.profiles.scan() for one in history.timeline(person.profile)]
    assert (event.name, event.properties) == (name, {"<time>": "<source>"})


@pytest.mark.parametrize("arrangement", list(permutations(range(3)))[1::2])
def test_the_order_of_arrival_does_not_change_who_somebody_is(arrangement):
    messages = [*arrival("17850", START), order("17850", 1, START)]
    with LocalWorld(start=START) as world:
        for index in arrangement:
            world.put_events([messages[index]])
            world.drain()
        with acting("local"):
            [person] = Profiles(world.table("profiles")).scan()
        assert person.traits["first_name"] == "Ann"
        assert person.series["Order Completed"].count == 1


def test_a_hard_bounce_stops_everything_to_that_address():
    with LocalWorld(start=START, fate_of=lambda address: "bounced") as world:
        messages = [*arrival("17850", START), order("17850", 1, START)]
        tell(world, messages)
        world.run_until(START + timedelta(hours=1))
        tell(world, [order("17850", 2, START + timedelta(hours=2))])
        world.run_until(START + timedelta(days=40))
        invariants.check(world, messages)
        reasons = Counter(one.reason for one in rows(world, Messages, "messages") if one.channel == "email")
        assert len([one for one in world.outbox if one.channel == "email"]) == 1
        assert reasons["suppressed"] >= 2


def test_nothing_personal_reaches_the_logs(caplog, capsys):
    with LocalWorld(start=START) as world:
        tell(world, [*arrival("17850", START), order("17850", 1, START)])
        world.put_events([{"type": "track", "messageId": "bad", "event": ["c17850@example.com"], "userId": "17850"}])
        world.run_until(START + timedelta(days=30))
        names = [one.name for one in world.executions()]
    written = "".join(capsys.readouterr()) + "".join(str(record.__dict__) for record in caplog.records)
    assert "c17850@example.com" not in written
    assert "17850" not in "".join(names)
