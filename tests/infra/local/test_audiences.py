"""Audiences as deployed: told on the bus, heard by journeys, left by time, at no cost where nothing is mentioned."""

from datetime import timedelta

from functions.audiences.api import Standings
from functions.profiles.api import Profiles
from functions.shared.clock import format_instant
from functions.shared.store import DynamoRows
from infra.local.requests import acting
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.local.story import START, arrival, order, tell, with_audiences

QUARTER = timedelta(minutes=15)
ENTRY = """journey: farewell
title: Ask people who became quiet
class: transactional
entry:
  on: Audience Exited
  where: event.properties.audience == "active"
reentry: never
steps:
  - id: ask
    send: ask
    channel: email
"""
TEMPLATE = "---\nsubject: Was anything wrong?\n---\n<p>Tell us.</p>\n"


def listed(customer, state, at):
    said = {"type": "audience", "audience": "friends", "state": state, "userId": customer}
    return {**said, "messageId": f"{customer}-{state}", "timestamp": format_instant(at)}


def told(world):
    """What was told of audiences, as it stands in people's timelines."""
    with acting("local"):
        history = world.history()
        events = [event for one in history.profiles.scan() for event in history.timeline(one.profile)]
    ours = sorted((event for event in events if event.name.startswith("Audience ")), key=lambda event: event.order)
    return [(event.name, event.properties["audience"], event.timestamp) for event in ours]


def test_people_enter_and_leave_and_a_journey_hears_of_it(tmp_path):
    journeys = with_audiences(
        tmp_path,
        "friends",
        active='days_since(last("Order Completed")) < 30',
        close='in_audience("friends") and in_audience("active")',
    )
    farewell = journeys / "farewell"
    farewell.mkdir()
    (farewell / "journey.yaml").write_text(ENTRY)
    (farewell / "ask.email.liquid").write_text(TEMPLATE)
    messages = [*arrival("17850", START), order("17850", 1, START + timedelta(hours=1))]
    messages += [listed("17850", "joined", START + timedelta(hours=2))]
    bought_at = START + timedelta(hours=1)
    with LocalWorld(journeys, start=START) as world:
        tell(world, messages)
        world.run_until(START + timedelta(days=40))
        moves = {(name, audience): at for name, audience, at in told(world)}
        assert sorted(moves) == [
            ("Audience Entered", "active"),
            ("Audience Entered", "close"),
            ("Audience Entered", "friends"),
            ("Audience Exited", "active"),
            ("Audience Exited", "close"),
        ]
        left_at = moves["Audience Exited", "active"]
        assert timedelta(0) <= left_at - (bought_at + timedelta(days=30)) <= QUARTER
        assert "Was anything wrong?" in [one.subject for one in world.outbox]
        invariants.check(world, messages)
        invariants.check_that_replay_changes_nothing(world, messages)
        with acting("local"):
            [(_, standing)] = Standings(DynamoRows(), world.table("audiences")).scan()
            [person] = Profiles(world.table("profiles")).scan()
        assert (set(standing.members), person.lists) == ({"friends"}, ("friends",))


def test_polls_that_can_find_nothing_are_left_out_and_those_that_can_are_made(tmp_path):
    journeys = with_audiences(tmp_path, active='days_since(last("Order Completed")) < 30')
    with LocalWorld(journeys, start=START) as world:
        world.run_until(START + timedelta(days=300))
        assert world.meter.snapshot().requests_of("find-due-people", "update-audiences") == 0
        at = world.clock()
        tell(world, [*arrival("17850", at), order("17850", 1, at)])
        world.run_until(at + timedelta(days=300))
        assert [name for name, _, _ in told(world)] == ["Audience Entered", "Audience Exited"]
        # One poll when the person is due: a query for each shard, and a message.
        assert world.meter.snapshot().requests_of("find-due-people") == 9


def test_without_audiences_an_event_costs_what_it_did():
    messages = [*arrival("17850", START), order("17850", 1, START)]
    with LocalWorld(start=START) as world:
        tell(world, messages)
        world.run_until(START + timedelta(days=90))
        assert world.meter.snapshot().requests_of("find-due-people", "update-audiences") == 0
