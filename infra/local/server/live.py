"""How does a world live in real time? One thread owns it, and every other thread asks that one.

moto is not safe under threads, and an execution must always go on in the thread it began in. So requests become
questions, answered between two steps, and the world's clock is the machine's.
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from functions.shared.clock import Clock, system_clock
from infra.local.world import LocalWorld

Answer = TypeVar("Answer")
# A machine that was asleep wakes with another time of day, and with a wait that went on counting where it was.
LOOK_AGAIN_SECONDS = 30.0


class LiveWorld:
    """A world that runs whatever is due, as time passes. ``live`` it in the thread that entered the world."""

    def __init__(self, world: LocalWorld, clock: Clock = system_clock) -> None:
        self._world = world
        self._clock = clock
        self._questions: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def ask(self, question: Callable[[LocalWorld], Answer]) -> Answer:
        """What ``question`` answers of the world as it is now, or raises; any thread but the owner's may ask."""
        asked: Future[Answer] = Future()

        def answer() -> None:
            try:
                asked.set_result(question(self._world))
            except Exception as error:
                asked.set_exception(error)

        self._questions.put(answer)
        return asked.result()

    def live(self) -> None:
        """Runs what is due and answers questions until ``end``; rests when there is neither."""
        rest = 0.0
        while self._answer(rest):
            self._world.clock.advance_to(self._clock())
            rest = 0.0 if self._world.step() else self._until_due()

    def end(self, *_: Any) -> None:
        """Lets ``live`` return once the questions asked before are answered; fit to handle a signal."""
        self._questions.put(None)

    def _answer(self, rest: float) -> bool:
        """Answers all there are, after waiting ``rest`` seconds for the first; False when it is the end."""
        try:
            answer = self._questions.get(timeout=rest)
            while answer is not None:
                self._world.clock.advance_to(self._clock())
                answer()
                answer = self._questions.get_nowait()
        except Empty:
            return True
        return False

    def _until_due(self) -> float:
        due = self._world.next_due()
        if due is None:
            return LOOK_AGAIN_SECONDS
        return min(max((due - self._clock()).total_seconds(), 0.0), LOOK_AGAIN_SECONDS)
