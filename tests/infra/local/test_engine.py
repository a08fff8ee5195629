"""The engine: moto's interpreter in virtual time does what Step Functions documents."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from moto.sqs.models import SQSBackend

from infra.local.clock import VirtualClock
from infra.local.engine import Engine, Stopped, virtual_step_functions
from tests.fakes.sending_machine import SEND

START = datetime(2010, 1, 1, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/machine"


class Bench:
    """Machines on an engine, with a queue whose messages a test answers."""

    def __init__(self, engine, clock, ended):
        self.engine = engine
        self.clock = clock
        self.ended = ended
        self.machines = boto3.client("stepfunctions")
        self.sqs = boto3.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="dispatch")["QueueUrl"]

    def start(self, states, first, name="run", given=None):
        definition = json.dumps({"StartAt": first, "States": states}).replace("QUEUE", self.queue)
        machine = self.machines.create_state_machine(name=f"m-{name}", definition=definition, roleArn=ROLE)
        return self.machines.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=name, input=json.dumps(given or {})
        )["executionArn"]

    def run(self, answer=None, until=None):
        while True:
            worked = self.engine.step()
            for message in self.sqs.receive_message(QueueUrl=self.queue).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                if answer:
                    answer(self.machines, json.loads(message["Body"]))
                worked = True
            if worked:
                continue
            due = self.engine.next_due()
            if due is None or (until is not None and due > until):
                return
            self.clock.advance_to(due)

    def states(self, arn):
        history = self.machines.get_execution_history(executionArn=arn)["events"]
        return [one["stateEnteredEventDetails"]["name"] for one in history if "stateEnteredEventDetails" in one]

    def history(self, arn):
        return self.machines.get_execution_history(executionArn=arn)["events"]


@contextmanager
def made_bench():
    clock = VirtualClock(START)
    ended = []
    engine = Engine(clock, lambda execution: ended.append((execution.name, execution.status, clock())))
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), virtual_step_functions(engine):
        yield Bench(engine, clock, ended)


@pytest.fixture
def bench():
    with made_bench() as made:
        yield made


def test_a_wait_of_a_day_ends_a_virtual_day_later(bench):
    bench.start({"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}}, "Wait")
    bench.run()
    assert bench.ended == [("run", "SUCCEEDED", START + timedelta(days=1))]


def test_a_wait_until_an_instant_ends_exactly_then(bench):
    wait = {"Type": "Wait", "TimestampPath": "$.until", "End": True}
    bench.start({"Wait": wait}, "Wait", given={"until": "2010-03-01T09:00:00.250Z"})
    bench.run()
    assert bench.clock() == datetime(2010, 3, 1, 9, 0, 0, 250_000, tzinfo=UTC)


def test_the_context_and_the_history_tell_virtual_time(bench):
    seen = []

    def answer(machines, body):
        seen.append(body["entered_at"])
        machines.send_task_success(taskToken=body["token"], output="{}")

    arn = bench.start(SEND, "Wait a day")
    bench.run(answer)
    assert [datetime.fromisoformat(one) for one in seen] == [START + timedelta(days=1)]
    assert bench.history(arn)[-1]["timestamp"] == START + timedelta(days=1)


def test_a_token_answered_with_success_carries_its_output_on(bench):
    arn = bench.start(SEND, "Wait a day")
    bench.run(lambda machines, body: machines.send_task_success(taskToken=body["token"], output='{"outcome":"sent"}'))
    output = bench.machines.describe_execution(executionArn=arn)["output"]
    assert json.loads(output)["answer"] == {"outcome": "sent"}
    assert bench.states(arn) == ["Wait a day", "Send", "Done"]


def test_a_task_may_be_answered_by_whom_it_asks_before_it_waits(bench):
    arn = bench.start(SEND, "Wait a day")
    send = SQSBackend.send_message

    def answered_at_once(backend, queue_name, message_body, *rest, **more):
        bench.machines.send_task_success(taskToken=json.loads(message_body)["token"], output='{"outcome":"now"}')
        return send(backend, queue_name, message_body, *rest, **more)

    with patch.object(SQSBackend, "send_message", answered_at_once):
        bench.run()
    assert json.loads(bench.machines.describe_execution(executionArn=arn)["output"])["answer"] == {"outcome": "now"}
    assert not bench.engine.tokens


def test_a_deferral_carries_its_instant_in_the_cause(bench):
    def defer(machines, body):
        machines.send_task_failure(taskToken=body["token"], error="Deferred", cause="2010-01-10T08:00:00Z")

    arn = bench.start(SEND, "Wait a day")
    bench.run(defer)
    assert bench.states(arn) == ["Wait a day", "Send", "Held", "Done"]
    assert bench.clock() == datetime(2010, 1, 10, 8, tzinfo=UTC)


def test_a_token_nobody_answers_times_out_in_virtual_time(bench):
    arn = bench.start(SEND, "Wait a day")
    bench.run()
    assert bench.states(arn) == ["Wait a day", "Send", "Late", "Done"]
    assert bench.clock() == START + timedelta(days=1, hours=1)


def test_a_second_answer_is_refused_as_on_aws(bench):
    refusals = []

    def twice(machines, body):
        machines.send_task_success(taskToken=body["token"], output="{}")
        try:
            machines.send_task_success(taskToken=body["token"], output="{}")
        except machines.exceptions.TaskTimedOut as refusal:
            refusals.append(refusal)

    bench.start(SEND, "Wait a day")
    bench.run(twice)
    assert len(refusals) == 1
    assert bench.ended[0][1] == "SUCCEEDED"


def test_the_entered_time_is_spelled_as_on_step_functions(bench):
    seen = []
    bench.start(SEND, "Wait a day")
    bench.run(lambda machines, body: seen.append(body["entered_at"]))
    assert seen == ["2010-01-02T00:00:00.000Z"]


def test_an_execution_is_stopped_in_the_middle_of_its_wait(bench):
    arn = bench.start({"Wait": {"Type": "Wait", "Seconds": 30 * 86400, "End": True}}, "Wait")
    bench.run(until=START + timedelta(days=3))
    bench.clock.advance_to(START + timedelta(days=3))
    bench.machines.stop_execution(executionArn=arn, error="Exit", cause="Order Completed")
    bench.run()
    assert bench.ended == [("run", "ABORTED", START + timedelta(days=3))]
    aborted = bench.history(arn)[-1]
    assert aborted["executionAbortedEventDetails"] == {"error": "Exit", "cause": "Order Completed"}
    described = bench.machines.describe_execution(executionArn=arn)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Exit", "Order Completed")


def test_an_execution_stopped_in_the_instant_of_its_start_has_begun(bench):
    arn = bench.start({"Wait": {"Type": "Wait", "Seconds": 30 * 86400, "End": True}}, "Wait")
    bench.machines.stop_execution(executionArn=arn, error="Exit", cause="Order Completed")
    bench.run()
    assert bench.ended == [("run", "ABORTED", START)]
    assert bench.states(arn) == ["Wait"]
    assert bench.engine.next_due() is None


def test_a_task_that_ends_its_own_execution_is_not_waited_for(bench):
    worker, heard = object(), []

    def work():
        bench.engine.stop(worker)
        try:
            bench.engine.park()
        except Stopped:
            heard.append("stopped")

    bench.engine.spawn(work, worker)
    bench.engine.step()
    assert heard == ["stopped"]


def test_stopping_what_has_ended_changes_nothing(bench):
    arn = bench.start({"Done": {"Type": "Pass", "End": True}}, "Done")
    bench.run()
    bench.machines.stop_execution(executionArn=arn, error="Exit", cause="late")
    assert bench.machines.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"


def branch(seconds):
    return {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def test_branches_of_a_parallel_rest_side_by_side(bench):
    bench.start({"All": {"Type": "Parallel", "Branches": [branch(100), branch(50)], "End": True}}, "All")
    bench.run()
    assert bench.ended == [("run", "SUCCEEDED", START + timedelta(seconds=100))]


def test_stopping_ends_every_branch(bench):
    arn = bench.start({"All": {"Type": "Parallel", "Branches": [branch(100), branch(50)], "End": True}}, "All")
    bench.run(until=START)
    bench.machines.stop_execution(executionArn=arn, error="Exit", cause="left")
    bench.run()
    assert bench.ended == [("run", "ABORTED", START)]
    assert bench.engine.next_due() is None


def test_a_retry_waits_its_interval_in_virtual_time(bench):
    missing = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/missing", "MessageBody": "x"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}],
        "End": True,
    }
    bench.start({"Send": missing}, "Send")
    bench.run()
    assert bench.ended == [("run", "FAILED", START + timedelta(seconds=60 + 120))]


def test_the_same_executions_give_the_same_history():
    def histories():
        with made_bench() as bench:
            arns = [bench.start(SEND, "Wait a day", name=f"run-{n}") for n in range(5)]
            bench.run(lambda machines, body: machines.send_task_success(taskToken=body["token"], output="{}"))
            return [[(one["type"], one["timestamp"]) for one in bench.history(arn)] for arn in arns], bench.ended

    assert histories() == histories()


def test_moto_is_as_it_was_afterwards():
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

    before = ExecutionWorker.start
    with made_bench():
        assert ExecutionWorker.start is not before
    assert ExecutionWorker.start is before
