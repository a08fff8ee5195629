"""What runs executions of journeys by the hundred thousand? One heap of instants, and runs that go from rest to rest.

Time is whole microseconds since 1970 inside, aware UTC outside. A run at rest is one small object with its input packed
into bytes, and one entry of the heap; what cannot wait at this instant never rests.
"""

import heapq
import itertools
import marshal
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, Literal, Protocol

from functions.shared.clock import format_instant
from infra.local.runner.paths import Data, StateFault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# The version of the format that spells a short text with one byte of length.
PACKED_AS = 4
NOT_RESTING = -1

Status = Literal["SUCCEEDED", "FAILED", "ABORTED"]


class State(Protocol):
    """A state as it was loaded. Its methods answer the state that comes next, or None when the run rests or ended."""

    name: str
    machine: str

    def enter(self, executor: "Executor", run: "Run") -> "State | None":
        """The run comes to the state."""

    def resume(self, executor: "Executor", run: "Run") -> "State | None":
        """The time has come for which the run rested."""

    def succeed(self, executor: "Executor", run: "Run", result: Any) -> "State | None":
        """What the state waited for has ended well."""

    def fail(self, executor: "Executor", run: "Run", fault: StateFault) -> "State | None":
        """It has not."""


class Run:
    """One execution, or one branch of a Parallel (then with a ``parent``). ``state`` None = it has ended.

    ``token`` is what the run waits for, ``order`` its place in the heap, ``attempts`` how often each retrier was used.
    """

    __slots__ = ("_data", "attempts", "branches", "entered", "name", "order", "parent", "state", "token")

    def __init__(self, name: str, state: State, data: Data, parent: "Run | None" = None) -> None:
        self.name = name
        self.state: State | None = state
        self.parent = parent
        self.token: str | None = None
        self.branches: Branches | None = None
        self.attempts: dict[int, int] | None = None
        self.entered = NOT_RESTING
        self.order = NOT_RESTING
        self._data = data

    @property
    def data(self) -> Data:
        """The input of the state."""
        if self._data.__class__ is bytes:
            self._data = marshal.loads(self._data)  # noqa: S302 - bytes of our own, a few lines below
        return self._data

    @data.setter
    def data(self, data: Data) -> None:
        self._data = data

    def pack(self) -> None:
        """Makes the input small: the run rests."""
        if self._data.__class__ is not bytes:
            self._data = marshal.dumps(self._data, PACKED_AS)

    @property
    def begun(self) -> bool:
        """True once its first state was entered."""
        return self.entered != NOT_RESTING

    @property
    def entered_at(self) -> str:
        """When the state was entered, as ``$$.State.EnteredTime`` says it."""
        return spelled(self.entered)

    @property
    def execution(self) -> str:
        """The name of the execution."""
        return self.name


