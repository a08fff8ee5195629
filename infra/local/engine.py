"""How do deployed state machines run in virtual time? On moto's interpreter, each execution a greenlet.

moto runs every execution in threads that sleep in real seconds. Here one thread runs everything: an execution parks
where it waits (Wait, task token, Retry) and the engine resumes whoever is due, in the order of time and start. So a run
is repeatable, and two years take as long as their steps. All that moto 5.2.5 lacks is put right here, nowhere else.
"""

import copy
import datetime as real_datetime
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent, greenlet
from moto.stepfunctions import exceptions, responses
from moto.stepfunctions.parser import models as parser_models
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchWorkerPool
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_dynamodb,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp as timestamp_module
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    CallbackPoolManager,
)
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend import execution as execution_module
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

StatusChange = Callable[[Execution], None]


class TaskTimedOut(exceptions.AWSError):
    """Step Functions' answer to a late or second SendTaskSuccess."""

    TYPE = "TaskTimedOut"
    STATUS = 400


class Stopped(BaseException):
    """Raised inside a parked execution that StopExecution ends; no state may catch it."""


class Strand(greenlet):
    """One thread of work of one execution (a Parallel has one per branch)."""

    worker: ExecutionWorker | None = None


class Parking:
    """A strand at rest: resumed once, by time or by somebody."""

    __slots__ = ("settled", "strand")

    def __init__(self, strand: Strand) -> None:
        self.strand = strand
        self.settled = False


class Engine:
    """Runs executions on a virtual clock. ``step`` runs all that can run now; ``next_due`` says when more can."""

    def __init__(self, clock: Callable[[], datetime], on_end: StatusChange = lambda execution: None) -> None:
        self.clock = clock
        self.on_end = on_end
        self.tokens: dict[str, CallbackEndpoint] = {}
        self._ready: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self._timers: list[tuple[datetime, int, Parking]] = []
        self._sequence = itertools.count()
        self._parked: dict[int, set[Parking]] = {}
        # With the worker itself, so that its id is nobody else's meanwhile.
        self._stopped: dict[int, ExecutionWorker] = {}
        self._hub = getcurrent()

    def spawn(self, run: Callable[[], None], worker: ExecutionWorker) -> None:
        """Queues new work of an execution; it starts at the next ``step``."""
        strand = Strand(run)
        strand.worker = worker
        self._ready.append((strand.switch, ()))

    def park(self, until: datetime | None = None) -> None:
        """Rests the strand that calls until that instant, or until ``wake``; raises ``Stopped`` when it is stopped."""
        strand = getcurrent()
        if id(strand.worker) in self._stopped:
            # The task that was running has ended its own execution.
            raise Stopped
        parking = Parking(strand)
        if until is not None:
            heapq.heappush(self._timers, (until, next(self._sequence), parking))
        parked = self._parked.setdefault(id(strand.worker), set())
        parked.add(parking)
        strand.parking = parking
        try:
            self._hub.switch()
        finally:
            parked.discard(parking)

    def sleep(self, seconds: float) -> None:
        """Rests for so many virtual seconds."""
        if seconds > 0:
            self.park(self.clock() + timedelta(seconds=seconds))

    def wake(self, strand: Any) -> None:
        """Resumes a parked strand at the next ``step``; one that does not rest is left alone."""
        parking = getattr(strand, "parking", None)
        if parking is not None:
            self._settle(parking, strand.switch)

    def stop(self, worker: ExecutionWorker) -> None:
        """Ends every strand of an execution where it rests, or where it comes to rest next."""
        self._stopped[id(worker)] = worker
        for parking in list(self._parked.get(id(worker), ())):
            self._settle(parking, parking.strand.throw, Stopped)

    def _settle(self, parking: Parking, resume: Callable[..., Any], *arguments: Any) -> None:
        if not parking.settled:
            parking.settled = True
            self._ready.append((resume, arguments))

    def step(self) -> bool:
        """Runs everything that can run at this instant; False when there was nothing."""
        self._hub = getcurrent()
        now = self.clock()
        while self._timers and self._timers[0][0] <= now:
            parking = heapq.heappop(self._timers)[2]
            self._settle(parking, parking.strand.switch)
        worked = bool(self._ready)
        while self._ready:
            resume, arguments = self._ready.popleft()
            strand = resume.__self__  # type: ignore[attr-defined]
            strand.parent = self._hub
            resume(*arguments)
        return worked

    def next_due(self) -> datetime | None:
        """The next instant at which a resting execution goes on by itself."""
        while self._timers and self._timers[0][2].settled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None


