"""The weekly look at everybody."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from pynamodb.connection import Connection
from pynamodb.transactions import TransactGet

from functions.decisioning.api import Decisions
from functions.decisioning.handlers.learn_intervals import LearnIntervalsSettings, build
from functions.decisioning.learn import learn_intervals
from functions.profiles.api import Arrival
from functions.shared.events import Event
from functions.shared.publication import Publication
from tests.fakes.people import record
from tests.fakes.tables import create_table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.fixture
def learn(tmp_path):
    path = tmp_path / "publication.json"
    events = ["Order Completed", "Subscription Renewed"]
    publication = Publication({}, {}, {}, {name: [] for name in events}, events, {}, 3600)
    path.write_text(json.dumps(publication.to_json()))
    with mock_aws():
        create_table("profiles")
        create_table("decisioning")
        yield build(LearnIntervalsSettings("profiles", "decisioning", str(path)), lambda: NOON)


def buys(person, *day_numbers):
    arrivals = []
    for n in day_numbers:
        at = NOON + timedelta(days=n)
        body = {"type": "track", "event": "Order Completed"}
        arrivals.append(Arrival(Event(f"{person}-{n}", "track", at, at, "test", True, body)))
    record("profiles", person, *arrivals, series={"Order Completed": []})


def delivered(*bodies):
    return {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]}


def week_passes(learn):
    assert learn(delivered(json.dumps(SCHEDULED)), None) == {"batchItemFailures": []}


def test_the_median_over_all_people_is_learned_and_learning_again_changes_nothing(learn):
    buys("ann", 0, 10, 20, 30)
    buys("bob", 0, 30)
    buys("cat", 0, 50)
    for _ in range(2):
        week_passes(learn)
        assert Decisions("decisioning").population_interval("Order Completed") == timedelta(days=10)
    [row] = boto3.resource("dynamodb").Table("decisioning").scan()["Items"]
    assert row == {
        "pk": "interval#Order Completed",
        "median_seconds": 864000,
        "n": 5,
        "learned_at": "2026-03-02T12:00:00.000Z",
    }


def test_too_little_is_not_learned(learn):
    buys("ann", 0, 10, 20, 30)
    week_passes(learn)
    decisions = Decisions("decisioning")
    assert decisions.population_interval("Order Completed") is None
    with TransactGet(connection=Connection()) as transaction:
        nothing = decisions.request(transaction, "Order Completed")
    assert nothing.interval() is None


def test_a_message_nobody_can_read_returns(learn):
    assert learn(delivered("no json"), None) == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_nobody_is_read_when_no_journey_predicts_anything():
    def people():
        raise AssertionError("read for nothing")
        yield

    assert learn_intervals(people(), [], None, None) == 0
