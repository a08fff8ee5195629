"""What does each kind of state do when a run comes to it? Exactly what the compiler emits, and nothing else."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from functions.shared.clock import parse_instant
from infra.local.runner.choices import Holds
from infra.local.runner.executor import Executor, Run, State, micros
from infra.local.runner.paths import Data, Put, StateFault, Taken

SECOND = 1_000_000
# Step Functions' own, where a task names none.
LONGEST_TASK_SECONDS = 99_999_999

Act: TypeAlias = Callable[[Data, Run], Any]


@dataclass(slots=True)
class Placed:
    """What all states have: a name, a machine, and where they lead (None: the run ends here)."""

    name: str
    machine: str
    onward: State | None = field(default=None, init=False)

    def go_on(self, executor: Executor, run: Run) -> State | None:
        """The next state, or the end."""
        if self.onward is None:
            executor.end(run)
        return self.onward

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        raise NotImplementedError

    def resume(self, executor: Executor, run: Run) -> State | None:
        """See ``State``; most states never rest."""
        raise AssertionError(f"{self.name!r} does not rest")

    def succeed(self, executor: Executor, run: Run, result: Any) -> State | None:
        """See ``State``; most states wait for nobody."""
        raise AssertionError(f"{self.name!r} waits for nobody")

    def fail(self, executor: Executor, run: Run, fault: StateFault) -> State | None:
        """Nothing is caught."""
        executor.fail(run, fault)
        return None


@dataclass(slots=True)
class Succeed(Placed):
    """The run ends well."""

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        return self.go_on(executor, run)


@dataclass(slots=True)
class Fail(Placed):
    """The run ends with an error of its own."""

    error: str
    cause: str

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        raise StateFault(self.error, self.cause)


@dataclass(slots=True)
class Pass(Placed):
    """Says something: ``result`` fills ``Result`` or ``Parameters``."""

    result: Taken
    lay: Put

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        data = run.data
        run.data = self.lay(data, self.result(data, run))
        return self.go_on(executor, run)


@dataclass(slots=True)
class Wait(Placed):
    """Rests for so many seconds, or until an instant."""

    seconds: Taken | None
    until: Taken | None

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``; an instant that is past is now."""
        if self.seconds is not None:
            due = executor.now + _length(self.seconds(run.data, run))
        else:
            assert self.until is not None
            due = micros(_instant(self.until(run.data, run)))
        if due <= executor.now:
            return self.go_on(executor, run)
        executor.rest(run, due)
        return None

    def resume(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        return self.go_on(executor, run)


@dataclass(slots=True)
class Choice(Placed):
    """Goes the way of the first rule that holds."""

    rules: Sequence[tuple[Holds, str]]
    default: str | None
    ways: Mapping[str, State] = field(default_factory=dict, init=False)

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        data = run.data
        for holds, way in self.rules:
            if holds(data):
                return self.ways[way]
        if self.default is None:
            raise StateFault("States.NoChoiceMatched", f"no rule of {self.name!r} holds")
        return self.ways[self.default]


@dataclass(frozen=True, slots=True)
class Retrier:
    """Which errors are tried again, and when."""

    errors: frozenset[str]
    interval: float
    rate: float
    most: int
    longest: float
    jitter: bool


@dataclass(frozen=True, slots=True)
class Catcher:
    """Which errors lead where."""

    errors: frozenset[str]
    lay: Put
    way: str


@dataclass(slots=True)
class Working(Placed):
    """What Task and Parallel share: a result that is selected from and laid into the input; Retry and Catch."""

    select: Taken | None
    lay: Put
    retry: Sequence[Retrier]
    catch: Sequence[Catcher]
    ways: Mapping[str, State] = field(default_factory=dict, init=False)

    def enter(self, executor: Executor, run: Run) -> State | None:
        """See ``State``."""
        run.attempts = None
        return self.work(executor, run)

    def work(self, executor: Executor, run: Run) -> State | None:
        """Does it once."""
        raise NotImplementedError

    def succeed(self, executor: Executor, run: Run, result: Any) -> State | None:
        """See ``State``."""
        if self.select is not None:
            result = self.select(result, run)
        run.data = self.lay(run.data, result)
        return self.go_on(executor, run)

    def fail(self, executor: Executor, run: Run, fault: StateFault) -> State | None:
        """Tries again, or goes the way of the first catcher, or the run has failed."""
        executor.forget(run)
        for number, retrier in enumerate(self.retry):
            if _named(fault.error, retrier.errors):
                used = run.attempts or {}
                attempt = used.get(number, 0)
                if attempt >= retrier.most:
                    break
                run.attempts = {**used, number: attempt + 1}
                seconds = min(retrier.interval * retrier.rate**attempt, retrier.longest)
                if retrier.jitter:
                    seconds = executor.jitter.uniform(0, seconds)
                executor.rest(run, executor.now + int(seconds * SECOND))
                return None
        for catcher in self.catch:
            if _named(fault.error, catcher.errors):
                run.data = catcher.lay(run.data, {"Error": fault.error, "Cause": fault.cause})
                return self.ways[catcher.way]
        executor.fail(run, fault)
        return None


@dataclass(slots=True)
class Task(Working):
    """Asks somebody: ``act`` makes the request, and what it answers or raises is the task's."""

    act: Act

    def work(self, executor: Executor, run: Run) -> State | None:
        """See ``Working``."""
        result = _done(self.act, run)
        # It may have ended its own execution.
        return None if run.state is None else self.succeed(executor, run, result)

    def resume(self, executor: Executor, run: Run) -> State | None:
        """Once more."""
        return self.work(executor, run)


@dataclass(slots=True)
class TokenTask(Working):
    """Asks somebody, and waits until its token is answered: ``timeout`` = at most so many seconds."""

    act: Act
    timeout: Taken

    def work(self, executor: Executor, run: Run) -> State | None:
        """See ``Working``."""
        executor.ask(run, executor.now + _length(self.timeout(run.data, run)))
        _done(self.act, run)
        return None

    def resume(self, executor: Executor, run: Run) -> State | None:
        """Once more after a failure; else nobody answered in time."""
        if run.token is None:
            return self.work(executor, run)
        raise StateFault("States.Timeout", "")


@dataclass(slots=True)
class Parallel(Working):
    """Runs branches side by side on the same input; what they hand on is the list of their outputs."""

    given: Taken
    firsts: list[State]

    def work(self, executor: Executor, run: Run) -> State | None:
        """See ``Working``."""
        executor.fork(run, self.firsts, self.given(run.data, run))
        return None

    def resume(self, executor: Executor, run: Run) -> State | None:
        """Once more."""
        return self.work(executor, run)


def _done(act: Act, run: Run) -> Any:
    try:
        return act(run.data, run)
    except StateFault:
        raise
    except Exception as error:
        # As Lambda tells Step Functions of a function that raised.
        name = type(error).__name__
        told = json.dumps({"errorMessage": str(error), "errorType": name}, separators=(",", ":"))
        raise StateFault(name, told) from error


def _named(error: str, errors: frozenset[str]) -> bool:
    if error in errors or "States.ALL" in errors:
        return True
    return "States.TaskFailed" in errors and error != "States.Timeout"


def _length(seconds: Any) -> int:
    if seconds.__class__ is not int or seconds < 0:
        raise StateFault("States.Runtime", f"{seconds!r} is no number of seconds")
    return int(seconds) * SECOND


def _instant(text: Any) -> datetime:
    try:
        return parse_instant(text)
    except (TypeError, ValueError):
        raise StateFault("States.Runtime", f"{text!r} is no instant") from None