@contextmanager
def virtual_step_functions(engine: Engine) -> Iterator[None]:
    """moto's Step Functions on the engine's clock and strands; everything is as moto has it again afterwards."""
    with ExitStack() as stack:
        for target, name, replacement in _replacements(engine):
            stack.enter_context(patch.object(target, name, replacement))
        yield


def _replacements(engine: Engine) -> Iterator[tuple[Any, str, Any]]:
    yield from _strands(engine)
    yield from _waits(engine)
    yield from _answers(engine)
    yield from _times(engine)
    yield from _economies()


def _strands(engine: Engine) -> Iterator[tuple[Any, str, Any]]:
    """Executions and branches run as strands, where moto starts threads."""

    def start(worker: ExecutionWorker) -> None:
        execution = worker._execution_communication.execution

        def run() -> None:
            worker._execution_logic()
            state = worker.env.program_state()
            execution.error = execution.error or getattr(state, "error", None)
            execution.cause = execution.cause or getattr(state, "cause", None)
            engine.on_end(execution)

        engine.spawn(run, worker)

    def evaluate(program: Program, env: Any) -> None:
        if program.timeout_seconds is not None:
            raise NotImplementedError(
                "TimeoutSeconds of a whole machine has no virtual time; no compiled machine uses it"
            )
        env.next_state_name = program.start_at.start_at_name
        try:
            EvalComponent.eval(program, env)
        except Stopped:
            if env.is_frame():
                raise
            # Program's own loop ends as it would between two states, and writes ExecutionAborted.
            program._eval_body(env)

    def start_branch(branch: BranchWorker) -> None:
        def run() -> None:
            try:
                branch._program.eval(branch.env)
            except Stopped:
                return
            branch._branch_worker_comm.on_terminated(env=branch.env)

        engine.spawn(run, getcurrent().worker)

    original_terminated = BranchWorkerPool.on_terminated

    def on_terminated(pool: BranchWorkerPool, env: Any) -> None:
        original_terminated(pool, env)
        if pool._termination_event.is_set() and getattr(pool, "strand", None) is not None:
            engine.wake(pool.strand)

    def wait(pool: BranchWorkerPool) -> None:
        pool.strand = getcurrent()
        while not pool._termination_event.is_set():
            engine.park()

    def stop(execution: Execution, stop_date: datetime, error: str | None, cause: str | None) -> None:
        execution.error, execution.cause = error, cause
        worker = execution.exec_worker
        if worker.env is None:
            # On AWS it would be under way by now; here it begins with the next step.
            engine.step()
        worker.stop(stop_date=stop_date, cause=cause, error=error)
        engine.stop(worker)

    yield ExecutionWorker, "start", start
    yield Program, "eval", evaluate
    yield BranchWorker, "start", start_branch
    yield BranchWorkerPool, "on_terminated", on_terminated
    yield BranchWorkerPool, "wait", wait
    yield Execution, "stop", stop


def _waits(engine: Engine) -> Iterator[tuple[Any, str, Any]]:
    """Waiting is parking: Wait, Retry, task tokens and their timeouts."""

    def evaluate_now(state: ExecutionState, env: Any) -> None:
        # moto runs the task in a thread and waits TimeoutSeconds for it. Here a task either answers at once or parks
        # in CallbackEndpoint.wait, which knows the timeout.
        frame = env.open_frame()
        frame.states.reset(input_value=env.states.get_input())
        frame.stack = copy.deepcopy(env.stack)
        try:
            state._eval_execution(frame)
            output = frame.stack.pop()
        finally:
            frame.set_ended()
            env.close_frame(frame)
        env.stack.append(output)
        if state.result_selector:
            state.result_selector.eval(env=env)
        if state.result_path:
            state.result_path.eval(env)
        else:
            env.states.reset(input_value=env.stack.pop())

    def rest(function: WaitFunction, env: Any, wait_seconds: float) -> None:
        engine.sleep(wait_seconds)

    def until(function: timestamp_module.Timestamp, env: Any) -> float:
        function.string.eval(env=env)
        text = env.stack.pop()
        try:
            instant = datetime.fromisoformat(text).astimezone(UTC)
        except (TypeError, ValueError):
            raise timestamp_module.FailureEventException(function._create_failure_event(env, text)) from None
        return (instant - engine.clock()).total_seconds()

    add_token, evaluate_callback = CallbackPoolManager.add, StateTaskServiceCallback._eval_body

    def add(pool: CallbackPoolManager, callback_id: str) -> CallbackEndpoint:
        # A token is good from the moment the task is asked for: who is asked may answer before the task waits.
        endpoint = engine.tokens[callback_id] = add_token(pool, callback_id)
        getcurrent().token = callback_id
        return endpoint

    def evaluate_with_token(state: StateTaskServiceCallback, env: Any) -> None:
        try:
            evaluate_callback(state, env)
        finally:
            engine.tokens.pop(getattr(getcurrent(), "token", ""), None)

    def wait_for_token(endpoint: CallbackEndpoint, timeout: float | None = None) -> Any:
        if endpoint.get_outcome() is None:
            endpoint.strand = getcurrent()
            engine.park(None if timeout is None else engine.clock() + timedelta(seconds=timeout))
        return endpoint.get_outcome()

    class VirtualTime:
        sleep = staticmethod(engine.sleep)

    yield ExecutionState, "_evaluate_with_timeout", evaluate_now
    yield WaitFunction, "_wait_interval", rest
    yield timestamp_module.Timestamp, "_get_wait_seconds", until
    yield CallbackPoolManager, "add", add
    yield StateTaskServiceCallback, "_eval_body", evaluate_with_token
    yield CallbackEndpoint, "wait", wait_for_token
    yield retrier_decl, "time", VirtualTime


