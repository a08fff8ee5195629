"""Runs whose execution ended without saying so, told by Step Functions on the default bus."""

import json

import pytest

from functions.journeys.handlers import close_enrolments
from tests.functions.journeys.published import NOON


def told(run, status, *, number=1, error=None):
    name = f"{run.enrolment}-{number}"
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "123456789012",
        "time": "2026-03-02T12:00:01Z",
        "region": "eu-west-1",
        "resources": [f"arn:aws:states:eu-west-1:123456789012:execution:segue-test-welcome:{name}"],
        "detail": {
            "executionArn": f"arn:aws:states:eu-west-1:123456789012:execution:segue-test-welcome:{name}",
            "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-test-welcome",
            "name": name,
            "status": status,
            "startDate": 1772452800000,
            "stopDate": 1772452800000,
            "input": json.dumps({"enrolment": run.enrolment, "profile": run.profile, "arms": {}}),
            "inputDetails": {"included": True},
            "output": None,
            "error": error,
            "cause": "ann@example.com is no date",
        },
    }


@pytest.fixture
def run(world):
    world.deliver([world.happens("m-1")])
    return world.run()


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ("FAILED", "States.DataLimitExceeded", ("failed", "data_limit_exceeded")),
        ("FAILED", "UnreadableDate", ("failed", "unreadable_date")),
        ("FAILED", None, ("failed", "failed")),
        ("TIMED_OUT", None, ("failed", "timed_out")),
        ("ABORTED", None, ("exited", "stopped")),
    ],
)
def test_a_run_that_is_still_open_is_closed_with_its_reason(world, run, status, error, expected):
    envelope = told(run, status, error=error)
    assert world.invoke("close", envelope, envelope) == []
    assert (world.run().status, world.run().reason, world.run().ended_at) == (*expected, NOON)


def test_a_run_we_stopped_ourselves_stays_as_it_is(world, run):
    world.enrolments.exit(run, "Order Completed", NOON, "m-2", None)
    before = world.run()
    assert world.invoke("close", told(run, "ABORTED", error="Exit")) == []
    assert world.run() == before


def test_a_run_that_goes_on_in_a_later_execution_stays_open(world, run):
    assert world.invoke("close", told(run, "ABORTED", number=0)) == []
    assert world.run().status == "active"


def test_a_record_nobody_can_read_returns_alone(world, run, said):
    assert world.invoke("close", {"detail": {}}, told(run, "FAILED"), told(run, "SUCCEEDED")) == [0, 2]
    assert world.run().status == "failed"
    assert "ann@example.com" not in said()


def test_an_input_that_was_too_large_for_the_event_is_looked_up(world, run):
    envelope = told(run, "FAILED", error="States.DataLimitExceeded")
    envelope["detail"].update(input=None, inputDetails={"included": False})
    assert world.invoke("close", envelope) == []
    assert (world.run().status, world.run().reason) == ("failed", "data_limit_exceeded")


def test_an_execution_that_nobody_knows_returns_its_record(world, run):
    envelope = told(run, "FAILED", number=7)
    del envelope["detail"]["input"]
    assert world.invoke("close", envelope) == [0]
    assert world.run().status == "active"


def test_an_enrolment_that_is_gone_is_no_error(world, run):
    gone = told(run, "FAILED")
    gone["detail"]["input"] = json.dumps({"enrolment": "0" * 32, "profile": "nobody"})
    assert world.invoke("close", gone) == []
    assert world.runs("nobody") == []


def test_its_environment_is_one_table():
    assert close_enrolments.CloseEnrolmentsSettings.variables() == ["ENROLMENTS_TABLE"]
