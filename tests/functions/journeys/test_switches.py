"""Switches: one row, read at most every five seconds, and what it says of journeys and channels."""

from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from functions.journeys.api import Board, Switch, Switches, Target
from functions.shared.rows import MemoryRows
from functions.shared.store import DynamoRows
from tests.fakes.tables import create_table
from tests.functions.journeys.published import journey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WELCOME, SMS = Target("journey", "welcome"), Target("channel", "sms")


def switch(word):
    return Switch(word, NOON, "ann")


@pytest.fixture(params=["memory", "dynamodb"])
def rows(request):
    if request.param == "memory":
        yield MemoryRows()
        return
    with mock_aws():
        create_table("enrolments")
        yield DynamoRows()


class Clock:
    now = NOON

    def __call__(self):
        return self.now


def test_a_board_reads_as_it_was_written(rows):
    switches = Switches("enrolments", lambda: NOON, rows)
    assert switches.board() == Board()
    switches.turn(WELCOME, switch("pause"))
    written = switches.turn(SMS, switch("kill"))
    assert written == Board({WELCOME: switch("pause"), SMS: switch("kill")})
    assert Switches("enrolments", lambda: NOON, rows).board() == written
    assert switches.turn(WELCOME, None) == Board({SMS: switch("kill")})


def test_what_was_read_holds_for_five_seconds(rows):
    clock = Clock()
    reader, writer = Switches("enrolments", clock, rows), Switches("enrolments", clock, rows)
    assert reader.board() == Board()
    writer.turn(WELCOME, switch("stop"))
    clock.now += timedelta(seconds=4.9)
    assert reader.board().refusal("welcome") is None
    assert reader.look().refusal("welcome") == "stopped"
    writer.turn(WELCOME, None)
    clock.now += timedelta(seconds=5)
    assert reader.board().refusal("welcome") is None


def test_two_who_turn_different_switches_at_once_both_succeed():
    rivals = []

    def before(request):
        if request == "commit" and rivals:
            rivals.pop().turn(SMS, switch("kill"))

    rows = MemoryRows(before)
    rivals.append(Switches("enrolments", lambda: NOON, rows))
    assert Switches("enrolments", lambda: NOON, rows).turn(WELCOME, switch("pause")).switches.keys() == {WELCOME, SMS}


@pytest.mark.parametrize(("word", "reason"), [("pause", "paused"), ("stop", "stopped"), ("kill", "kill_switch")])
def test_each_word_closes_its_own_journey_with_its_own_reason(word, reason):
    board = Board({WELCOME: switch(word)})
    assert board.refusal("welcome") == reason
    assert board.refusal("farewell") is None
    assert Board({Target("channel", "email"): switch(word)}).refusal("welcome") is None


def test_kill_and_pause_are_said_of_a_message_by_its_journey_or_its_channel():
    board = Board({WELCOME: switch("pause"), SMS: switch("kill")})
    assert (board.paused("welcome", "email"), board.killed("welcome", "email")) == ("journey", None)
    assert (board.paused("other", "sms"), board.killed("other", "sms")) == (None, "channel")
    assert board.paused("welcome") == "journey"
    assert board.killed("other", "push") is None


@pytest.mark.parametrize("word", ["pause", "stop", "kill"])
def test_nobody_enters_a_journey_that_is_switched_off(world, word):
    world.publish(journey(), journey("farewell"))
    world.switch(word, journey="welcome")
    world.deliver([world.happens("m-1")])
    assert [run.journey for run in world.runs()] == ["farewell"]
    world.switch(None, journey="welcome")
    world.deliver([world.happens("m-2", at=world.later(seconds=5))])
    assert "welcome" in {run.journey for run in world.runs()}


def test_an_entry_reads_the_switches_once_in_five_seconds(world):
    world.publish(journey())
    entering = ["Query", "BatchGetItem", "TransactWriteItems", "StartExecution", "UpdateItem"]
    assert world.meanwhile([world.happens("m-1", profile="p-1")]) == entering
    assert "BatchGetItem" not in world.meanwhile([world.happens("m-2", at=world.later(seconds=4), profile="p-2")])
    assert "BatchGetItem" in world.meanwhile([world.happens("m-3", at=world.later(seconds=1), profile="p-3")])


def test_an_event_that_enters_nobody_reads_no_switches(world):
    world.publish(journey(entry={"on": ["Order Completed"], "where": "event.properties.revenue > 5"}))
    assert world.meanwhile([world.happens("m-1", revenue=1)]) == ["Query"]