def _answers(engine: Engine) -> Iterator[tuple[Any, str, Any]]:
    """SendTask* and StopExecution keep their error and cause, which moto drops on the way."""

    def settle(outcome: Any) -> None:
        endpoint = engine.tokens.get(outcome.callback_id)
        if endpoint is None or endpoint.get_outcome() is not None:
            # What AWS answers for a token that was answered or timed out before.
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        endpoint._outcome = outcome
        engine.wake(getattr(endpoint, "strand", None))

    def send_task_success(response: Any) -> Any:
        settle(CallbackOutcomeSuccess(response._get_param("taskToken"), response._get_param("output")))
        return responses.EmptyResult()

    def send_task_failure(response: Any) -> Any:
        error, cause = response._get_param("error"), response._get_param("cause")
        settle(CallbackOutcomeFailure(response._get_param("taskToken"), error, cause))
        return responses.EmptyResult()

    def stop_execution(response: Any) -> Any:
        execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
        if execution.exec_status == ExecutionStatus.RUNNING:
            error, cause = response._get_param("error"), response._get_param("cause")
            execution.stop(stop_date=engine.clock(), error=error, cause=cause)
        return responses.ActionResult({"stopDate": execution.stop_date or engine.clock()})

    yield responses.StepFunctionResponse, "send_task_success", send_task_success
    yield responses.StepFunctionResponse, "send_task_failure", send_task_failure
    yield responses.StepFunctionResponse, "stop_execution", stop_execution


def _times(engine: Engine) -> Iterator[tuple[Any, str, Any]]:
    """``$$.State.EnteredTime``, start, stop and history stamps are virtual."""

    class VirtualDatetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return engine.clock().astimezone(tz or UTC)

    class Spelled(datetime):
        """``$$.State.EnteredTime`` has milliseconds and a Z on Step Functions."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(engine.clock().timestamp(), UTC)

        def isoformat(self, sep: str = "T", timespec: str = "milliseconds") -> str:
            return super().isoformat(sep, timespec).replace("+00:00", "Z")

    class VirtualModule:
        datetime: Any = VirtualDatetime
        timedelta = real_datetime.timedelta
        timezone = real_datetime.timezone

    class SpellingModule(VirtualModule):
        datetime = Spelled

    yield state_module, "datetime", SpellingModule
    for module in (event_manager, execution_module, parser_models):
        yield module, "datetime", VirtualModule


# By definition, for all worlds of this process: a parsed machine is only read.
_parsed: dict[str, Any] = {}


def _economies() -> Iterator[tuple[Any, str, Any]]:
    """moto parses each definition and makes a client for each task anew: 100 ms an execution."""
    clients: dict[tuple[str, str], Any] = {}
    parse, client_for = AmazonStateLanguageParser.parse, lambda_eval_utils.boto_client_for

    def parse_once(definition: str) -> Any:
        if definition not in _parsed:
            _parsed[definition] = parse(definition)
        return _parsed[definition]

    def client_once(region: str, service: str, state_credentials: Any = None) -> Any:
        if (region, service) not in clients:
            clients[region, service] = client_for(region=region, service=service)
        return clients[region, service]

    yield AmazonStateLanguageParser, "parse", staticmethod(parse_once)
    for module in (lambda_eval_utils, state_task_service_dynamodb, state_task_service_sqs):
        yield module, "boto_client_for", client_once