@dataclass(slots=True)
class Branches:
    """The branches of a Parallel that has not ended: their runs, what those that ended answered, how many are left."""

    runs: list[Run]
    outputs: list[Data]
    left: int


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that has ended. ``output`` is what its last state handed on, or held when it was cut short."""

    name: str
    machine: str
    status: Status
    at: datetime
    output: Data
    error: str | None = None
    cause: str | None = None


class ExecutionAlreadyExists(Exception):
    """A name that an execution has or had."""


class ExecutionDoesNotExist(Exception):
    """No execution of this name was ever started."""


class TaskTimedOut(Exception):
    """A token that nobody waits for: answered before, timed out, or its run was stopped."""


class Executor:
    """Runs loaded machines. ``step`` runs all that can run at this instant; ``next_due`` says when more can.

    ``on_enter`` is told of every state that a run enters, ``on_end`` of every execution that ends.
    """

    def __init__(
        self,
        start: datetime,
        on_enter: Callable[[Run, State], None] | None = None,
        on_end: Callable[[Ended], None] | None = None,
        jitter: Random | None = None,
    ) -> None:
        self.now = micros(start)
        self.entered = 0
        self.jitter = jitter or Random(0)
        self._on_enter = on_enter
        self._on_end = on_end
        self._runs: dict[str, Run | None] = {}
        self._tokens: dict[str, Run] = {}
        self._heap: list[tuple[int, int, Run]] = []
        self._ready: deque[tuple[Callable[[Run, Any], State | None], Run, Any]] = deque()
        # Those who wait for an answer that mostly comes at this very instant; their timeouts begin when time moves on.
        self._asking: list[tuple[int, Run, str]] = []
        self._order = itertools.count()

    def clock(self) -> datetime:
        """The virtual time."""
        return instant(self.now)

    def names(self) -> Iterable[str]:
        """Of every execution ever started."""
        return self._runs.keys()

    # What Step Functions can be asked for

    def start(self, first: State, name: str, data: Data) -> None:
        """Starts an execution; it enters its first state at the next ``step``."""
        if name in self._runs:
            raise ExecutionAlreadyExists(name)
        run = self._runs[name] = Run(name, first, data)
        self._ready.append((self._begin, run, None))

    def stop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        """Ends an execution where it stands; one that has ended stays as it is."""
        if name not in self._runs:
            raise ExecutionDoesNotExist(name)
        run = self._runs[name]
        if run is None:
            return
        if not run.begun:
            # On AWS it would be under way by now.
            self._go(run, run.state)
        self._end(run, "ABORTED", error, cause)

    def answer(self, token: str, result: Data) -> None:
        """Ends the wait for a token well."""
        self._ready.append((self._succeed, self._asked(token), result))

    def refuse(self, token: str, error: str, cause: str) -> None:
        """Ends the wait for a token with an error."""
        self._ready.append((self._fail, self._asked(token), StateFault(error, cause)))

    # Time

    def step(self) -> bool:
        """Runs everything that can run at this instant; False when there was nothing."""
        heap, ready, now = self._heap, self._ready, self.now
        while heap and heap[0][0] <= now:
            _, order, run = heapq.heappop(heap)
            if run.order == order:
                run.order = NOT_RESTING
                ready.append((self._resume, run, None))
        worked = bool(ready)
        while ready:
            act, run, said = ready.popleft()
            if run.state is not None:
                self._go(run, act(run, said))
        return worked

    def next_due(self) -> int | None:
        """The next instant at which a run goes on by itself, in microseconds."""
        for due, run, token in self._asking:
            if run.token == token:
                self.rest(run, due)
        self._asking.clear()
        heap = self._heap
        while heap and heap[0][2].order != heap[0][1]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def move_to(self, due: int) -> None:
        """Lets time pass; it never goes back."""
        self.now = max(self.now, due)

    # What states ask for

    def rest(self, run: Run, due: int) -> None:
        """Rests a run until an instant, or until what it waits for is answered."""
        run.pack()
        run.order = next(self._order)
        heapq.heappush(self._heap, (due, run.order, run))

    def ask(self, run: Run, due: int) -> str:
        """A task token, which ``answer`` and ``refuse`` take until the instant ``due``."""
        token = run.token = f"task-{next(self._order)}"
        self._tokens[token] = run
        self._asking.append((due, run, token))
        return token

    def forget(self, run: Run) -> None:
        """Takes the token of a run back."""
        if run.token is not None:
            self._tokens.pop(run.token, None)
            run.token = None
        run.order = NOT_RESTING

    def fork(self, run: Run, firsts: list[State], data: Data) -> None:
        """Runs branches side by side; the run goes on when all have ended, or one has failed."""
        runs = [Run(run.name, first, data, run) for first in firsts]
        run.branches = Branches(runs, [None] * len(runs), len(runs))
        for branch in runs:
            self._ready.append((self._begin, branch, None))

    def end(self, run: Run) -> None:
        """The run has come to its end."""
        self._end(run, "SUCCEEDED")

    def fail(self, run: Run, fault: StateFault) -> None:
        """Nothing caught the fault: the execution has failed, or the Parallel it is a branch of has."""
        self._end(run, "FAILED", fault.error, fault.cause)

    # Within

    def _go(self, run: Run, state: State | None) -> None:
        while state is not None:
            run.state = state
            run.entered = self.now
            self.entered += 1
            if self._on_enter is not None:
                self._on_enter(run, state)
            try:
                state = state.enter(self, run)
            except StateFault as fault:
                state = self._fail(run, fault)

    def _begin(self, run: Run, _said: None) -> State | None:
        return None if run.begun else run.state

    def _resume(self, run: Run, _said: None) -> State | None:
        assert run.state is not None
        try:
            return run.state.resume(self, run)
        except StateFault as fault:
            return self._fail(run, fault)

    def _succeed(self, run: Run, result: Data) -> State | None:
        assert run.state is not None
        try:
            return run.state.succeed(self, run, result)
        except StateFault as fault:
            return self._fail(run, fault)

    def _fail(self, run: Run, fault: StateFault) -> State | None:
        # What failed may have ended its own execution before.
        return run.state.fail(self, run, fault) if run.state is not None else None

    def _asked(self, token: str) -> Run:
        run = self._tokens.get(token)
        if run is None:
            raise TaskTimedOut(token)
        self.forget(run)
        return run

    def _end(self, run: Run, status: Status, error: str | None = None, cause: str | None = None) -> None:
        state, data = run.state, run.data
        if state is None:
            return
        self.forget(run)
        run.state = None
        if run.branches is not None:
            for branch in run.branches.runs:
                self._drop(branch)
        if run.parent is not None:
            self._branch_ended(run.parent, run, status, StateFault(error or "", cause or ""))
            return
        self._runs[run.name] = None
        if self._on_end is not None:
            self._on_end(Ended(run.name, state.machine, status, self.clock(), data, error, cause))

    def _branch_ended(self, parent: Run, run: Run, status: Status, fault: StateFault) -> None:
        branches = parent.branches
        if branches is None:
            return
        if status == "SUCCEEDED":
            branches.outputs[branches.runs.index(run)] = run.data
            branches.left -= 1
            if branches.left == 0:
                parent.branches = None
                self._ready.append((self._succeed, parent, branches.outputs))
            return
        parent.branches = None
        for branch in branches.runs:
            self._drop(branch)
        self._ready.append((self._fail, parent, fault))

    def _drop(self, branch: Run) -> None:
        """Ends a branch whose outcome nobody wants any more."""
        self.forget(branch)
        branch.state = None
        for below in branch.branches.runs if branch.branches else ():
            self._drop(below)


def micros(at: datetime) -> int:
    """An instant as the executor counts it."""
    return (at - EPOCH) // MICROSECOND


@lru_cache(maxsize=4096)
def instant(due: int) -> datetime:
    """An instant as everybody else has it."""
    return EPOCH + timedelta(microseconds=due)


@lru_cache(maxsize=4096)
def spelled(due: int) -> str:
    """An instant as states write it."""
    return format_instant(instant(due))
