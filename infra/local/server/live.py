"""How does a world live in real time? One thread owns it, and every other thread asks that one.

moto is not safe under threads, and an execution must always go on in the thread it began in. So requests become
questions to the owner, and the world's clock is the machine's.
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

from functions.shared.clock import Clock, system_clock
from infra.local.requests import Observer, Request, observed
from infra.local.world import LocalWorld

Answer = TypeVar("Answer")
# A machine that was asleep wakes with another time of day, and with a wait that went on counting where it was.
LOOK_AGAIN_SECONDS = 30.0


class Ended(BaseException):
    """Raised out of whatever runs when the world is to end."""


class LiveWorld(Observer):
    """A world that runs whatever is due, as time passes. ``live`` it in the thread that entered the world."""

    def __init__(self, world: LocalWorld, clock: Clock = system_clock) -> None:
        self._world = world
        self._clock = clock
        self._questions: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._urgent: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._interrupted = self._ended = False

    def ask(self, question: Callable[[LocalWorld], Answer]) -> Answer:
        """What ``question`` answers of the world between two steps, or raises; any thread but the owner's may ask."""
        asked, answer = self._asked(question)
        self._questions.put(answer)
        return asked.result()

    def interrupt(self, question: Callable[[LocalWorld], Answer]) -> Answer:
        """``ask`` for who only puts something into a queue: answered even between two requests of a function that runs.

        A delivery of thousands of events takes longer than clients wait; on AWS no door waits for it.
        """
        asked, answer = self._asked(question)
        self._urgent.put(answer)
        self._questions.put(self._answer_urgent)
        return asked.result()

    def live(self) -> None:
        """Runs what is due and answers questions until ``end``; rests when there is neither."""
        rest = 0.0
        try:
            with observed(self):
                while True:
                    self._answer(rest)
                    rest = 0.0 if self._world.step() else self._until_due()
        except Ended:
            return

    def end(self) -> None:
        """Lets ``live`` return, out of whatever it is doing; fit for a handler of signals."""
        self._ended = True
        self._questions.put(self._answer_urgent)

    def before(self, request: Request) -> None:
        """Answers who cannot wait for the end of a step; an observer of each request to AWS."""
        self._answer_urgent()

    def _asked(self, question: Callable[[LocalWorld], Answer]) -> "tuple[Future[Answer], Callable[[], None]]":
        asked: Future[Answer] = Future()

        def answer() -> None:
            self._world.clock.advance_to(self._clock())
            try:
                asked.set_result(question(self._world))
            except Exception as error:
                asked.set_exception(error)

        return asked, answer

    def _answer(self, rest: float) -> None:
        """Answers all there are, after waiting ``rest`` seconds for the first, and sets the clock."""
        try:
            self._questions.get(timeout=rest)()
            while True:
                self._questions.get_nowait()()
        except Empty:
            self._world.clock.advance_to(self._clock())

    def _answer_urgent(self) -> None:
        if self._interrupted:
            # The request is one of an answer's own.
            return
        self._interrupted = True
        try:
            while not self._urgent.empty():
                self._urgent.get_nowait()()
        finally:
            self._interrupted = False
        if self._ended:
            raise Ended

    def _until_due(self) -> float:
        due = self._world.next_due()
        if due is None:
            return LOOK_AGAIN_SECONDS
        return min(max((due - self._clock()).total_seconds(), 0.0), LOOK_AGAIN_SECONDS)
