"""Every construct of the language runs as it was compiled: each path of each machine on moto's interpreter."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.journeys.api import Enrolments
from functions.profiles.api import Profiles
from functions.shared.clock import format_instant
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests.functions.journeys.language.writing import HEAD, write_journey

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
SERVICE = HEAD.replace("class: marketing", "class: service").replace("topic: offers", "topic: orders")
REACHABLE = {"email": "a@example.com", "phone": "+358401234567", "timezone": "Europe/Helsinki"}


class Told:
    """What became of the one run of the journey ``test``."""

    def __init__(self, world):
        self.executions = list(world.executions())
        self.outbox = [(one.at, one.channel) for one in world.outbox]
        with acting("local"):
            [self.run] = Enrolments(world.table("enrolments")).scan()
            [self.person] = Profiles(world.table("profiles")).scan()
        self.transitions = world.state_transitions()
        assert world.dead_letters() == {}

    @property
    def ended(self):
        return (self.run.status, self.run.reason)


def told(root, *events, days=60, traits=REACHABLE):
    """Ann enters at once; ``events`` = (hours after, name)."""
    with LocalWorld(journeys=root, start=START) as world:
        device = {"device": {"token": "tok-1", "type": "android"}}
        tell(world, START, type="identify", traits=traits, context=device)
        for hours, name in [(0, "Cart Updated"), *events]:
            tell(world, START + timedelta(hours=hours), type="track", event=name, properties={"cart_id": "c9"})
        world.run_until(START + timedelta(days=days))
        return Told(world)


def tell(world, at, **message):
    world.run_until(at)
    name = f"{message.get('event')} {at}"
    world.put_events([{**message, "userId": "u1", "messageId": name, "timestamp": format_instant(at)}])
    world.drain()


def test_a_loop_sends_once_in_every_pass_and_then_goes_on(tmp_path):
    steps = """
    - id: again
      repeat: {times: 3, steps: [{wait: 1h}, {id: remind, send: hello, channel: email}]}
    - exit: done
    """
    one = told(write_journey(tmp_path, steps, SERVICE))
    assert [at for at, _ in one.outbox] == [START + timedelta(hours=hours) for hours in (1, 2, 3)]
    assert one.ended == ("exited", "done")


def test_a_loop_in_a_loop_begins_anew_with_every_pass(tmp_path):
    steps = """
    - id: outer
      repeat: {times: 2, steps: [{id: inner, repeat: {times: 2, steps: [{wait: 1h}, {send: hello, channel: sms}]}}]}
    """
    one = told(write_journey(tmp_path, steps, SERVICE))
    assert len(one.outbox) == 4
    assert one.ended == ("completed", None)


def test_a_loop_runs_while_its_condition_holds(tmp_path):
    steps = """
    - id: unpaid
      repeat:
        while: count("Paid") == 0
        steps: [{wait: 1d}, {send: hello, channel: email}]
    - exit: paid
    """
    one = told(write_journey(tmp_path, steps, SERVICE), (50, "Paid"))
    assert len(one.outbox) == 3
    assert one.ended == ("exited", "paid")


def test_each_event_ends_one_wait_of_a_loop_and_none_is_missed(tmp_path):
    steps = """
    - wait: 2h
    - repeat: {times: 4, steps: [{wait_for: {on: Paid, within: 1d}, then: [{send: hello, channel: sms}]}, {wait: 1h}]}
    """
    one = told(write_journey(tmp_path, steps, SERVICE), (1, "Paid"), (1.5, "Paid"))
    assert [at for at, _ in one.outbox] == [START + timedelta(hours=2)] * len(one.outbox)
    assert len(one.outbox) == 1, "a send is a step that is no wait: what came before it is not looked back to"


def test_a_loop_of_waits_looks_back_to_what_no_pass_has_met(tmp_path):
    steps = """
    - wait: 2h
    - repeat: {times: 4, steps: [{wait_for: {on: Paid, within: 1d}}, {wait: 1h}]}
    """
    one = told(write_journey(tmp_path, steps, SERVICE), (1, "Paid"), (1.5, "Paid"))
    # Two passes end with an event each, an hour's wait after them; two run out of time.
    assert one.run.ended_at == START + timedelta(hours=2 + 1 + 1 + 25 + 25)


def test_a_run_outlives_its_execution(tmp_path):
    steps = """
    - id: quarterly
      repeat: {times: 10, steps: [{wait: 100d}, {id: note, send: hello, channel: email}]}
    - exit: done
    """
    one = told(write_journey(tmp_path, steps, SERVICE), days=1010)
    assert len(one.outbox) == 10
    assert [execution.name for execution in one.executions] == [f"{one.run.enrolment}-{n}" for n in (1, 2, 3, 4)]
    assert {execution.status for execution in one.executions} == {"SUCCEEDED"}
    assert one.executions[1].input["loops"] == {"visit": 4, "passes": 0, "quarterly": 3}
    assert (one.run.run, one.ended) == (4, ("exited", "done"))


def test_an_exit_ends_a_run_in_whichever_execution_it_is(tmp_path):
    steps = "- {id: quarterly, repeat: {times: 10, steps: [{wait: 100d}]}}"
    one = told(write_journey(tmp_path, steps, f"{SERVICE}exit: [{{on: Left}}]\n"), (24 * 410, "Left"), days=411)
    assert [execution.status for execution in one.executions] == ["SUCCEEDED", "ABORTED"]


@pytest.mark.parametrize(
    ("due", "events", "reason", "hours"),
    [
        ("2026-03-05T10:00:00Z", [], "unpaid", 48),
        ("2026-03-05T10:00:00Z", [(5, "Paid")], "paid", 5),
        ("2020-01-01", [], "unpaid", 1 / 3600),
        ("soon", [], "no_date", 0),
        (None, [], "no_date", 0),
    ],
)
def test_a_wait_for_ends_with_the_event_or_at_its_time(tmp_path, due, events, reason, hours):
    steps = """
    - id: by
      wait_for: {on: Paid, until: profile.traits.due, minus: 1d}
      on: {failed: [{exit: no_date}]}
      then: [{exit: paid}]
    - exit: unpaid
    """
    traits = {"email": "a@example.com", **({} if due is None else {"due": due})}
    one = told(write_journey(tmp_path, steps, SERVICE), *events, traits=traits)
    assert one.ended == ("exited", reason)
    assert one.run.ended_at == START + timedelta(hours=hours)


def test_a_wait_for_without_a_date_fails_the_run_and_sends_nothing(tmp_path):
    steps = "- wait_for: {on: Paid, until: profile.traits.nothing}\n- {send: hello, channel: email}"
    one = told(write_journey(tmp_path, steps, SERVICE))
    assert one.ended == ("failed", "unreadable_date")
    assert one.outbox == []


ALL = """
- {id: alert, send: hello, channel: all, on: {withheld: [{exit: withheld}], failed: [{exit: failed}]}}
- split:
    - {when: steps.alert.outcome == "sent", steps: [{exit: sent}]}
    - otherwise: [{exit: other}]
