"""What comes days late is of the time at which it was first sent, and counts once."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.fakes.faults import Fault, faults

# Just before midnight: any other time is of another day.
START = datetime(2026, 3, 2, 23, 58, tzinfo=UTC)
AT = "2026-03-02T23:58:00.000Z"
ORDER = {"type": "track", "event": "Order Completed", "userId": "u1"}
TIMES = {
    "neither time": {},
    "a time": {"timestamp": AT},
    "a time and when it was sent": {"timestamp": AT, "sentAt": AT},
    "only when it was sent": {"sentAt": AT},
}


@pytest.mark.parametrize("said", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("after", [timedelta(hours=10), timedelta(days=2)], ids=["ten hours", "two days"])
def test_an_event_taken_in_part_and_put_back_days_later_is_one_event_of_its_time(said, after) -> None:
    messages = [{**ORDER, "messageId": "m1", **said}, {"type": "track", "messageId": "m2", **said}]
    with faults() as failing, patch("time.sleep", lambda _: None), LocalWorld(start=START) as world:
        # Identity's queue has the good one when the quarantine's refuses the other, and then nobody takes anything.
        failing.begin(Fault("accept-bus-events", "sqs.SendMessage", 2, "before", "always"))
        world.put_events(messages)
        world.run_until(START + after)
        assert list(world.dead_letters()) == ["accept-bus-events"]
        failing.lift()
        world.redrive()
        world.run_until(world.clock() + timedelta(minutes=5))
        invariants.check(world, messages)
        with acting("local"):
            history = world.history()
            [person] = history.profiles.scan()
            assert [(one.message_id, one.timestamp) for one in history.timeline(person.profile)] == [("m1", START)]
            assert person.events == 1
