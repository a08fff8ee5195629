"""Workers that share rows, one request at a time, in an order that a seed decides; some die, some fail."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from functions.shared.errors import TransientError
from functions.shared.rows import Key, MemoryRows, Row, Table, Write


class Killed(BaseException):
    """The environment of a worker ends here; nothing of it runs any more."""


@dataclass(frozen=True)
class Chances:
    """How often a request is refused, lost, applied without an answer, or the last of its worker."""

    throttled: float = 0.05
    conflict: float = 0.05
    unanswered: float = 0.05
    killed: float = 0.02


@dataclass
class Scheduler:
    """Runs jobs as threads of which one at a time does anything, from one request to the next."""

    seed: int
    chances: Chances = field(default_factory=Chances)
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._turns: dict[int, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self._mine = threading.local()
        self._running: set[int] = set()
        self._failures: list[BaseException] = []

    def rows(self, rows: MemoryRows) -> "Shared":
        """The rows as workers reach them."""
        return Shared(rows, self)

    def run(self, jobs: Sequence[Callable[[], object]]) -> None:
        """Runs all to their end; raises what a job raised, unless it was killed."""
        self._turns = {number: threading.Semaphore(0) for number in range(len(jobs))}
        self._running = set(self._turns)
        threads = [threading.Thread(target=self._work, args=one, daemon=True) for one in enumerate(jobs)]
        for thread in threads:
            thread.start()
        last: int | None = None
        while self._running:
            turn = self._random.choice(sorted(self._running))
            self.seen["switches"] += last is not None and turn != last
            last = turn
            self._turns[turn].release()
            self._back.acquire()
        for thread in threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def request(self, name: str) -> str:
        """Waits for the worker's next turn, then says what becomes of its request."""
        self._back.release()
        self._turns[self._mine.number].acquire()
        return self._fate(name)

    def _fate(self, name: str) -> str:
        fates = ["throttled", "killed", *(("conflict", "unanswered", "killed after") if name == "commit" else ())]
        for fate in fates:
            if self._random.random() < getattr(self.chances, fate.partition(" ")[0]):
                self.seen[fate] += 1
                return fate
        return "done"

    def _work(self, number: int, job: Callable[[], object]) -> None:
        self._mine.number = number
        self._turns[number].acquire()
        try:
            job()
        except Killed:
            pass
        except BaseException as error:
            self._failures.append(error)
        finally:
            self._running.discard(number)
            self._back.release()


@dataclass(frozen=True)
class Shared:
    """Rows of which every request takes a turn, and may go wrong as requests to DynamoDB do."""

    rows: MemoryRows
    scheduler: Scheduler

    def read(self, keys: Iterable[Key]) -> dict[Key, Row]:
        self._take_turn("read")
        return self.rows.read(keys)

    def read_together(self, keys: Iterable[Key]) -> dict[Key, Row]:
        self._take_turn("read")
        return self.rows.read_together(keys)

    def query(self, table: Table, pk: str, prefix: str, until: str | None = None) -> Iterator[tuple[Key, Row]]:
        self._take_turn("query")
        return iter(list(self.rows.query(table, pk, prefix, until)))

    def scan(self, table: Table, sk: str) -> Iterator[tuple[Key, Row]]:
        self._take_turn("scan")
        return iter(list(self.rows.scan(table, sk)))

    def commit(self, writes: Sequence[Write]) -> bool:
        fate = self._take_turn("commit")
        if fate == "conflict":
            return False
        done = self.rows.commit(writes)
        if not done:
            self.scheduler.seen["lost races"] += 1
        if fate == "killed after":
            raise Killed
        if fate == "unanswered":
            raise TransientError("written, and the answer was lost")
        return done

    def _take_turn(self, name: str) -> str:
        fate = self.scheduler.request(name)
        if fate == "killed":
            raise Killed
        if fate == "throttled":
            raise TransientError("throttled")
        return fate