"""


@pytest.mark.parametrize(
    ("traits", "channels", "reason"),
    [
        (REACHABLE, ["email", "sms"], "sent"),
        ({"phone": "+358401234567"}, ["sms"], "sent"),
        ({"first_name": "Ann"}, [], "withheld"),
    ],
)
def test_all_channels_carry_the_message_and_one_that_sends_is_enough(tmp_path, traits, channels, reason):
    root = write_journey(tmp_path, ALL, SERVICE)
    (root / "test" / "hello.push.yaml").unlink()
    one = told(root, traits=traits)
    assert sorted(channel for _, channel in one.outbox) == channels
    assert one.ended == ("exited", reason)


def test_a_message_that_no_channel_can_render_has_failed(tmp_path):
    root = write_journey(tmp_path, ALL, SERVICE)
    for part in ("email.liquid", "sms.liquid"):
        file = root / "test" / f"hello.{part}"
        file.write_text(file.read_text().replace("Hello", "Hello {{ profile.traits.nothing }}", 2))
    (root / "test" / "hello.push.yaml").unlink()
    assert told(root).ended == ("exited", "failed")


def test_what_a_run_does_it_sees_at_once_and_so_does_everybody_later(tmp_path):
    steps = """
    - {id: mark, set: {tier: gold, cart: entry.properties.cart_id, said: '"now"'}}
    - join: friends
    - split:
        - when: in_audience("friends") and in_audience("vip") and profile.traits.cart == "c9"
          steps: [{wait: 1h}]
        - otherwise: [{exit: other}]
    - split:
        - {when: in_audience("friends") and in_audience("vip"), steps: [{leave: friends}]}
        - otherwise: [{exit: other}]
    - split:
        - {when: in_audience("friends"), steps: [{exit: other}]}
        - otherwise: []
    - decide: next
    """
    one = told(write_journey(tmp_path, steps, SERVICE))
    assert one.ended == ("completed", None)
    found = {name: one.person.traits[name] for name in ("tier", "cart", "said")}
    assert found == {"tier": "gold", "cart": "c9", "said": "now"}
    assert one.person.lists == ()


def test_states_entered_are_what_the_design_promises(tmp_path):
    steps = """
    - wait: 1h
    - {send: hello, channel: email}
    - wait: 2d
    - split:
        - when: profile.traits.timezone == "Europe/Helsinki"
          steps: [{send: hello, channel: sms}]
        - otherwise: []
    """
    one = told(write_journey(tmp_path, steps, SERVICE))
    assert len(one.outbox) == 2
    assert one.transitions <= 8
