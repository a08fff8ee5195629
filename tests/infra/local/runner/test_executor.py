"""The executor: runs go from rest to rest in virtual time, as Step Functions documents."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.runner.executor import (
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    Executor,
    TaskTimedOut,
    micros,
)
from infra.local.runner.machine import Surroundings, load
from tests.fakes.sending_machine import SEND, TOKEN

START = datetime(2010, 1, 1, tzinfo=UTC)


class Bench:
    """Machines on an executor, with a queue and a function that a test answers for."""

    def __init__(self):
        self.entered, self.ended, self.asked = [], [], []
        self.works = lambda payload: {}
        self.executor = Executor(START, self._entered, self.ended.append)
        self.around = Surroundings(
            functions={"WORKER": self._work},
            queues={"QUEUE": self.asked.append},
            tables={"TABLE": self.asked.append},
        )

    def _entered(self, run, state):
        self.entered.append((state.name, self.executor.clock() - START))

    def _work(self, payload):
        return self.works(payload)

    def start(self, states, first=None, name="run", given=None):
        machine = load("m", {"StartAt": first or next(iter(states)), "States": states}, self.around)
        self.executor.start(machine.first, name, given or {})

    def run(self, answer=None, until=None):
        limit = None if until is None else micros(until)
        while True:
            worked = self.executor.step()
            while self.asked and answer:
                answer(self.executor, self.asked.pop(0))
                worked = True
            if worked:
                continue
            due = self.executor.next_due()
            if due is None or (limit is not None and due > limit):
                return
            self.executor.move_to(due)

    @property
    def states(self):
        return [name for name, _ in self.entered]


@pytest.fixture
def bench():
    return Bench()


def told(ended):
    return [(one.name, one.status, one.at) for one in ended]


INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "WORKER", "Payload": {"person.$": "$.profile"}},
    "ResultSelector": {"branch.$": "$.Payload.branch"},
    "ResultPath": "$.steps.split",
    "End": True,
}


def raising(error):
    def work(payload):
        raise error

    return work


def test_a_wait_of_a_day_ends_a_virtual_day_later(bench):
    bench.start({"Wait": {"Type": "Wait", "Seconds": 86400, "End": True}})
    bench.run()
    assert told(bench.ended) == [("run", "SUCCEEDED", START + timedelta(days=1))]


def test_a_wait_until_an_instant_ends_exactly_then(bench):
    wait = {"Type": "Wait", "TimestampPath": "$.until", "End": True}
    bench.start({"Wait": wait}, given={"until": "2010-03-01T09:00:00.250Z"})
    bench.run()
    assert bench.executor.clock() == datetime(2010, 3, 1, 9, 0, 0, 250_000, tzinfo=UTC)


def test_an_instant_that_is_past_is_now(bench):
    wait = {"Type": "Wait", "TimestampPath": "$.until", "End": True}
    bench.start({"Wait": wait}, given={"until": "2009-03-01T09:00:00Z"})
    bench.run()
    assert told(bench.ended) == [("run", "SUCCEEDED", START)]


@pytest.mark.parametrize("until", ["soon", 7, None])
def test_a_wait_for_what_is_no_instant_fails_the_execution(bench, until):
    bench.start({"Wait": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}, given={"until": until})
    bench.run()
    [ended] = bench.ended
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_a_token_answered_with_success_carries_its_output_on(bench):
    bench.start(SEND)
    bench.run(lambda executor, body: executor.answer(body["token"], {"outcome": "sent"}))
    assert bench.ended[0].output == {"answer": {"outcome": "sent"}}
    assert bench.states == ["Wait a day", "Send", "Done"]


def test_the_context_tells_the_instant_a_state_was_entered(bench):
    seen = []
    bench.start(SEND)
    bench.run(lambda executor, body: seen.append(body["entered_at"]))
    assert seen == ["2010-01-02T00:00:00.000Z"]


def test_a_deferral_carries_its_instant_in_the_cause(bench):
    bench.start(SEND)
    bench.run(lambda executor, body: executor.refuse(body["token"], "Deferred", "2010-01-10T08:00:00Z"))
    assert bench.states == ["Wait a day", "Send", "Held", "Done"]
    assert bench.executor.clock() == datetime(2010, 1, 10, 8, tzinfo=UTC)


def test_a_token_nobody_answers_times_out_in_virtual_time(bench):
    bench.start(SEND)
    bench.run()
    assert bench.states == ["Wait a day", "Send", "Late", "Done"]
    assert bench.ended[0].output["late"] == {"Error": "States.Timeout", "Cause": ""}
    assert bench.executor.clock() == START + timedelta(days=1, hours=1)


def test_a_timeout_can_stand_in_the_input(bench):
    task = {name: one for name, one in TOKEN.items() if name != "TimeoutSeconds"}
    bench.start({**SEND, "Send": {**task, "TimeoutSecondsPath": "$.seconds"}}, "Send", given={"seconds": 7})
    bench.run()
    assert bench.entered[:2] == [("Send", timedelta()), ("Late", timedelta(seconds=7))]


def test_a_second_answer_and_one_that_is_late_are_refused_as_on_aws(bench):
    tokens = []

    def twice(executor, body):
        tokens.append(body["token"])
        executor.answer(body["token"], {})
        with pytest.raises(TaskTimedOut):
            executor.answer(body["token"], {})

    bench.start(SEND)
    bench.run(twice)
    bench.start(SEND, "Send", name="other")
    bench.executor.step()
    late = bench.asked.pop()["token"]
    bench.run()
    for token in (*tokens, late, "never"):
        with pytest.raises(TaskTimedOut):
            bench.executor.refuse(token, "Deferred", "2010-01-10T08:00:00Z")


def test_a_timeout_that_was_overtaken_by_its_answer_wakes_nobody(bench):
    bench.start({**SEND, "Done": {"Type": "Wait", "Seconds": 30 * 86400, "End": True}}, "Send")
    bench.run(until=START + timedelta(minutes=5))
    bench.executor.answer(bench.asked.pop()["token"], {})
    bench.run()
    assert bench.states == ["Send", "Done"]
    assert told(bench.ended) == [("run", "SUCCEEDED", START + timedelta(days=30))]


def test_an_execution_is_stopped_in_the_middle_of_its_wait(bench):
    bench.start({"Wait": {"Type": "Wait", "Seconds": 30 * 86400, "End": True}}, given={"profile": "p1"})
    bench.run(until=START + timedelta(days=3))
    bench.executor.move_to(micros(START + timedelta(days=3)))
    bench.executor.stop("run", "Exit", "Order Completed")
    bench.run()
    [ended] = bench.ended
    assert (ended.status, ended.error, ended.cause) == ("ABORTED", "Exit", "Order Completed")
    assert (ended.at, ended.output) == (START + timedelta(days=3), {"profile": "p1"})
    assert bench.executor.next_due() is None


def test_an_execution_stopped_in_the_instant_of_its_start_has_begun(bench):
    bench.start({"Wait": {"Type": "Wait", "Seconds": 30 * 86400, "End": True}})
    bench.executor.stop("run", "Exit", "Order Completed")
    bench.run()
    assert told(bench.ended) == [("run", "ABORTED", START)]
    assert bench.states == ["Wait"]


@pytest.mark.parametrize("raises", [False, True])
def test_a_task_that_ends_its_own_execution_is_not_waited_for(bench, raises):
    def work(payload):
        bench.executor.stop("run", "Exit", "merged")
        if raises:
            raise RuntimeError

    bench.works = work
    retried = {**INVOKE, "Retry": [{"ErrorEquals": ["States.ALL"]}]}
    bench.start({"Split": retried}, given={"profile": "p1", "steps": {}})
    bench.run()
    assert told(bench.ended) == [("run", "ABORTED", START)]


def test_stopping_what_has_ended_changes_nothing_and_what_never_was_is_an_error(bench):
    bench.start({"Done": {"Type": "Pass", "End": True}})
    bench.run()
    bench.executor.stop("run", "Exit", "late")
    assert told(bench.ended) == [("run", "SUCCEEDED", START)]
    with pytest.raises(ExecutionDoesNotExist):
        bench.executor.stop("nobody")


def test_a_name_is_used_once_also_when_its_execution_has_ended(bench):
    bench.start({"Done": {"Type": "Pass", "End": True}})
    with pytest.raises(ExecutionAlreadyExists):
        bench.start({"Done": {"Type": "Pass", "End": True}})
    bench.run()
    with pytest.raises(ExecutionAlreadyExists):
        bench.start({"Done": {"Type": "Pass", "End": True}})


def test_what_a_function_answers_is_selected_and_laid_into_the_input(bench):
    bench.works = lambda payload: {"branch": 1, "person": payload["person"], "more": "left out"}
    bench.start({"Split": INVOKE}, given={"profile": "p1", "steps": {"a": {"outcome": "sent"}}})
    bench.run()
    assert bench.ended[0].output == {"profile": "p1", "steps": {"a": {"outcome": "sent"}, "split": {"branch": 1}}}


def test_nobody_changes_what_others_still_hold(bench):
    given = {"profile": "p1", "steps": {}}
    bench.works = lambda payload: {"branch": 1}
    bench.start({"Split": INVOKE}, given=given)
    bench.run()
    assert given == {"profile": "p1", "steps": {}}


def test_what_a_function_raises_is_caught_under_its_class_name(bench):
    class UnreadableDate(Exception):
        pass

    bench.works = raising(UnreadableDate("trait renewal_at"))
    caught = {"ErrorEquals": ["UnreadableDate"], "ResultPath": "$.steps.wait", "Next": "Unreadable"}
    bench.start(
        {"Find": {**INVOKE, "Catch": [caught]}, "Unreadable": {"Type": "Succeed"}}, given={"profile": "p1", "steps": {}}
    )
    bench.run()
    cause = '{"errorMessage":"trait renewal_at","errorType":"UnreadableDate"}'
    assert bench.ended[0].output["steps"]["wait"] == {"Error": "UnreadableDate", "Cause": cause}


def test_what_nothing_catches_fails_the_execution(bench):
    bench.works = raising(KeyError("profile"))
    bench.start({"Split": {**INVOKE, "Catch": [{"ErrorEquals": ["Other"], "Next": "Split"}]}}, given={"profile": "p1"})
    bench.run()
    [ended] = bench.ended
    assert (ended.status, ended.error) == ("FAILED", "KeyError")


def test_a_retry_waits_its_interval_in_virtual_time_and_the_state_is_entered_once(bench):
    bench.works = raising(TimeoutError())
    retry = [{"ErrorEquals": ["TimeoutError"], "IntervalSeconds": 60, "MaxAttempts": 3, "MaxDelaySeconds": 100}]
    bench.start({"Split": {**INVOKE, "Retry": retry}}, given={"profile": "p1"})
    bench.run()
    assert told(bench.ended) == [("run", "FAILED", START + timedelta(seconds=60 + 100 + 100))]
    assert bench.states == ["Split"]


def test_a_retry_that_succeeds_goes_on(bench):
    attempts = []

    def work(payload):
        attempts.append(payload)
        if len(attempts) == 1:
            raise TimeoutError
        return {"branch": 0}

    bench.works = work
    bench.start(
        {"Split": {**INVOKE, "Retry": [{"ErrorEquals": ["TimeoutError"]}]}}, given={"profile": "p", "steps": {}}
    )
    bench.run()
    assert told(bench.ended) == [("run", "SUCCEEDED", START + timedelta(seconds=1))]


def test_a_full_jitter_waits_at_most_the_interval(bench):
    bench.works = raising(TimeoutError())
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 1, "JitterStrategy": "FULL"}]
    bench.start({"Split": {**INVOKE, "Retry": retry}}, given={"profile": "p1"})
    bench.run()
    assert START < bench.ended[0].at < START + timedelta(seconds=60)


def test_a_function_may_answer_the_token_that_it_was_asked_with(bench):
    bench.works = lambda payload: bench.executor.answer(payload["token"], {"outcome": "happened"})
    waiting = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "WORKER", "Payload": {"token.$": "$$.Task.Token"}},
        "TimeoutSeconds": 60,
        "End": True,
    }
    bench.start({"Wait for it": waiting})
    bench.run()
    assert bench.ended[0].output == {"outcome": "happened"}
    assert bench.ended[0].at == START


def test_a_row_is_updated_with_what_the_parameters_say(bench):
    parameters = {"TableName": "TABLE", "Key": {"sk": {"S.$": "States.Format('E#{}', $.enrolment)"}}}
    update = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Parameters": parameters,
        "ResultPath": None,
        "End": True,
    }
    bench.start({"Completed": update}, given={"enrolment": "e1"})
    bench.run()
    assert bench.asked == [{"TableName": "TABLE", "Key": {"sk": {"S": "E#e1"}}}]
    assert bench.ended[0].output == {"enrolment": "e1"}


def branch(seconds, **more):
    return {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": seconds, "End": True, **more}}}


def test_branches_of_a_parallel_rest_side_by_side_and_answer_in_their_order(bench):
    said = {"Type": "Pass", "Result": "short", "End": True}
    short = {"StartAt": "Say", "States": {"Say": said}}
    bench.start({"All": {"Type": "Parallel", "Branches": [branch(100), branch(50), short], "End": True}})
    bench.run()
    assert told(bench.ended) == [("run", "SUCCEEDED", START + timedelta(seconds=100))]
    assert bench.ended[0].output == [{}, {}, "short"]


def test_a_branch_that_fails_ends_the_others_and_is_caught_outside(bench):
    fails = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Broken", "Cause": "why"}}}
    caught = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.all", "Next": "Done"}]
    both = {"Type": "Parallel", "Branches": [branch(100), fails], "Catch": caught, "End": True}
    bench.start({"All": both, "Done": {"Type": "Succeed"}})
    bench.run()
    assert told(bench.ended) == [("run", "SUCCEEDED", START)]
    assert bench.ended[0].output == {"all": {"Error": "Broken", "Cause": "why"}}
    assert bench.executor.next_due() is None


def test_stopping_ends_every_branch(bench):
    bench.start({"All": {"Type": "Parallel", "Branches": [branch(100), branch(50)], "End": True}})
    bench.run(until=START)
    bench.executor.stop("run", "Exit", "left")
    bench.run()
    assert told(bench.ended) == [("run", "ABORTED", START)]
    assert bench.executor.next_due() is None


def test_a_loop_counts_in_the_input_and_ends(bench):
    states = {
        "Three times?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.loops.repeat", "NumericLessThan": 3, "Next": "Count"}],
            "Default": "Done",
        },
        "Count": {
            "Type": "Pass",
            "Parameters": {
                "repeat.$": "States.MathAdd($.loops.repeat, 1)",
                "visit.$": "States.MathAdd($.loops.visit, 1)",
            },
            "ResultPath": "$.loops",
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 86400, "Next": "Three times?"},
        "Done": {"Type": "Succeed"},
    }
    bench.start(states, given={"loops": {"repeat": 0, "visit": 1}})
    bench.run()
    assert bench.ended[0].output == {"loops": {"repeat": 3, "visit": 4}}
    assert bench.ended[0].at == START + timedelta(days=3)


def test_the_same_executions_give_the_same_history():
    def history():
        bench = Bench()
        for number in range(5):
            bench.start(SEND, name=f"run-{number}")
        bench.run(lambda executor, body: executor.answer(body["token"], {}))
        return bench.entered, bench.ended

    assert history() == history()
